"""Tickets at rest are packed: nobody who reads the shelf can tell, and the decisions are the same to the byte."""

import random
from collections.abc import Iterator

import msgspec
import pytest

from engine.stream.contracts import Out
from rules.state import ticket_store
from rules.state.packed_json import Packing, is_packed
from rules.state.partition_state import Book
from rules.state.ticket_store import Shelf
from tests.bench.in_process import START, dispatch_of, intake_of, record, timed
from tests.support.poison import good, law_of
from topics.registry import INCIDENTS, RAW

LAW = law_of("guancheng")
LONG = 1 * 86_400_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book of a few tickets packs as one of thousands does."""
    for name, value in (("PACKED_FROM", 40), ("SAMPLES", 20), ("FRESH", 5)):
        monkeypatch.setattr(ticket_store, name, value)


@pytest.fixture(scope="module")
def incidents() -> list[Out]:
    """What intake makes of some reports."""
    sent = [Out(RAW.name, 0, key, value, headers) for key, value, headers in good(5, 120)]
    _, outs = timed(intake_of(LAW), [record(RAW.name, n, one, START + n * 500) for n, one in enumerate(sent)])
    return [one for one in outs if one.topic == INCIDENTS.name]


def decided(incidents: list[Out]) -> Iterator[Out]:
    """All that dispatch writes: the reports, and every clock of a day on which nobody does anything."""
    core = dispatch_of(LAW)
    for n, one in enumerate(incidents):
        yield from core.take(record(INCIDENTS.name, n, one, START + n * 500), START + n * 500)
        yield from core.flush()
    while (due := core.next_due()) is not None and due < START + LONG:
        yield from core.fire(due, due) or ()
        yield from core.flush()
    yield from (Out("state", 0, key, value) for key, value in core.book.records())
    packed = sum(map(is_packed, core.book.tickets._bytes.values()))
    unpacked, fresh = len(core.book.tickets) - packed, ticket_store.FRESH
    assert fresh <= unpacked <= 2 * fresh if fresh < 100 else packed == 0


def test_a_packed_book_decides_the_same_bytes(incidents: list[Out], request: pytest.FixtureRequest) -> None:
    """Reports, each clock that fires in a day, and the whole state at the end."""
    plain = list(decided(incidents[:60]))
    request.getfixturevalue("small")
    assert list(decided(incidents[:60])) == plain
    assert len(plain) > 300


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(5))
def test_a_shelf_is_a_dictionary(incidents: list[Out], seed: int) -> None:
    """Whatever is put, dropped and read in any order, with names that come again."""
    core = dispatch_of(LAW)
    timed(core, [record(INCIDENTS.name, n, one, START) for n, one in enumerate(incidents)])
    stored = {name: core.book.tickets.stored(name) or b"" for name in core.book.tickets}
    draw, shelf, told = random.Random(seed), Shelf(), dict[str, bytes]()
    names = list(stored)
    for _ in range(1500):
        name = draw.choice(names)
        if not draw.randrange(20):
            many = draw.choices(names, k=draw.randrange(12))
            told |= {one: stored[one] for one in many}
            shelf.put_many(many, [stored[one] for one in many])
        elif draw.randrange(4):
            value = stored[name].replace(b'"text":"', b'"text":"' + b"x" * draw.randrange(9))
            told[name] = value
            shelf.put(name, value)
        else:
            told.pop(name, None)
            shelf.put(name, None)
        other = draw.choice(names)
        assert shelf.stored(other) == told.get(other)
        assert (other in shelf, len(shelf)) == (other in told, len(told))
        if other in told:
            assert shelf[other].id == shelf.look(other).id == other
    assert list(shelf) == list(told)
    assert sum(map(is_packed, shelf._bytes.values())) > 20


def state(book: Book) -> tuple[object, ...]:
    """All that loading leaves behind."""
    stored = {name: book.tickets.stored(name) for name in book.tickets}
    return sorted(stored.items()), book.open, book._due_at, book.packs, book._into, book.counters, book.quotas


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(5))
def test_many_at_once_are_loaded_as_one_by_one(incidents: list[Out], seed: int) -> None:
    """With tickets that come again, are of another pack, are forgotten and come back, among all else that is stored."""
    core, draw = dispatch_of(LAW), random.Random(seed)
    timed(core, [record(INCIDENTS.name, n, one, START) for n, one in enumerate(incidents)])
    history: list[tuple[bytes, bytes | None]] = []
    for key, value in core.book.records():
        other = value.replace(LAW.ref.encode(), b"other@1", 1) if key.startswith(b"t:") else value
        history += [(key, draw.choice([value, other, None if key.startswith(b"t:") else value])) for _ in range(3)]
    packs = {b"other@1" in value for value in dict(history).values() if value is not None and b'"pack":' in value}
    one_by_one, many = Book({}), Book({})
    for stored in history:
        one_by_one.load(*stored)
    while history:
        size = draw.randrange(1, 60)
        many.load_many(history[:size])
        del history[:size]
    for book in (one_by_one, many):
        book.opened(None, START)
    assert state(many) == state(one_by_one)
    assert {pack == "other@1" for pack in many.packs} == packs and many.open


def test_a_pack_by_which_no_ticket_stands_any_more_is_not_asked_for(incidents: list[Out]) -> None:
    """It may be gone: what was filed by it has been taken over, or forgotten; the first one's as any other's."""
    core = dispatch_of(LAW)
    timed(core, [record(INCIDENTS.name, n, one, START) for n, one in enumerate(incidents[:2])])
    (one, value), (two, _) = [(key, value) for key, value in core.book.records() if key.startswith(b"t:")]
    by = {name: value.replace(LAW.ref.encode(), name, 1) for name in (b"a@1", b"b@1")}
    for history, wanted in (
        ([(one, by[b"a@1"]), (two, by[b"b@1"])], {"a@1", "b@1"}),
        ([(one, by[b"a@1"]), (two, by[b"b@1"]), (two, by[b"a@1"])], {"a@1"}),
        ([(one, by[b"a@1"]), (two, by[b"b@1"]), (one, by[b"b@1"])], {"b@1"}),
        ([(one, by[b"a@1"]), (two, by[b"b@1"]), (one, None)], {"b@1"}),
        ([(one, by[b"a@1"]), (two, by[b"b@1"]), (two, None)], {"a@1"}),
    ):
        book = Book({})
        book.load_many(history)
        book.opened(None, START)
        assert book.packs == wanted


def test_packed_it_is_a_third_at_most(incidents: list[Out]) -> None:
    """Tickets have most of their bytes in common."""
    core = dispatch_of(LAW)
    timed(core, [record(INCIDENTS.name, n, one, START) for n, one in enumerate(incidents)])
    values = [core.book.tickets.stored(name) or b"" for name in core.book.tickets]
    packing = Packing(values[:60])
    assert sum(map(len, packing.pack(values[60:]))) * 3 < sum(map(len, values[60:]))
    assert [packing.unpack(value) for value in packing.pack(values)] == values


def test_what_has_nothing_in_common_is_packed_by_itself() -> None:
    """And bytes that only begin like something packed are no JSON, as they were before."""
    packing = Packing([b"{}"])
    assert [packing.unpack(value) for value in packing.pack([b'{"a":1}', b"[]"])] == [b'{"a":1}', b"[]"]
    assert packing.unpack(b'{"a":1}') == b'{"a":1}'
    with pytest.raises(msgspec.DecodeError):
        packing.unpack(b"\x28\xb5\x2f\xfdno")
