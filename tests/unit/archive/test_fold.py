"""What decisions leave in the archive, worked out without a server."""

from collections import Counter
from typing import Any

import pytest

from engine.archive.fold import Read, decision_row, fold, packs_of, received_of, sure, tags
from engine.archive.grams import grams, plain, question
from tests.support.city import REF, City
from topics import codec
from topics.codec import encode
from topics.decision import facts_of
from topics.events.types import EventType
from topics.ticket import Ticket


def reads(city: City) -> list[Read]:
    """The story's decisions as they stand on a log."""
    return [
        Read(partition=3, position=n, value=encode(decision), decision=decision)
        for n, decision in enumerate(city.decisions)
    ]


def told() -> City:
    """One ticket that is late and goes up, one that is worked and closed by its source."""
    city = City()
    city.report("late", text="路灯不亮", address="和平路 3")
    city.report("done", home="west", leaf="west1")
    city.work("done")
    city.at("18:00", 1)
    return city


def test_of_each_ticket_the_last_image_stays_and_it_says_where_it_lies() -> None:
    """Its street and everything above it are named, so that a district finds what lies in its grids."""
    city = told()
    found = {row["id"]: row for row in fold(reads(city), city.laws).tickets}
    late, done = city["late"], city["done"]
    assert set(found) == {late.id, done.id}
    row = found[late.id]
    assert (row["version"], row["status"], row["street"], row["partition"]) == (late.version, late.status, "north", 3)
    assert {"grid:city", "grid:north", "grid:east", "grid:east1", f"person:{late.person}", "open"} <= set(row["tags"])
    assert "grid:west" not in row["tags"] and "grid:west1" in found[done.id]["tags"]
    assert row["words"] == "路灯不亮 和平路 3" and row["image"].encode() == encode(late)


def test_every_rung_from_a_hundred_on_is_a_breach_and_breaks_the_ticket_for_good() -> None:
    """As many rows as events, each with who had it then."""
    city = told()
    found = fold(reads(city), city.laws)
    events = city.events(EventType.CLOCK_BREACHED)
    assert len(found.breaches) == len(events) > 2
    assert [(row["ticket"], row["rung"], row["late_by_ms"]) for row in found.breaches] == [
        (event.ticket, facts_of(event)["rung"], facts_of(event)["late_by_ms"]) for event in events
    ]
    assert city["late"].id in found.breached


def test_each_event_counts_once_on_its_day_in_the_zone_of_its_pack() -> None:
    """07:00 in Shanghai is the day before in UTC, and counts there as today."""
    city = told()
    found = fold(reads(city), city.laws).days
    assert sum(found.values()) == len(city.events()) > 20
    by_type = Counter(
        {event: sum(n for day, n in found.items() if day.event == event) for event in {d.event for d in found}}
    )
    assert by_type == Counter(event.type for event in city.events())
    first = City()
    first.now -= 7 * 3_600_000  # 01:00
    first.report("early")
    assert {str(day.day) for day in fold(reads(first), first.laws).days} == {"2026-03-02"}
    assert sure(first.now).date().isoformat() == "2026-03-01"


def test_batches_do_not_show() -> None:
    """Folded one by one or all at once: the same breaches, days and broken limits, and the same last images."""
    city = told()
    whole = fold(reads(city), city.laws)
    parts = [fold([read], city.laws) for read in reads(city)]
    assert sum((part.days for part in parts), Counter()) == whole.days
    assert [row for part in parts for row in part.breaches] == whole.breaches
    assert {name for part in parts for name in part.breached} == set(whole.breached)
    last = {row["id"]: row for part in parts for row in part.tickets}
    assert sorted(whole.tickets, key=lambda row: row["id"]) == [last[name] for name in sorted(last)]


def test_a_decision_keeps_its_very_bytes_and_everything_it_is_about() -> None:
    """Its own ticket first; refusals leave a row as well."""
    city = City()
    city.report("one")
    city.ask("accept", "one", "desk:desk-1")
    rows = [decision_row(read) for read in reads(city)]
    assert [row["tickets"] for row in rows] == [[city["one"].id]] * 2
    assert [row["record"].encode() for row in rows] == [encode(decision) for decision in city.decisions]
    assert rows[1]["reason"] == "role_not_allowed" and rows[1]["actor"] == "desk:desk-1" and rows[1]["position"] == 1


def test_what_it_rests_on_is_named_before_it_is_folded() -> None:
    """Packs are waited for and months made ahead of the transaction."""
    city = told()
    assert packs_of(reads(city)) == {REF}
    assert set(received_of(reads(city))) == {sure(city["late"].received_at)}


def test_each_image_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of a batch: the packs, the months, the rows."""
    city = told()
    found, decoded = reads(city), list[Any]()
    decode = codec.decode

    def noted(value: bytes, kind: Any) -> Any:
        decoded.append(kind)
        return decode(value, kind)

    monkeypatch.setattr(codec, "decode", noted)
    packs_of(found), received_of(found), fold(found, city.laws)
    images = [change for read in found for change in read.decision.changes if change.after is not None]
    assert decoded == [Ticket] * len(images) and len(images) > 3


def test_nothing_of_the_reporter_is_in_any_row() -> None:
    """But the token that decisions carry, and that in the image alone."""
    city = City()
    city.report("one", token="tok-1234", can_reach_reporter=True)
    (row,) = fold(reads(city), city.laws).tickets
    assert "tok-1234" in row.pop("image")
    assert "tok-1234" not in repr(row)


def test_words_are_cut_so_that_two_characters_are_found() -> None:
    """Pairs of Chinese characters and the last one alone; words of letters whole; one width, one case."""
    assert grams(plain("和平路３号 Bins")) == ["3", "bins", "bins~", "号", "和平", "平路", "路"]
    assert question(plain("平路")) == "'平路'"
    assert question(plain("和平路")) == "'和平' & '平路'"
    assert question(plain("路")) == "'路':*"
    assert question(plain("BINS ab")) == "'bins~' & 'ab'"
    assert question(plain("和平路 3 号")) == "'和平' & '平路' & '3'"
    assert question("' | !:*") == ""
    assert plain("a\0b\u3000 C") == "ab c"


def test_somebody_who_handled_it_is_found_after_it_went_on() -> None:
    """Not the holder alone."""
    city = City()
    ticket = city.report("one")
    city.work("one")
    done = city["one"]
    assert {f"person:{ticket.person}", f"person:{done.person}"} <= set(tags(done, ()))
    assert "status:done" in tags(done, ())
