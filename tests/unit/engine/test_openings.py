"""What one partition cannot do stops that partition alone, and what several causes cannot be written together is traced
to one."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, NotEnoughReplicasError

from engine.errors import PackNotThere, PositionOutOfRange
from engine.kafka.broker_time import BrokerTime
from engine.kafka.driver_errors import lies_in_the_content
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.pack_cache import Known
from engine.stream.batch import AgentSilent, Batch, CauseFailed, StepFailed
from engine.stream.contracts import Clockless, Out, Record
from engine.stream.limits import FRAMING, HELD_AFTER, MAX_CAUSES, REOPEN_FIRST, REOPEN_MOST, unfit
from engine.stream.pace import Pace
from engine.stream.partition import Partition
from engine.stream.positions import demand_newest, nothing_lost, position
from tests.support.fetched import fetched
from topics.reference import EngineClock
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, RAW, STATE


class Large(Clockless):
    """A core that makes an output no topic takes of the one record named, and small ones of all others."""

    def __init__(self, culprit: int) -> None:
        self.culprit = culprit

    def take(self, record: Record, at: int) -> list[Out]:
        return [Out(DECISIONS.name, 0, b"", b"x" * (DECISIONS.max_bytes if record.offset == self.culprit else 10))]

    def flush(self) -> list[Out]:
        return []

    def pack(self) -> None:
        return None

    def hold(self, record: Record, at: int) -> list[Out]:
        return [Out(DECISIONS.name, 0, b"", b"held")]


class Read:
    """A consumer that has read nothing further than was given."""

    at = 0

    async def position(self, tp: Any) -> int:
        return self.at


def partition(core: Any, held: set[str], answers: bool = True) -> Partition:
    """An opening whose commits are noted instead of made; everything before them is the product's."""

    async def decide(batch: Batch) -> None:
        if not answers:
            await asyncio.Event().wait()
        batch.decide()

    async def prepare(records: Any) -> None: ...

    crash = SimpleNamespace(at=lambda name: None)
    time = SimpleNamespace(now=lambda: 0)
    wiring: Any = SimpleNamespace(
        stage="dispatch",
        deciding=asyncio.Lock(),
        settings=Settings(),
        inputs=(INCIDENTS, COMMANDS),
        state=STATE,
        core=lambda number: core,
        prepare=prepare,
        decide=decide,
        crash=crash,
        metrics=StageMetrics("dispatch"),
        consumer=Read(),
        new_time=lambda: time,
        held=held,
        vault=None,
        log=None,
    )
    return Partition(wiring, 0)


async def test_the_step_is_halved_until_the_cause_stands_alone_and_is_then_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1,000 records, one of which leads to what no record can hold: 999 are committed, one is held, and nothing is
    begun in vain."""
    begun: list[int] = []
    records = [fetched(COMMANDS.name, n, b"", b"{}") for n in range(1000)]
    held: set[str] = set()
    pace, done, failures = Pace(), 0, 0
    for _ in range(200):
        opening = partition(Large(613), held)
        opening.budget = pace.budget

        async def commit(outs: list[Out], offsets: Any, causes: int) -> None:
            begun.append(len(outs))

        monkeypatch.setattr(opening, "_commit", commit)
        opening.give(records[done:])
        try:
            while opening.pending:
                await opening.step()
                done = opening.positions[COMMANDS.name]
                pace.moved()
                opening.budget = pace.budget
            break
        except StepFailed as exc:
            pace.halve(exc.causes)
        except CauseFailed as exc:
            failures += 1
            if failures == HELD_AFTER:
                held.add(exc.cause)
    assert (done, held, sum(begun), failures) == (1000, {"commands:0:613"}, 1000, HELD_AFTER)


async def test_an_agent_that_never_answers_ends_by_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The opening is dropped, and no cause is blamed."""
    monkeypatch.setattr("engine.stream.partition.DECIDE_SECONDS", 0.05)
    opening = partition(Large(-1), set(), answers=False)
    opening.give([fetched(COMMANDS.name, 0, b"", b"{}")])
    with pytest.raises(AgentSilent):
        await opening.step()


def test_the_pause_grows_while_nothing_moves_and_only_then() -> None:
    """Three openings without progress are not ready; a step that was committed begins anew."""
    pace = Pace()
    pauses = [pace.failed() for _ in range(8)]
    assert pauses[:3] == [REOPEN_FIRST, 2 * REOPEN_FIRST, 4 * REOPEN_FIRST] and pauses[-1] == REOPEN_MOST
    assert pace.stalled
    pace.moved()
    assert (pace.stalled, pace.failed(), pace.budget) == (False, REOPEN_FIRST, MAX_CAUSES)


def test_an_outage_is_no_causes_fault() -> None:
    """What the broker says of the records is; what it says of itself, and the network, are not."""
    assert lies_in_the_content(MessageSizeTooLargeError()) and lies_in_the_content(OverflowError())
    assert not any(
        map(
            lies_in_the_content,
            (KafkaConnectionError(), NotEnoughReplicasError(), TimeoutError(), ConnectionResetError()),
        )
    )


def test_what_a_topic_refuses_is_known_before_anything_is_begun() -> None:
    """Key, value and headers count."""
    fits = RAW.max_bytes - FRAMING
    assert unfit([Out(RAW.name, 0, b"k", b"v" * (fits - 1))]) is None
    assert "incidents.raw" in (unfit([Out(RAW.name, 0, b"k", b"v" * fits)]) or "")
    assert unfit([Out(RAW.name, 0, b"k", b"", [("h", b"v" * fits)])]) is not None


@pytest.mark.parametrize(
    ("ours", "begin", "end", "group", "expected"),
    [
        (5, 0, 9, 5, 5),
        (1, 2, 2, 1, 2),
        (1, 2, 3, 1, None),
        (1, 3, 3, 1, None),
        (0, 1, 1, 0, None),
        (5, 0, 4, 0, None),
        (5, 0, 9, 6, None),
        (5, 0, 9, None, 5),
        (9, 9, 9, None, 9),
        (9, 5, 9, None, 9),
        (8, 9, 9, None, 9),
        (8, 9, 12, None, None),
        (7, 9, 9, None, None),
        (5, 0, 4, None, None),
        (0, 0, 0, None, 0),
    ],
    ids=[
        "within",
        "only the marker has gone",
        "something is left",
        "more has gone",
        "never read",
        "made anew",
        "the group is further",
        "no group: within",
        "no group: aged to its end",
        "no group: nothing left to read",
        "no group: only the marker has gone",
        "no group: one offset, and records behind it",
        "no group: a record and its marker may have gone",
        "no group: made anew",
        "no group: a new stack",
    ],
)
def test_a_position_goes_on_only_where_nothing_can_have_been_lost(
    ours: int, begin: int, end: int, group: int | None, expected: int | None
) -> None:
    """Behind the last record of a transaction comes its marker: that one alone may go."""
    if expected is None:
        with pytest.raises(PositionOutOfRange):
            position(INCIDENTS.name, 0, ours, begin, end, group, STATE.name)
    else:
        assert position(INCIDENTS.name, 0, ours, begin, end, group, STATE.name) == expected


def test_engine_time_is_never_below_the_last_decision() -> None:
    """A mapping that was set back by 3.35 hours fires what was due before it, and decides nothing in the past."""
    time = BrokerTime(EngineClock(start_at=1_000_000, origin_at=0, speed=10), lambda: 0.0)
    time.seen(0)
    time.not_before(13_060_000)
    assert (time.now(), time.seconds_until(13_000_000)) == (13_060_000, 0.0)


def test_a_pack_that_is_not_there_is_waited_for() -> None:
    """Deciding by it raises what no cause is blamed for; to ask whether it is there does not."""
    known: Known[int] = Known()
    assert known.get("p@1") is None and "p@1" not in known
    with pytest.raises(PackNotThere):
        known["p@1"]


@pytest.mark.parametrize("topic", [RAW.name, COMMANDS.name, "dept.x.replies"])
def test_a_missing_offset_of_what_others_write_is_never_taken_for_a_marker(topic: str) -> None:
    """One record of a door, a reply, a report: nobody has read it."""
    assert not nothing_lost(topic, 1, 2, 2)
    assert nothing_lost(topic, 2, 2, 2)


def test_a_state_older_than_the_log_stops() -> None:
    """Whatever the group still knows: the last decision stands on the log."""
    demand_newest(0, 1000, 1000)
    with pytest.raises(PositionOutOfRange, match="has lost records"):
        demand_newest(0, 1000, 1001)


async def test_a_step_that_decides_all_that_was_read_stands_behind_the_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No idle while is needed: with the step itself, unless something still waits."""
    opening = partition(Large(-1), set())
    committed: list[dict[Any, int]] = []

    async def commit(outs: list[Out], offsets: Any, causes: int) -> None:
        committed.append({tp.topic: at for tp, at in offsets.items()})

    monkeypatch.setattr(opening, "_commit", commit)
    monkeypatch.setattr(Read, "at", 4)
    opening.give([fetched(COMMANDS.name, n, b"", b"{}") for n in range(3)])
    opening.budget = 2
    await opening.step()
    assert opening.positions == {COMMANDS.name: 2}
    await opening.step()
    assert opening.positions == {COMMANDS.name: 4, INCIDENTS.name: 4}
    assert committed[-1] == {f"gw.{COMMANDS.name}": 4, f"gw.{INCIDENTS.name}": 4}
    await opening.settle()
    assert len(committed) == 2


async def test_a_broker_that_does_not_answer_is_waited_for_by_opening_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would try the commit again without an end; the step is dropped, and no cause is blamed."""
    monkeypatch.setattr("engine.stream.partition.COMMIT_SECONDS", 0.05)
    opening = partition(Large(-1), set())

    async def never() -> None:
        await asyncio.Event().wait()

    opening._producer = SimpleNamespace(begin_transaction=never)  # type: ignore[assignment]
    opening.give([fetched(COMMANDS.name, 0, b"", b"{}")])
    with pytest.raises(TimeoutError):
        await opening.step()


def test_engine_time_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's clock has gone on as well: what fell due meanwhile fires at waking, not when the next record
    comes."""
    awake = {time.CLOCK_MONOTONIC: 100.0, time.CLOCK_BOOTTIME: 100.0}
    monkeypatch.setattr("engine.kafka.broker_time.time.clock_gettime", awake.__getitem__)
    clock = BrokerTime(EngineClock(0, 0, 1))
    clock.seen(1_000_000)
    awake[time.CLOCK_BOOTTIME] += 28_800.0
    assert clock.now() == 1_000_000 + 28_800_000
