"""The group is told where partitions stand beside the transactions: a second late at most, and nothing rests on it."""

import asyncio

import pytest
from aiokafka import TopicPartition

from engine.kafka.driver_errors import KafkaFault
from engine.kafka.memory.faults import hangs
from engine.stream.group_offsets import FAREWELL_SECONDS, TELL_SECONDS
from tests.support.loop_rig import LoopRig
from tests.support.still_time import now, still, until


def stands(rig: LoopRig, number: int = 0) -> int | None:
    """Where the group stands in a partition of ``commands``."""
    return rig.log.stands.get(("gw.dispatch", TopicPartition("gw.commands", number)))


def told(rig: LoopRig) -> int:
    """How often anybody told the group."""
    return sum(step.startswith("offsets") for step in rig.log.faults.passed)


@still
async def test_it_is_told_of_all_partitions_at_once_and_only_what_is_committed() -> None:
    """Four partitions, forty steps: as often as seconds pass."""
    async with LoopRig(4) as rig:
        await rig.worker().start()
        rig.log.faults.at("commit", lambda: asyncio.sleep(1.7), who="dispatch.p0")
        began, before = now(), told(rig)
        for n in range(10):
            for number in range(4):
                await rig.send(f"{n}", partition=number)
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        assert not stands(rig)  # its first step is not committed
        await rig.all_decided()
        await until(lambda: [stands(rig, number) for number in range(4)] == [10] * 4)
        assert told(rig) - before <= (now() - began) / TELL_SECONDS + 1


@pytest.mark.parametrize("fault", [KafkaFault("the group is joining"), ConnectionResetError()])
def test_a_group_that_does_not_take_it_is_told_again_and_no_partition_minds(fault: Exception) -> None:
    """Work goes on; nothing is opened again."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            worker = await rig.worker().start()
            rig.log.faults.at("offsets", fault, times=3)
            await rig.send("a", "b")
            await rig.all_decided()
            await until(lambda: stands(rig) == 2)
            assert worker.counted("openings", "dispatch", "failed") == 0
            assert rig.log.faults.left() == 0

    story()


@still
async def test_whoever_leaves_says_where_it_stood() -> None:
    """Not a second later, and not twice."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        await rig.send("a", "b", "c")
        await rig.all_decided()
        await first.stop()
        first.is_dead = True
        assert stands(rig) == 3


@still
async def test_a_group_that_does_not_answer_keeps_nobody_from_leaving() -> None:
    """The next owner goes on from the stage's own record."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        await rig.send("a")
        await rig.all_decided()
        rig.log.faults.at("offsets", hangs, times=9)
        began = now()
        await first.stop()
        first.is_dead = True
        assert now() - began <= FAREWELL_SECONDS + 1
        await rig.worker("w2").start()
        await rig.send("b")
        await rig.all_decided()
        assert rig.ids() == ["commands:0:0", "commands:0:1"]
