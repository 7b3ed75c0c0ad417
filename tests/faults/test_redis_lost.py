"""Redis emptied, killed, gone for good: it is a view, and comes again, after retention from what the state holds."""

import asyncio
import shutil

import pytest
from redis.asyncio import Redis

from engine.local import servers as local
from engine.views.redis_view import RedisView
from tests.faults.conftest import Tell
from tests.faults.trial import PATIENCE, Trial, trial
from tests.kafka.test_aged import age_all, rows, tickets
from tests.support.rig import eventually

SEED = 20260305
REFUSES = (
    (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0")),
    (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
)
"""Full, and a replica that takes no writes; each with its mend."""


async def same(t: Trial, view: RedisView) -> bool:
    """Whether the view has a row for every ticket of the state, and no other."""
    return await rows(view) == set(await tickets(t.settings))


async def quiet(t: Trial) -> None:
    """Nobody reports: what was sent is decided, and positions are put behind the markers of the last transactions."""
    t.feed.going.clear()
    await t.answered()
    await asyncio.sleep(8)


async def refuse(t: Trial) -> None:
    """Redis answers and takes nothing: the projector says that it is not ready, and goes on once it is mended."""
    async with Redis.from_url(t.settings.redis_url) as redis:
        for fault, mend in REFUSES:
            await redis.execute_command(*fault)
            await t.not_ready("projector-1")
            await redis.execute_command(*mend)
            await t.going(60)
            t.faults["refused"] += 1


@pytest.mark.long
async def test_redis_emptied_killed_and_rebuilt_after_retention(tell: Tell) -> None:
    """Under load: emptied, killed and started on its files, killed and started on none, full, read-only; then the log
    ages and it is lost once more."""
    async with trial(SEED, speed=1) as t:
        view = RedisView(t.settings)
        try:
            assert t.valkey is not None
            await Redis.from_url(t.settings.redis_url).flushall()
            await t.going(60)
            for keep in (True, False):
                t.valkey.kill()
                await asyncio.sleep(3)
                if not keep:
                    shutil.rmtree(t.folder / "valkey")
                t.valkey = local.valkey(t.folder / "valkey", t.valkey.port, t.folder / "valkey" / "log")
                t.valkey.wait_ready(PATIENCE)
                await t.going(60)
            await refuse(t)
            await quiet(t)
            await eventually(lambda: same(t, view), PATIENCE, "the view is whole", every=1.0)
            await age_all(t.settings)
            await Redis.from_url(t.settings.redis_url).flushall()
            t.feed.going.set()
            await t.going(60)
            await t.judged(audit=False)
            await eventually(lambda: same(t, view), PATIENCE, "the view is whole after retention", every=1.0)
        finally:
            await view.close()
    tell(
        t,
        "emptied twice, killed twice (once with its files), full, a replica, emptied after all topics had aged",
        alarms=", ".join(sorted(t.alarms)),
    )
    assert "view_rebuilt" in t.alarms
