"""The judge of the faults tests sees what it is there to see: a log with one record gone, twice or too early is never
sound."""

import json
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.kafka.log_snapshot import Log
from tests.support.busy_days import busy_days
from tests.support.ledger import Ledger, Verdict
from topics.ids import partition_of

SEED, INCIDENTS = 7, 8
Entries = list[tuple[str, Any]]


@pytest.fixture(scope="module")
def log() -> Log:
    """A busy town's day."""
    return busy_days(SEED, INCIDENTS, 12)


@pytest.fixture(scope="module")
def entries(log: Log) -> Entries:
    """Its decisions, tasks and clock, as they come from the broker."""
    wanted = [
        topic for topic in log.entries if topic in ("reference", "tickets.decisions") or topic.startswith("dept.")
    ]
    return [
        (
            topic,
            SimpleNamespace(value=one.value, key=one.key, partition=0, offset=one.offset, timestamp=one.appended_ms),
        )
        for topic in sorted(wanted, key=lambda name: name != "reference")
        for one in log.entries[topic]
    ]


@pytest.fixture(scope="module")
def journal(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the town's senders were told."""
    lines = [
        {"id": b":".join(text for _, text in one.headers).decode(), "kind": "incident"}
        for one in log.entries["incidents.raw"]
    ]
    lines += [{"id": json.loads(one.value)["id"], "kind": "command"} for one in log.entries["commands"] if one.value]
    path = tmp_path_factory.mktemp("ledger") / "journal.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def judged(entries: Entries, journal: Path) -> Verdict:
    """What it says of a log."""
    ledger = Ledger("", "", 1)
    for topic, record in entries:
        ledger._take(topic, record)
    return ledger.judge(journal)


def test_a_sound_log_is_sound(entries: Entries, journal: Path) -> None:
    """Every figure is there, nothing is cried over."""
    found = judged(entries, journal)
    assert found.sound, found.told()
    assert (
        found.tickets == found.incidents == INCIDENTS
        and found.clocks > 5
        and found.tasks > 2
        and found.commands > 10
        and found.referred > 0
    )


def said(record: Any) -> dict[str, Any]:
    """A record's JSON."""
    found: dict[str, Any] = json.loads(record.value)
    return found


def without(entries: Entries, of: Callable[[str, Any], bool]) -> Iterator[Entries]:
    """The log with each of these records gone, in turn."""
    for n, (topic, record) in enumerate(entries):
        if of(topic, record):
            yield entries[:n] + entries[n + 1 :]


def is_incident(topic: str, record: Any) -> bool:
    """Whether it is the decision of a report."""
    return topic == "tickets.decisions" and said(record)["cause"] == "incident"


def is_task(topic: str, record: Any) -> bool:
    """Whether it is a task."""
    return topic.startswith("dept.")


@pytest.mark.parametrize("of", [is_incident, is_task])
def test_what_is_gone_is_lost(entries: Entries, journal: Path, of: Callable[[str, Any], bool]) -> None:
    """A report's decision or a task, one at a time."""
    assert all(judged(cut, journal).lost for cut in islice(without(entries, of), 5))


def test_what_is_there_twice_is_doubled(entries: Entries, journal: Path) -> None:
    """Any decision or task once more, further down the log."""
    draw = random.Random(SEED)
    for topic, record in draw.sample([one for one in entries if one[0] != "reference"], 10):
        again = SimpleNamespace(**{**vars(record), "offset": 10**6})
        assert judged([*entries, (topic, again)], journal).doubled, record.value


def test_a_second_ticket_of_an_identity_is_doubled(entries: Entries, journal: Path) -> None:
    """Under another id and name, as if it had been decided twice."""
    topic, record = next(one for one in entries if is_incident(*one))
    second = {**said(record), "id": "incidents:9:9"}
    assert judged(
        [*entries, (topic, SimpleNamespace(**{**vars(record), "offset": 10**6, "value": json.dumps(second)}))], journal
    ).doubled


def test_a_clock_before_its_time_is_early(entries: Entries, journal: Path) -> None:
    """By what it says, or by when the broker got it."""
    clocks = [
        n
        for n, (topic, record) in enumerate(entries)
        if topic == "tickets.decisions"
        and said(record)["cause"] == "clock"
        and any("due_at" in e["facts"] for e in said(record)["events"])
    ]
    for n in clocks[:: len(clocks) // 4]:
        topic, record = entries[n]
        for change in ({"timestamp": 0}, {"value": json.dumps({**said(record), "at": 1})}):
            earlier = SimpleNamespace(**{**vars(record), **change})
            assert judged([*entries[:n], (topic, earlier), *entries[n + 1 :]], journal).early


def test_a_reader_of_junk_goes_on(entries: Entries, journal: Path) -> None:
    """A stranger's records are none of its business."""
    junk = [
        ("tickets.decisions", SimpleNamespace(value=value, key=None, partition=0, offset=10**6 + n, timestamp=0))
        for n, value in enumerate((None, b"\xff", b"{}", b"[]", b"1", b"[" * 9999))
    ]
    assert judged([*entries, *junk], journal).sound
    assert partition_of("east", 1) == 0


@pytest.mark.parametrize("topic", ["tickets.decisions", "dept.ranqi.tasks"])
@pytest.mark.parametrize("value", [None, b"junk", b"{}", b"[]", b"[" * 10_000])
def test_what_a_stranger_writes_is_passed_by(entries: Entries, journal: Path, topic: str, value: bytes | None) -> None:
    """Junk beside sound records: the judge neither fails nor counts it."""
    junk = SimpleNamespace(value=value, key=b"x", partition=7, offset=0, timestamp=0)
    assert judged([*entries, (topic, junk)], journal) == judged(entries, journal)
