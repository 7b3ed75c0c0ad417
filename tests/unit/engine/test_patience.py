"""An idle stage asks the broker seldom; nothing that would wait for the answer is kept waiting."""

import asyncio

import pytest

from engine.errors import PositionOutOfRange
from engine.stream.limits import IDLE_SECONDS
from engine.stream.patience import FETCH_MS, IDLE_FETCH_MS, OPENING_FETCH_MS, Patience
from tests.support.loop_rig import LoopRig
from tests.support.still_time import still, until


@pytest.mark.parametrize(
    ("idle", "all_flow", "is_asked", "ms"),
    [
        (IDLE_SECONDS + 1, True, False, IDLE_FETCH_MS),
        (IDLE_SECONDS - 1, True, False, FETCH_MS),
        (IDLE_SECONDS + 1, False, False, FETCH_MS),
        (IDLE_SECONDS + 1, True, True, FETCH_MS),
    ],
    ids=["idle", "something came", "one opens or is paused", "clocks ask behind it"],
)
def test_a_fetch_waits_long_only_where_nothing_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, idle: float, all_flow: bool, is_asked: bool, ms: int
) -> None:
    """Whatever comes, is opened, is resumed or is asked makes it short again."""
    now = [100.0]
    monkeypatch.setattr("engine.stream.patience.time", type("Clock", (), {"monotonic": staticmethod(lambda: now[0])}))
    patience = Patience()
    patience.assigned(is_asked)
    now[0] += idle
    assert patience.ms(all_flow, False) == ms
    patience.came()
    assert patience.ms(all_flow, False) == FETCH_MS
    assert patience.ms(False, True) == OPENING_FETCH_MS < FETCH_MS


@still
async def test_while_a_partition_opens_no_fetch_is_held_for_long() -> None:
    """What it asks on the same connection waits for the fetch's end; one that is stopped asks nothing more."""
    async with LoopRig() as rig:
        await rig.send("a")
        gate = asyncio.Event()
        rig.log.faults.at("stands", gate.wait)
        worker = rig.worker()
        starting = asyncio.create_task(worker.start())
        await until(lambda: rig.log.faults.left() == 0)
        assert worker.loop._wait_ms() == OPENING_FETCH_MS
        gate.set()
        await starting
        assert worker.loop._wait_ms() == FETCH_MS
        worker.loop.slots[0].stop_for(PositionOutOfRange("lost"))
        await until(lambda: not worker.loop.slots[0].open)
        assert worker.loop._wait_ms() == FETCH_MS
