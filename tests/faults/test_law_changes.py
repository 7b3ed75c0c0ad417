"""A law changes while whoever decides by it is killed: each ticket keeps its law, no incident waits for one that a
standby never heard of."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from engine.client.publish_pack import publish
from tests.faults.conftest import Tell
from tests.faults.trial import PATIENCE, trial
from tests.support.rig import CRITICAL

SEED, CHANGES = 20260303, 4


def law(folder: Path, declines: int) -> str:
    """The city's law with another number of declines."""
    folder.mkdir()
    (folder / "pack.yaml").write_text(f"name: guancheng\nextends: guancheng\nmax_declines: {declines}\n")
    return str(folder)


@pytest.mark.long
async def test_failover_across_a_change_of_law(tell: Tell) -> None:
    """Four laws one after the other; with each one the owner is killed before, while and after it is published, and a
    standby takes over."""
    draw = random.Random(SEED)
    async with trial(SEED, twice=CRITICAL) as t:
        laws = []
        for n in range(CHANGES):
            victims = [draw.choice(["dispatch-1", "dispatch-2"]), draw.choice(["intake-1", "fanout-1"])]
            publishing = asyncio.create_task(publish(t.settings, law(t.folder / f"law{n}", n + 1)))
            await t.work(draw, 0.0, 1.5)
            for victim in victims:
                t.kill(victim)
            laws.append(await publishing)
            await t.going(40)
            t.revive()
            await t.rig.ready(*victims, within=PATIENCE)
            # it has adopted the law, and the one that opens has only read of it
            t.kill("dispatch-2" if victims[0] == "dispatch-1" else "dispatch-1")
            await t.going(40)
            t.revive()
        await t.judged()
        packs = Counter(event["facts"]["pack"] for _, event in t.ledger.events() if event["type"] == "PackAdopted")
    tell(t, f"{CHANGES} laws, {t.faults['kill -9']} kills -9 around them", laws_adopted=len(packs))
    assert set(laws) <= set(packs)
