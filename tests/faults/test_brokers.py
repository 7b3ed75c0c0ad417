"""Three brokers, each record on three, two in step: one may die, and when two are away nothing is taken and nothing is
lost."""

import asyncio
import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.faults.conftest import Tell
from tests.faults.trial import PATIENCE, Trial, trial
from tests.support.rig import eventually
from topics.registry import DECISIONS

SEED, AWAY_SECONDS = 20260304, 15


async def leader(t: Trial, partition: int) -> int:
    """Which broker leads a partition of the decisions: its place in the list."""
    admin = AIOKafkaAdminClient(bootstrap_servers=t.settings.kafka)
    await admin.start()
    try:
        found = (await admin.describe_topics([t.settings.prefix + DECISIONS.name]))[0]["partitions"]
        return next(int(one["leader"]) for one in found if one["partition"] == partition) - 1
    finally:
        await admin.close()


async def live(t: Trial, partition: int, since_ms: int) -> float:
    """Wait until a partition decides; answers after how many seconds its first decision stood on the log."""

    def decided() -> list[int]:
        return [at for (one, _), (_, at) in t.ledger.decisions.items() if one == partition and at >= since_ms]

    await eventually(lambda: bool(decided()), PATIENCE, f"partition {partition} decides again", every=0.3)
    return (min(decided()) - since_ms) / 1000


@pytest.mark.long
async def test_three_brokers_one_killed_two_away(tell: Tell) -> None:
    """The leader of each partition in turn by kill -9 and back; then two of the three for 15 s and
    until dispatch has said so."""
    async with trial(SEED, brokers=3, rate=15) as t:
        for partition in range(3):
            one = t.brokers[await leader(t, partition)]
            one.server.kill()
            t.faults["leader killed"] += 1
            await t.going(40, within=PATIENCE)
            await asyncio.to_thread(one.start)
            await t.going(40, within=PATIENCE)
            t.revive()
        for one in t.brokers[:2]:
            one.server.kill()
        gone = time.monotonic()
        await asyncio.sleep(AWAY_SECONDS)
        await t.not_ready("dispatch-1")
        away = time.monotonic() - gone
        for one in t.brokers[:2]:
            one.start(wait=False)
        for one in t.brokers[:2]:
            await asyncio.to_thread(one.server.wait_ready)
        t.revive()
        back_ms = int(time.time() * 1000)
        await t.going(40, within=PATIENCE)
        lives = {p: await live(t, p, back_ms) for p in range(3)}
        await t.judged()
    late = [(fired - max(due, back_ms)) / 1000 for _, due, fired in t.ledger.clocks_fired() if fired >= back_ms]
    tell(
        t,
        f"leader killed -9 {t.faults['leader killed']} times, two of three away for {away:.0f} s",
        alarms=", ".join(sorted(t.alarms)),
        partitions_decide_again_after=f"{max(lives.values()):.1f} s at most",
        clocks_fired_after_that=len(late),
        the_latest_of_them_by=f"{max(late):.1f} s",
    )
