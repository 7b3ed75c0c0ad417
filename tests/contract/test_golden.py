"""What a released engine has written, every later one reads: its log and state stand in ``tests/golden``."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.decide import decide
from rules.law.compiled import Law
from rules.state.partition_state import Book
from topics import codec
from topics.decision import Decision, Event, event_of, facts_of
from topics.events.catalogue import FACTS
from topics.events.types import EventType
from topics.incident import AnyIncident
from topics.pack import PackBundle
from topics.ticket import CommandSeen, DayCounter, Marker, Quota, Ticket

RELEASES = sorted((Path(__file__).parent.parent / "golden").glob("*.jsonl.gz"))
DAY = 86_400_000
STATE: dict[str, type[Any]] = {"t:": Ticket, "q:": Quota, "n:": DayCounter, "m:": Marker}


@pytest.fixture(params=RELEASES, ids=lambda path: path.name.removesuffix(".jsonl.gz"))
def rows(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """The records of one release."""
    return [json.loads(line) for line in gzip.decompress(request.param.read_bytes()).decode().splitlines()]


def of(rows: list[dict[str, Any]], topic: str) -> list[tuple[str, bytes]]:
    """Key and value of a topic's records that are no tombstones."""
    return [(row["key"], row["value"].encode()) for row in rows if row["topic"] == topic and row["value"] is not None]


def test_there_is_a_release_to_read() -> None:
    """The first one that landed is among them."""
    assert "0.1.0.jsonl.gz" in {path.name for path in RELEASES}


def test_every_decision_and_every_image_in_it_reads(rows: list[dict[str, Any]]) -> None:
    """Projector, fan-out, audit and replay begin with that."""
    decisions = [codec.decode(value, Decision) for _, value in of(rows, "tickets.decisions")]
    images = [
        codec.decode(bytes(change.after), Ticket)
        for decision in decisions
        for change in decision.changes
        if change.after is not None
    ]
    assert len(decisions) > 150 and len(images) > 100
    values = [value for _, value in of(rows, "incidents")]
    assert all(codec.decode(value, AnyIncident).version == 1 for value in values)  # type: ignore[arg-type]


class _Events(msgspec.Struct):
    """Of a decision the bytes of its events."""

    events: tuple[msgspec.Raw, ...] = ()


def test_every_event_in_it_comes_back_byte_by_byte(rows: list[dict[str, Any]]) -> None:
    """As the Struct of its type as well as as a map: what a released engine wrote is what today's would write."""
    seen = set()
    for _, value in of(rows, "tickets.decisions"):
        for raw in codec.decode(value, _Events).events:
            event = codec.decode(bytes(raw), Event)
            typed = msgspec.convert(facts_of(event), FACTS[EventType(event.type)])
            assert codec.encode(event) == codec.encode(event_of(event.ticket, typed)) == bytes(raw)
            seen.add(event.type)
    assert len(seen) > 15


def test_its_state_opens_and_the_city_goes_on(rows: list[dict[str, Any]]) -> None:
    """Every clock of it fires in its turn for a year, under the law its ticket was filed under, without a fault."""
    laws = {key: Law(key, codec.decode(value, PackBundle)) for key, value in of(rows, "reference") if "@" in key}
    book = Book(laws)
    marker = None
    for key, value in of(rows, "tickets.state"):
        if key == "m:":
            marker = codec.decode(value, Marker)
        else:
            book.load(key.encode(), value)
    assert marker is not None
    assert len([*book.tickets.check()]) > 0
    book.opened(marker.pack or next(iter(laws)), marker.at)
    was_open, end = set(book.open), marker.at + 400 * DAY
    assert was_open
    fired = 0
    while (cause := book.first_due(end)) is not None:
        book.apply(decide(book, laws, cause, max(marker.at, cause.due_at)))
        fired += 1
    assert fired > len(was_open)
    assert all(due is None or due > end for due in [book.next_due()])


@pytest.mark.parametrize("prefix", STATE)
def test_a_record_of_a_newer_engine_is_refused(rows: list[dict[str, Any]], prefix: str) -> None:
    """Another schema, or a member that is not known here: refused, where it would be dropped and lost at the next
    change."""
    value = next(value for key, value in of(rows, "tickets.state") if key.startswith(prefix))
    kind = STATE[prefix]
    stored = json.loads(codec.encode(codec.decode(value, kind)))
    assert stored["schema"] == 1, "each record says its schema, the default too"
    for newer in (stored | {"schema": 2}, stored | {"of_tomorrow": True}):
        with pytest.raises(msgspec.ValidationError):
            codec.decode(json.dumps(newer).encode(), kind)


def test_a_decision_of_a_newer_engine_is_refused(rows: list[dict[str, Any]]) -> None:
    """A reader of the log stops loudly: what it does not understand may be what matters."""
    stored = json.loads(of(rows, "tickets.decisions")[0][1])
    for newer in (stored | {"version": 2}, stored | {"of_tomorrow": True}):
        with pytest.raises(msgspec.ValidationError):
            codec.decode(json.dumps(newer).encode(), Decision)
    assert json.loads(codec.encode(codec.decode(json.dumps(stored).encode(), Decision)))["version"] == 1


def test_an_incident_says_its_version(rows: list[dict[str, Any]]) -> None:
    """A later default cannot be read into it."""
    again = json.loads(codec.encode(codec.decode(of(rows, "incidents")[0][1], AnyIncident)))  # type: ignore[arg-type]
    assert again["version"] == 1


def test_the_state_of_a_release_is_what_its_log_says(rows: list[dict[str, Any]]) -> None:
    """The last image of each ticket in the log is the ticket in the state, whatever way each was written."""
    last: dict[str, Ticket] = {}
    for _, value in of(rows, "tickets.decisions"):
        for change in codec.decode(value, Decision).changes:
            if change.after is not None:
                last[change.ticket] = codec.decode(bytes(change.after), Ticket)
    stored = {key[2:]: codec.decode(value, Ticket) for key, value in of(rows, "tickets.state") if key.startswith("t:")}
    assert stored and stored.items() <= last.items()
    assert CommandSeen("x", 1) == codec.decode(codec.encode(CommandSeen("x", 1)), CommandSeen)
