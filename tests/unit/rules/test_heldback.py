"""A cause held by our own fault is decided again after the mend, or let go: by whom may, with a reason, once, as if it
came then."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.stages.dispatch import DispatchCore
from rules.history.fold import fold, said
from rules.state.partition_state import Book
from tests.support.fetched import fetched
from tests.unit.engine.test_batches import START, dispatch_core, incidents
from topics import codec
from topics.command import AGAIN, Actor, Command
from topics.decision import Decision
from topics.registry import COMMANDS, DECISIONS, STATE
from topics.vocabulary import CommandKind, Role

LATER = START + 3_600_000


class Told:
    """One partition with an incident held, and what is said about it after."""

    def __init__(self) -> None:
        """The first of its incidents is set aside."""
        self.core: DispatchCore = dispatch_core()
        self.held, *self.others = incidents(3)
        self.decisions: list[Decision] = []
        self.put(self.core.hold(self.held, START))
        self.n = 100

    def put(self, outs: Any) -> Decision:
        """Note what was decided."""
        found = [codec.decode(out.value or b"", Decision) for out in outs if out.topic == DECISIONS.name]
        self.decisions += found
        return found[-1]

    def command(self, kind: CommandKind, **fields: Any) -> Command:
        """A command of the first one at the desk."""
        person = next(
            one.person for one in self.core._laws[self.core.book.pack or ""].bundle.roster if one.role == "desk"
        )
        given = {"actor": Actor(Role.DESK, person), "reason": "mended", "target": self.held.id} | fields
        return Command(id=f"c{self.n}", kind=kind, accepted_at=LATER, **given)  # type: ignore[arg-type]

    def again(self, value: bytes | None = None, **fields: Any) -> Decision:
        """The same bytes once more, under the command that asks for it."""
        self.n += 1
        header = codec.encode(self.command(CommandKind.RETRY_HELD, **fields))
        record = replace(
            self.held,
            offset=self.n,
            headers=((AGAIN, header),),
            value=value or self.held.value,
            appended_ms=LATER,
            appended_at=LATER,
        )
        return self.put(self.core.take(record, LATER))

    def drop(self, **fields: Any) -> Decision:
        """Let it go."""
        self.n += 1
        value = codec.encode(self.command(CommandKind.DROP_HELD, **fields))
        return self.put(self.core.take(fetched(COMMANDS.name, self.n, b"x", value, at=LATER), LATER))


def test_what_is_held_stands_in_the_state_until_it_is_ended() -> None:
    """It is remembered with size and sum, and its record goes when it is ended."""
    told = Told()
    kept = {out.key: out.value for out in told.core.flush() if out.topic == STATE.name}
    assert b'"sha256"' in (kept[b"h:" + told.held.id.encode()] or b"")
    told.drop()
    assert {out.key: out.value for out in told.core.flush()}[b"h:" + told.held.id.encode()] is None


def test_retried_it_becomes_its_ticket_once() -> None:
    """The decision is the incident's own; asked again there is nothing held, and no second ticket."""
    told = Told()
    first, second = told.again(), told.again()
    assert (first.cause, first.reason, len(first.changes)) == ("incident", "reported", 1)
    assert first.events[-1].type == "HeldRetried" and first.events[-1].facts["record"] == told.held.id
    assert (second.reason, second.changes) == ("not_held", ())
    assert len(told.core.book.tickets) == 1
    assert told.drop().reason == "not_held"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"actor": Actor(Role.SPECIALIST, "specialist-tawan-11")}, "role_not_allowed"),
        ({"actor": Actor(Role.DESK, "nobody")}, "not_on_roster"),
        ({"reason": "  "}, "reason_missing"),
        ({"target": "incidents:0:77"}, "not_held"),
        ({"value": b'{"schema":1}'}, "held"),
    ],
)
def test_who_may_not_or_names_another_ends_nothing(fields: dict[str, Any], reason: str) -> None:
    """Role, roster, reason, name and bytes are looked at; what was held stays held."""
    told = Told()
    if reason == "held":
        with pytest.raises(Exception, match=r"."):
            told.again(**fields)
    else:
        assert told.again(**fields).reason == reason
        if "value" not in fields:
            assert told.drop(**fields).reason == reason
    assert told.held.id in told.core.book.held


def test_other_bytes_are_not_taken_for_the_held_ones() -> None:
    """Another sound incident under the same name is refused."""
    told = Told()
    assert told.again(value=told.others[0].value).reason == "not_held"
    assert len(told.core.book.tickets) == 0


def test_that_it_fails_again_holds_the_same_cause() -> None:
    """One row at the desk, not two."""
    told = Told()
    header = codec.encode(told.command(CommandKind.RETRY_HELD))
    decision = told.put(told.core.hold(replace(told.held, offset=500, headers=((AGAIN, header),)), LATER))
    assert decision.events[0].facts["record"] == told.held.id
    assert list(told.core.book.held) == [told.held.id]


def test_the_log_alone_gives_what_is_held_and_what_is_not() -> None:
    """A book that is folded from the decisions holds the same."""
    told = Told()
    told.put(told.core.hold(told.others[0], START))
    told.again()
    book = Book(told.core._laws)
    book.opened(told.core.book.pack, 0)
    for decision in told.decisions:
        fold(book, told.core._laws, said(codec.encode(decision)))
    assert book.held == told.core.book.held != {}
    assert list(book.tickets) == list(told.core.book.tickets)


def test_a_rung_that_was_set_aside_fires_after_the_mend() -> None:
    """It is given back to its clock and fires late, once."""
    told = Told()
    told.core.take(told.others[0], START)
    due = told.core.next_due()
    assert due is not None
    name = str(told.core.due_id())
    told.put(told.core.hold_due(due))
    assert name in told.core.book.held and told.core.due_id() != name
    told.n += 1
    value = codec.encode(told.command(CommandKind.RETRY_HELD, target=name))
    decision = told.put(told.core.take(fetched(COMMANDS.name, told.n, b"x", value, at=LATER), LATER))
    assert (decision.reason, len(decision.changes)) == ("held_retried", 1)
    assert told.core.due_id() == name and name not in told.core.book.held
    fired = told.put(told.core.fire(LATER, LATER))
    assert fired.id == name and fired.cause == "clock"
