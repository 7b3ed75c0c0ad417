"""Clocks and records beside each other in a process of six partitions that has more to do than it can: told in
simulated time, in which every cause takes half a millisecond of one CPU."""

import asyncio
from typing import Any

import pytest

from engine.errors import PackNotThere
from tests.support.loop_rig import START, LoopRig, Worker
from tests.support.loop_tally import Decided, Tally
from tests.support.still_time import now, pass_by, still, until
from topics import codec
from topics.registry import COMMANDS, DECISIONS, INCIDENTS

PARTITIONS, SECONDS = 6, 0.0005


class Cpu:
    """What deciding has taken, of the one thread that a process has."""

    def __init__(self) -> None:
        self.used, self._is_free = 0.0, asyncio.Lock()

    async def decide(self, batch: Any) -> None:
        """A batch takes its time, and no other is decided meanwhile."""
        async with self._is_free:
            before = self.used
            batch.decide()
            await asyncio.sleep(self.used - before)


CPU = Cpu()


class Standing(Tally):
    """A decider that keeps the loop standing for its time, as one process does: nothing comes in meanwhile."""

    def _decide(self, name: str, what: str, at: int) -> Any:
        CPU.used += SECONDS
        pass_by(SECONDS)
        return super()._decide(name, what, at)


async def answers() -> None:
    """The broker takes two milliseconds, and the driver some turns of the loop from its answer to the next request."""
    await asyncio.sleep(0.002)
    for _ in range(5):
        await asyncio.sleep(0)


class Slow(Tally):
    """A decider that takes its time; what it writes down of a record is when that was written and decided."""

    def _decide(self, name: str, what: str, at: int) -> Any:
        CPU.used += SECONDS
        return super()._decide(name, what, at)


@pytest.fixture(autouse=True)
def _cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    CPU.used = 0.0
    CPU._is_free = asyncio.Lock()
    monkeypatch.setattr("engine.stream.batch.thread_time", lambda: CPU.used)


async def started(rig: LoopRig) -> Worker:
    """A worker whose deciding takes time."""
    worker = rig.worker()
    worker.decide = CPU.decide
    return await worker.start()


def lateness(rig: LoopRig, what: str) -> list[float]:
    """Seconds from when each was due or written until it stood on the log, of clocks or of reports, in order."""
    written = {
        f"{topic.name}:{number}:{one.offset}": (one.timestamp, one.value or b"")
        for topic in (COMMANDS, INCIDENTS)
        for number in range(PARTITIONS)
        for one in rig.log.all(topic.name, number)
    }
    found = []
    for number in range(PARTITIONS):
        for written_at in rig.log.all(DECISIONS.name, number):
            one, stamp = codec.decode(written_at.value or b"", Decided), written_at.timestamp
            at, value = written[one.id.removeprefix("clock:")]
            if what == "clock" and one.id.startswith("clock:"):
                found.append((stamp - at - int(value.split(b":")[1])) / 1000)
            elif what == "report" and value.startswith(b"report"):
                found.append((stamp - at) / 1000)
    return sorted(found)


def since_planned(rig: LoopRig) -> list[float]:
    """Seconds of each report from the moment it tells of until its decision stood on the log: who sends it stands as
    well while a loop does."""
    found = []
    for number in range(PARTITIONS):
        planned = {f"{INCIDENTS.name}:{number}:{one.offset}": one.value for one in rig.log.all(INCIDENTS.name, number)}
        for written_at in rig.log.all(DECISIONS.name, number):
            value = planned.get(codec.decode(written_at.value or b"", Decided).id)
            if value is not None:
                found.append((written_at.timestamp - START) / 1000 - float(value.split()[1]))
    return sorted(found)


@still
async def test_a_clock_fires_between_the_records_of_a_backlog() -> None:
    """0.9 s of work wait in all partitions, and in the midst of it a clock is due in each. It was 0.6 to 0.9 s late:
    the batches of all others waited before it at the agent, as whole steps, formed before it was due."""
    async with LoopRig(PARTITIONS, Slow) as rig:
        worker = await started(rig)
        for number in range(PARTITIONS):
            await rig.send("clock:500", partition=number)
        due = START + int(now() * 1000) + 500
        await until(lambda: len(rig.ids()) == PARTITIONS)
        for number in range(PARTITIONS):
            await rig.send(*["a"] * 300, partition=number, topic=INCIDENTS)
        await until(lambda: len(rig.ids()) == PARTITIONS * 302)
        late = lateness(rig, "clock")
        before = sum(one.at < due for one in rig.decided())
        assert len(late) == PARTITIONS and late[0] >= 0 and late[-1] <= 0.3
        assert before > 400 and len(rig.ids()) - before > 400  # in the midst of it
        assert worker.counted("openings", "dispatch", "failed") == 0


@still
async def test_a_report_waits_for_no_round_of_whole_steps_while_thousands_of_clocks_are_due() -> None:
    """1,200 clocks are due at once, 0.6 s of work, and reports come in beside; it was half a second."""
    async with LoopRig(PARTITIONS, Slow) as rig:
        await started(rig)
        began = now()
        for number in range(PARTITIONS):
            await rig.send(*["clock:2000"] * 200, partition=number)
        await until(lambda: len(rig.ids()) == PARTITIONS * 200)
        await asyncio.sleep(began + 1.95 - now())
        for turn in range(50):
            await rig.send(f"report {turn}", partition=turn % PARTITIONS, topic=INCIDENTS)
            await asyncio.sleep(0.02)
        await until(lambda: len(rig.ids()) == PARTITIONS * 400 + 50)
        waited, late = lateness(rig, "report"), lateness(rig, "clock")
        assert len(waited) == 50 and waited[-1] <= 0.1
        assert len(late) == PARTITIONS * 200 and late[0] >= 0 and late[-1] <= 2


@still
async def test_what_is_decided_is_committed_while_others_are_decided() -> None:
    """2,400 clocks are due at once, 1.2 s of work. Each of a commit's three answers waited for the slice in between,
    and a report 0.6 s for six such partitions."""
    async with LoopRig(PARTITIONS, Standing) as rig:
        await rig.worker().start()
        began = now()
        for number in range(PARTITIONS):
            await rig.send(*["clock:4000"] * 400, partition=number)
        await until(lambda: len(rig.ids()) == PARTITIONS * 400)
        for step in ("begin", "ack", "commit"):
            rig.log.faults.at(step, answers, who="dispatch.p", times=10**9)
        await asyncio.sleep(began + 3.95 - now())
        planned = [now() + turn / 50 for turn in range(50)]
        for turn, moment in enumerate(planned):
            await asyncio.sleep(moment - now())
            await rig.send(f"report {moment}", partition=turn % PARTITIONS, topic=INCIDENTS)
        await until(lambda: len(rig.ids()) == PARTITIONS * 800 + 50)
        waited, late = since_planned(rig), lateness(rig, "clock")
        assert len(waited) == 50 and waited[-1] <= 0.15
        assert len(late) == PARTITIONS * 400 and late[0] >= 0 and late[-1] <= 1.5


@still
async def test_a_pack_that_is_not_there_is_waited_for_by_its_partition_alone() -> None:
    """Three seconds at each opening, in which the others decide: waited for in the turn, it kept all from deciding."""
    async with LoopRig(PARTITIONS, Tally) as rig:
        worker = await rig.worker().start()

        async def prepare(records: Any) -> None:
            if any(one.partition == 0 for one in records):
                await asyncio.sleep(3)
                raise PackNotThere("guancheng@0 is not on reference")

        worker.prepare = prepare
        await rig.send("needs it", partition=0, topic=INCIDENTS)
        await asyncio.sleep(0.05)
        for turn in range(60):
            await rig.send(f"report {turn}", partition=1, topic=INCIDENTS)
            await asyncio.sleep(0.05)
        await until(lambda: len(rig.ids()) >= 60)
        assert lateness(rig, "report")[-1] <= 0.2
        await until(lambda: worker.counted("openings", "dispatch", "failed") >= 1)
