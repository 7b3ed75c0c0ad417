"""The head of a decision, read from its first bytes, is what the whole record says; and what else makes a replay fast
is not seen."""

import gc

import msgspec
import pytest

from engine.replay.decision_head import Head, head_of, read_whole
from engine.replay.gc_pause import calm
from engine.replay.recorded_history import Gap
from engine.replay.verify import verify
from rules.state.ticket_store import Shelf
from tests.support.busy_days import Dispatch, busy_days
from tests.support.town import MINUTE, REF, START
from topics.codec import encode
from topics.decision import Decision, Event, Why
from topics.ids import DecisionId, HomeCode

TICKET = "east-20260302-1"
PLAIN = Decision(
    id=DecisionId("commands:0:7"),
    at=5,
    cause="command",
    reason="noted",
    home=HomeCode("east"),
    ticket=TICKET,
    why=Why(pack=REF),
)


@pytest.mark.parametrize("seed", range(3))
def test_heads_are_what_the_records_say(seed: int) -> None:
    """Of every decision of some busy days."""
    for entry in busy_days(seed, incidents=30, hours=48).of("tickets.decisions"):
        assert head_of(entry.value or b"") == read_whole(entry.value or b"")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="plain"),
        pytest.param({"id": 'clock:a"b:0:resolve:0:50'}, id="a quotation mark in the name"),
        pytest.param({"ticket": 'east"-20260302-1'}, id="a quotation mark in the ticket"),
        pytest.param({"home": 'ea"st', "ticket": None}, id="a quotation mark in the home"),
        pytest.param({"home": "东", "ticket": "东-20260302-1"}, id="Chinese"),
        pytest.param({"ticket": None}, id="no ticket"),
        pytest.param({"why": Why()}, id="no pack"),
        pytest.param(
            {"why": Why(), "events": (Event("NoteAdded", "t", {"text": '"why":{"pack":"x"'}),)},
            id="a text that looks like a pack",
        ),
        pytest.param({"at": -5}, id="before 1970"),
    ],
)
def test_peculiar_heads_are_what_the_records_say(changes: dict[str, object]) -> None:
    """Whatever stands in them."""
    value = encode(msgspec.structs.replace(PLAIN, **changes))
    assert (
        head_of(value)
        == read_whole(value)
        == Head(
            **{
                name: getattr(msgspec.structs.replace(PLAIN, **changes), name)
                for name in Head._fields
                if name != "pack"
            },
            pack=_pack(changes),
        )
    )


def _pack(changes: dict[str, object]) -> str | None:
    return None if "why" in changes else REF


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b'{"id":"\xff:0:1","at":1,"cause":"clock","reason":"r","home":""}',
        b'{"id":"a","at":1,"cause":"no","reason":"r"}',
    ],
)
def test_what_is_no_decision_is_none(value: bytes) -> None:
    """Not even when it begins like one."""
    with pytest.raises(msgspec.DecodeError):
        head_of(value)


def test_an_incident_that_cannot_be_read_is_a_gap() -> None:
    """It was decided, so it could be read then."""
    log = busy_days(1, incidents=10, hours=12)
    entry = log.entries["incidents"][4]
    log.entries["incidents"][4] = entry._replace(value=b"{")
    with pytest.raises(Gap, match=rf"{entry.id}, and that record cannot be read"):
        verify(log)


def _told_badly() -> None:
    with calm():
        assert not gc.isenabled()
        _ = 1 // 0


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    """Also when what was told ends badly."""
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(ZeroDivisionError):
            _told_badly()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_a_ticket_looked_at_is_handed_out_once() -> None:
    """What one look-up changes, no other sees; after a change it is read anew."""
    told = Dispatch()
    told.report(1, "bins", "east", "east-1", START + MINUTE)
    shelf, name = Shelf(), "east-20260302-1"
    shelf.put(name, told.book.tickets.stored(name))
    looked = shelf.look(name)
    assert shelf.look(name) is looked
    assert shelf[name] is looked
    looked.person = "somebody else"
    assert shelf[name].person != "somebody else" and shelf.look(name).person != "somebody else"
    shelf.put(name, encode(looked))
    assert shelf.look(name).person == "somebody else"
