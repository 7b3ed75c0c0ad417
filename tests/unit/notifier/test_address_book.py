"""The address book: who is told how, when they are left alone, and what does not fit."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.doors.deliveries import Message
from engine.doors.notices import notice_rows
from engine.errors import InvalidSettings
from engine.notifier.address_book import Book, Books, Person, read
from engine.notifier.http import Poster
from engine.notifier.notice_words import KINDS, text
from engine.notifier.ways import KEPT, way_to
from tests.support.house import Deciding


def written(folder: Path, given: Any) -> Path:
    """A file of it."""
    file = folder / "notices.yaml"
    file.write_text(given if isinstance(given, str) else json.dumps(given))
    return file


def test_whoever_is_not_in_it_has_a_mailbox(tmp_path: Path) -> None:
    """By name, else by the star, else the mailbox; sources apart from people."""
    assert read(tmp_path / "none").of("desk-1") == Person()
    file = written(tmp_path, {"people": {"desk-1": {"to": "a"}, "*": {"to": "b"}}, "sources": {"hotline": {"to": "c"}}})
    book = read(file)
    assert [book.of(who).to for who in ("desk-1", "chief-1", "source:hotline", "source:app")] == ["a", "b", "c", ""]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"people": {"a": {"way": "sms"}}}, "no such way: sms"),
        ({"people": {"a": {"quiet": "at night"}}}, "people.a.quiet"),
        ({"ways": {"x": {"kind": "pigeon"}}}, "ways.x"),
        ({"ways": {"x": {"kind": "wecom", "url": "u", "colour": 1}}}, "ways.x.wecom.colour"),
        ({"colour": 1}, "colour"),
        ("people: [", "cannot be read"),
    ],
)
def test_what_does_not_fit_is_said(given: Any, said: str, tmp_path: Path) -> None:
    """With its place."""
    with pytest.raises(InvalidSettings, match=said):
        read(written(tmp_path, given))


def test_a_change_is_read_and_a_wrong_one_leaves_the_one_before(tmp_path: Path) -> None:
    """Without a restart."""
    file = written(tmp_path, {"people": {"*": {"to": "a"}}})
    books = Books(file)
    for given, to, version in (({"people": {"*": {"to": "b"}}}, "b", 2), ("people: [", "b", 2), ({}, "", 3)):
        written(tmp_path, given)
        os.utime(file, ns=(version, len(str(given))))
        assert (books.look().of("x").to, books.version) == (to, version)
        assert bool(books.fault) is (given == "people: [")


@pytest.mark.parametrize(
    ("quiet", "clock", "is_quiet"),
    [
        ("", "03:00", False),
        ("22:00-07:00", "21:59", False), ("22:00-07:00", "22:00", True), ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False), ("12:00-14:00", "13:00", True), ("12:00-14:00", "14:00", False),
    ],
)  # fmt: skip
def test_quiet_hours_may_pass_midnight(quiet: str, clock: str, is_quiet: bool) -> None:
    """The end is no longer quiet."""
    assert Person(quiet=quiet).is_quiet(datetime.fromisoformat(f"2026-03-02T{clock}:00+08:00")) is is_quiet


def test_every_kind_has_words_in_both_languages() -> None:
    """One line for each item, a heading where there are several."""
    item = {"ticket": "east-20260302-1", "label": "Bins", "label_zh": "垃圾", "rung": 80, "what": "extend"}
    due = {"due_at": "2026-03-02T02:00:00+00:00"}
    for language, word in (("zh", "垃圾"), ("en", "Bins")):
        for kind in KINDS:
            said = text([item | due | {"kind": kind}], "Asia/Shanghai", language)
            assert word in said and "03-02 10:00" in said and "\n" not in said and "{" not in said
    two = text([item | {"kind": "remind"}, item | {"kind": "question", "said": "where?"}], "Asia/Shanghai", "en")
    assert two.splitlines()[0] == "2 matters" and "80 %" in two and two.endswith("where?")


@pytest.mark.parametrize(("exercise", "said"), [(True, True), (False, False)])
def test_an_exercise_is_said_to_be_one(exercise: bool, said: bool) -> None:
    """Whoever is woken by it knows at once; of what is real nothing is added."""
    city = Deciding()
    ticket = city.report("A", exercise=exercise)
    rows = list(notice_rows(city.outcome.decision, {ticket.id: ticket}, city.laws))
    offer = next(json.loads(row["body"]) for row in rows if row["kind"] == "offer")
    for language, word in (("zh", "演练"), ("en", "EXERCISE")):
        assert text([offer], "Asia/Shanghai", language).startswith(f"{word} ") is said
    assert offer.get("exercise", False) is said


async def test_an_empty_book_is_whole_and_none_sends_nothing(tmp_path: Path) -> None:
    """A mailbox keeps the newest; the same message again is the same file."""
    person, poster = Book().of("source:app"), Poster("loopback")
    box = way_to(Book(), "source:app", person, folder=tmp_path / "box", poster=poster)
    shown = way_to(Book(), "x", Person(way="none"), folder=tmp_path / "box", poster=poster)
    for n in (*range(1, KEPT + 3), KEPT + 2):
        message = Message(f"notice:source:app:{n}", "", "notice", body=f'"{n}"', attempts=0, tries=0)
        assert (await box.send(message)).is_taken and (await shown.send(message)).is_taken
    files = sorted((tmp_path / "box").glob("*/*.json"))
    assert [file.read_text() for file in files] == [f'"{n}"' for n in range(3, KEPT + 3)]
    lower = Message("notice:source:app:1", "", "notice", body='"after the database was put back"', attempts=0, tries=0)
    assert (await box.send(lower)).is_taken
    files = sorted((tmp_path / "box").glob("*/*.json"))
    assert len(files) == KEPT and files[0].read_text() == lower.body
