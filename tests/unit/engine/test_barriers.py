"""The end of commands is asked for of all partitions together, and of a silent one alone."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from engine.stream.barriers import Barriers
from topics.registry import COMMANDS


class Ends:
    """A consumer of which one partition has no leader."""

    def __init__(self, silent: set[int]) -> None:
        self.silent = silent
        self.asked: list[list[int]] = []

    async def end_offsets(self, tps: Any) -> dict[Any, int]:
        self.asked.append([tp.partition for tp in tps])
        if any(tp.partition in self.silent for tp in tps):
            await asyncio.Event().wait()
        return dict.fromkeys(tps, 7)


async def test_a_partition_without_a_leader_keeps_no_other_clock_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of commands is asked for together; what has not answered is asked for alone from then on, until it
    does."""
    monkeypatch.setattr("engine.stream.ends.ENDS_SECONDS", 0.05)
    consumer: Any = Ends({1})
    barriers = Barriers(consumer, "gw.", lambda: slots)
    found: dict[int, int] = {}

    def slot(number: int) -> Any:
        tp = TopicPartition("gw." + COMMANDS.name, number)
        opening = SimpleNamespace(
            tps=[tp],
            time=SimpleNamespace(now=lambda: 5),
            wants_barrier=lambda: number not in found,
            barrier=lambda at, end: found.__setitem__(number, end),
        )
        return SimpleNamespace(open=True, opening=opening, wake=asyncio.Event())

    slots = [slot(number) for number in range(3)]
    task = asyncio.create_task(barriers.run())
    for _ in range(60):
        barriers.want()
        await asyncio.sleep(0.01)
        if len(found) == 2:
            break
    assert found == {0: 7, 2: 7}
    consumer.silent.clear()
    while 1 not in found:
        barriers.want()
        await asyncio.sleep(0.01)
    assert consumer.asked[0] == [0, 1, 2]
    assert all(len(one) == 1 for one in consumer.asked[1:])
    task.cancel()
