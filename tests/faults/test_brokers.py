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


async def kill_leaders(t: Trial) -> None:
    """The leader of each partition in turn by kill -9, and back."""
    for partition in range(3):
        one = t.brokers[await leader(t, partition)]
        one.server.kill()
        t.faults["leader killed"] += 1
        await t.going(40, within=PATIENCE)
        await asyncio.to_thread(one.start)
        await t.going(40, within=PATIENCE)
        t.revive()


async def take_two_away(t: Trial) -> tuple[float, int]:
    """Two of the three, until dispatch has said so; answers for how many seconds, and when both were back."""
    for one in t.brokers[:2]:
        one.server.kill()
    gone = time.monotonic()
    await asyncio.sleep(AWAY_SECONDS)
    await t.not_ready("dispatch-1")
    away = time.monotonic() - gone
    for one in t.brokers[:2]:
        one.start(wait=False)
    for one in t.brokers[:2]:
        await asyncio.to_thread(one.server.wait_ready, PATIENCE)
    t.revive()
    return away, int(time.time() * 1000)


@pytest.mark.long
async def test_three_brokers_one_killed_two_away(tell: Tell) -> None:
    """Each partition decides again by itself, and every clock that fell due meanwhile fires."""
    async with trial(SEED, brokers=3, rate=15) as t:
        await kill_leaders(t)
        away, back_ms = await take_two_away(t)
        lives = [await live(t, partition, back_ms) for partition in range(3)]
        await t.judged()
    due_before = [fired for _, due, fired in t.ledger.clocks_fired() if due < back_ms <= fired]
    tell(
        t,
        f"leader killed -9 {t.faults['leader killed']} times, two of three away for {away:.0f} s",
        alarms=", ".join(sorted(t.alarms)),
        all_partitions_decide_again=f"{max(lives):.0f} s after the return",
        clocks_due_meanwhile=len(due_before),
        the_last_of_them_fired=f"{(max(due_before, default=back_ms) - back_ms) / 1000:.0f} s after it",
    )
