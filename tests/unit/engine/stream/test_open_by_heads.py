"""An opening reads the head of each ticket and no more, where whoever wrote last knew tickets of the same form; a
ticket that cannot be read stops its partition, at the latest when somebody asks for it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from engine.observability.metrics import StageMetrics
from engine.stages.dispatch import DispatchCore
from engine.stream import partition, positions
from engine.stream.contracts import Out
from engine.stream.positions import MARKER, vouching
from engine.stream.wiring import LOADED_AT_ONCE
from rules.state.ticket_store import Shelf
from tests.bench.in_process import intake_of, of_topic, record, timed
from tests.support.loop_rig import START, LoopRig, Worker
from tests.support.poison import good, law_of
from tests.support.still_time import still, until
from topics import codec
from topics.command import Actor, Command
from topics.registry import COMMANDS, INCIDENTS, RAW, STATE
from topics.vocabulary import CommandKind, Role

LAW = law_of("guancheng")
COUNT = 30


class Dispatch(LoopRig):
    """Dispatch with its own decider, and tickets that another process of it has filed."""

    def __init__(self) -> None:
        super().__init__(1, lambda n: DispatchCore(n, 1, {LAW.ref: LAW}, metrics=StageMetrics("dispatch")))

    async def filed(self) -> None:
        """A law is in force, some reports were decided; nobody works any more."""
        self.give("adopt", kind=CommandKind.ADOPT_PACK, pack=LAW.ref)
        raws = [record(RAW.name, n, Out(RAW.name, 0, *one), START + n) for n, one in enumerate(good(5, COUNT))]
        outs = [
            Out(one.topic, 0, one.key, one.value) for one in of_topic(timed(intake_of(LAW), raws)[1], INCIDENTS.name)
        ]
        await self.transaction(outs)
        first = await self.worker("first").start()
        await until(lambda: len(self.tickets()) == COUNT)
        await first.stop()

    def tickets(self) -> dict[bytes, bytes]:
        """Every ticket by its key, as it is stored."""
        return {one.key: one.value for one in self.log.all(STATE.name, 0) if one.key[:2] == b"t:"}

    def give(self, name: str, **what: object) -> None:
        """Give a command."""
        actor = Actor(Role.CHIEF, "chief-1")
        command = Command(id=name, actor=actor, accepted_at=START, **what)  # type: ignore[arg-type]
        self.log.append(COMMANDS.name, 0, codec.encode(command))

    async def replaced(self, by: Callable[[bytes], bytes], vouched: bool) -> str:
        """Write a ticket anew in a transaction, with the marker behind it; answers its name."""
        key, value = next(iter(self.tickets().items()))
        marker = [one for one in self.log.all(STATE.name, 0) if one.key == MARKER][-1].value
        last = Out(STATE.name, 0, MARKER, marker, vouching() if vouched else ())
        await self.transaction([Out(STATE.name, 0, key, by(value)), last])
        return key[2:].decode()


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of tickets that were read whole."""
    names, read = list[str](), Shelf._read

    def counted(shelf: Shelf, name: str) -> object:
        names.append(name)
        return read(shelf, name)

    monkeypatch.setattr(Shelf, "_read", counted)
    return names


def said(worker: Worker) -> str:
    """Why its partition stands still."""
    return str(worker.loop.slots[0].stopped_by)


@pytest.mark.plain
@still
async def test_no_ticket_is_read_whole_at_opening(whole: list[str]) -> None:
    """What the indexes need stands in them nevertheless."""
    async with Dispatch() as rig:
        await rig.filed()
        core = rig.workers[0].cores[0]
        whole.clear()
        again = await rig.worker("again").start()
        assert whole == []
        book = again.cores[0].book
        assert (book.open, book._due_at, book.packs) == (core.book.open, core.book._due_at, {LAW.ref})
        assert (len(book.open), book.next_due()) == (COUNT, core.book.next_due())


@pytest.mark.plain
@still
async def test_what_nobody_vouches_for_is_read_whole_once(whole: list[str]) -> None:
    """An engine before this one wrote last, or one after it: each ticket is looked at, and from then on vouched
    for."""
    async with Dispatch() as rig:
        await rig.filed()
        await rig.replaced(lambda value: value, vouched=False)
        whole.clear()
        second = await rig.worker("second").start()
        assert sorted(whole) == sorted(key[2:].decode() for key in rig.tickets())
        await second.stop()
        whole.clear()
        await rig.worker("third").start()
        assert whole == []


@still
async def test_a_newer_ticket_stops_the_opening() -> None:
    """It has a member that this engine would lose; the marker of whoever wrote it vouches for another form."""
    async with Dispatch() as rig:
        await rig.filed()
        await rig.replaced(lambda value: value.replace(b'{"schema":1', b'{"schema":1,"mood":"grim"'), vouched=False)
        worker = await rig.worker("again").start()
        assert "was written by a newer engine: it has the member 'mood'" in said(worker)
        assert worker.counted("alarms", "state_from_newer") == 1


@pytest.mark.parametrize("damage", [(b'"schema":1', b'"schema":2'), (b'"status":"', b'"status":"not '), (b"}", b"")])
def test_what_is_no_ticket_stops_the_opening(damage: tuple[bytes, bytes]) -> None:
    """Whoever vouches for it: of every ticket the form, the head, and that it is JSON to its end is seen."""

    @still
    async def story() -> None:
        async with Dispatch() as rig:
            await rig.filed()
            await rig.replaced(lambda value: value.replace(*damage), vouched=True)
            assert "tickets.state/0 offset" in said(await rig.worker("again").start())

    story()


@still
async def test_a_damaged_ticket_stops_its_partition_when_it_is_asked_for() -> None:
    """It is named with its place, and nothing is set aside for it: the command waits for whoever restores the
    topic."""
    async with Dispatch() as rig:
        await rig.filed()
        name = await rig.replaced(lambda value: value.replace(b'"clocks":[', b'"clocks":[7,'), vouched=True)
        place = next(one for one in reversed(rig.log.all(STATE.name, 0)) if one.key == f"t:{name}".encode())
        worker = await rig.worker("again").start()
        assert worker.loop.slots[0].stopped_by is None
        rig.give("look", kind=CommandKind.REMIND, ticket=name)
        await until(lambda: worker.loop.slots[0].stopped_by is not None)
        assert f"tickets.state/0 offset {place.offset} is ours and cannot be read" in said(worker)
        assert (worker.counted("held", "dispatch"), worker.counted("alarms", "own_record_unreadable")) == (0, 1)


@still
async def test_two_partitions_are_loaded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first stand open while others are read: of twenty-four nobody waits for the last."""
    running, most = [0], [0]
    load_state = positions.load_state

    async def counted(*args: Any) -> Any:
        running[0] += 1
        most[0] = max(most[0], running[0])
        await asyncio.sleep(1)
        found = await load_state(*args)
        running[0] -= 1
        return found

    monkeypatch.setattr(partition, "load_state", counted)
    async with LoopRig(6) as rig:
        worker = await rig.worker().start(ready=False)
        await until(lambda: worker.steps.passed["opened"] == 2)
        assert not worker.loop.ready
        await until(lambda: worker.loop.ready)
        assert most == [LOADED_AT_ONCE]
