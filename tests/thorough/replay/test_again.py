"""The log decided once more: a sound one comes out byte by byte, one altered byte is named, a gap stops it."""

import random
import re
from collections.abc import Callable

import msgspec
import pytest

from engine.kafka.log_snapshot import Entry, Log
from engine.replay.recorded_history import Gap, history_of
from engine.replay.render import verdict_lines
from engine.replay.verify import Verdict, verify
from tests.support.busy_days import Dispatch, busy_days
from tests.support.town import MINUTE, REF, SPEED, START
from topics.codec import decode, encode
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import DecisionId
from topics.reference import EngineClock
from topics.vocabulary import CommandKind, Role

DECISIONS = "tickets.decisions"


def alter(log: Log, topic: str, index: int, value: bytes) -> None:
    """Put another value into a record."""
    log.entries[topic][index] = log.entries[topic][index]._replace(value=value)


def change(log: Log, index: int, **fields: object) -> Entry:
    """Change members of a decision; answers the record."""
    entry = log.entries[DECISIONS][index]
    alter(log, DECISIONS, index, encode(msgspec.structs.replace(decode(entry.value or b"", Decision), **fields)))
    return entry


def first_of(log: Log, kind: str, after: int = 0) -> int:
    """The place of the first decision of a kind of cause."""
    return next(
        n for n, e in enumerate(log.entries[DECISIONS]) if n >= after and decode(e.value or b"", Decision).cause == kind
    )


@pytest.mark.parametrize("seed", range(6))
def test_busy_days_come_out_byte_by_byte(seed: int) -> None:
    """Reports, commands done and refused, referrals, whistles, clocks: every decision is what it was."""
    log = busy_days(seed, incidents=60, hours=72)
    verdict = verify(log)
    assert verdict.mismatches == ()
    assert verdict.identical == verdict.decisions == len(log.of(DECISIONS)) > 700
    assert verdict_lines(verdict) == [
        f"replayed: all {verdict.decisions} decisions of 1 partitions identical, byte by byte"
    ]


def altered_byte(log: Log, draw: random.Random) -> Entry:
    """Put another letter or digit in the place of one, somewhere in some decision but in its own moment."""
    index = draw.randrange(len(log.entries[DECISIONS]))
    entry = log.entries[DECISIONS][index]
    value = bytearray(entry.value or b"")
    moment = re.search(rb'"at":\d+', value)
    assert moment is not None
    place = draw.choice(
        [n for n, byte in enumerate(value) if chr(byte).isalnum() and not moment.start() <= n < moment.end()]
    )
    value[place] = (
        ord("7" if chr(value[place]) != "7" else "3")
        if chr(value[place]).isdigit()
        else ord("x" if chr(value[place]) != "x" else "y")
    )
    alter(log, DECISIONS, index, bytes(value))
    return entry


@pytest.mark.parametrize("seed", range(30))
def test_one_altered_byte_is_named(seed: int) -> None:
    """Wherever it lies: the decision that holds it is named, as different or as one that names no record of the log."""
    log = busy_days(3, incidents=12, hours=24)
    entry = altered_byte(log, random.Random(seed))
    assert re.search(rf"\b{re.escape(entry.id)}\b", what_is_said(log))


def what_is_said(log: Log) -> str:
    """The gap, or the first line about what differs."""
    try:
        verdict = verify(log)
    except Gap as gap:
        return str(gap)
    return verdict_lines(verdict)[0] if len(verdict.mismatches) == 1 else ""


def test_the_first_difference_is_shown_with_both_sides() -> None:
    """Member by member, nothing else; the count says how far it was the same."""
    log = busy_days(1, incidents=20, hours=24)
    index = first_of(log, "clock", after=20)
    entry = change(log, index, reason="done_as_asked", home="elsewhere")
    lines = verdict_lines(verify(log))
    assert lines[0].startswith(f"{entry.id} differs: clock:")
    assert lines[1:7] == [
        "  reason", '    recorded  "done_as_asked"', f'    replayed  "{_reason(entry)}"',
        "  home", '    recorded  "elsewhere"', f'    replayed  "{_home(entry)}"',
    ]  # fmt: skip
    assert lines[-1].startswith(f"replayed: NOT identical; {index} of ")


def _reason(entry: Entry) -> str:
    return decode(entry.value or b"", Decision).reason


def _home(entry: Entry) -> str:
    return decode(entry.value or b"", Decision).home


def test_equal_values_in_other_bytes_are_shown_as_bytes() -> None:
    """A space more is a difference, too."""
    log = busy_days(1, incidents=5, hours=12)
    value = log.entries[DECISIONS][4].value or b""
    alter(log, DECISIONS, 4, value.replace(b",", b", ", 1))
    lines = verdict_lines(verify(log))
    assert f"  byte {value.index(b',') + 1} (of {len(value) + 1} recorded, {len(value)} replayed)" in lines


def test_an_altered_report_shows_in_its_decision() -> None:
    """The cause says another grid than the one that was decided."""
    log = busy_days(2, incidents=10, hours=12)
    entry = log.entries["incidents"][3]
    alter(
        log,
        "incidents",
        3,
        (
            (entry.value or b"").replace(b"-1", b"-2")
            if b'-1"' in (entry.value or b"")
            else (entry.value or b"").replace(b"-2", b"-1")
        ),
    )
    assert [found.told.id for found in verify(log).mismatches] == [entry.id]


def test_bytes_that_are_no_decision_are_shown() -> None:
    """Nothing after them is looked at, and they are no gap."""
    log = busy_days(1, incidents=10, hours=12)
    alter(log, DECISIONS, 6, b'{"id": 7')
    lines = verdict_lines(verify(log))
    assert lines[0] == "tickets.decisions:0:6 differs: (no id) at 1970-01-01 08:00 Asia/Shanghai (0), unreadable"
    assert lines[2] == "  replayed  nothing: the record is no decision"


@pytest.mark.parametrize(
    ("shift", "word"),
    [
        pytest.param(-7 * 24 * 60 * MINUTE, "lies before that of the decision in front of it", id="back in time"),
        pytest.param(None, "no clock is due at that moment", id="before it is due"),
    ],
)
def test_a_moment_that_cannot_be_is_named(shift: int | None, word: str) -> None:
    """Time never runs back in a partition, and no clock fires early."""
    log = busy_days(1, incidents=10, hours=24)
    moments = [decode(entry.value or b"", Decision).at for entry in log.entries[DECISIONS]]
    index = first_of(log, "clock", after=10)
    while moments[index - 1] == moments[index]:
        index = first_of(log, "clock", after=index + 1)
    before = moments[index - 1]
    at = before if shift is None else before + shift
    entry = change(log, index, at=at)
    found = verify(log).mismatches[0]
    assert (found.told.where, found.again) == (entry.id, None)
    assert word in (found.fault or "")


def test_what_was_held_is_passed_by_and_what_waits_is_counted() -> None:
    """A held incident changes nothing, whatever its bytes are; an unreadable command is refused again; two records
    wait."""
    told = Dispatch()
    told.report(1, "bins", "east", "east-1", START + MINUTE)
    broken = told._put("incidents", b"east", b"{", START + 2 * MINUTE)
    told._put(
        DECISIONS,
        b"east",
        encode(
            Decision(
                id=DecisionId(broken.id),
                at=START + 2 * MINUTE,
                cause="held",
                reason="held",
                home="east",
                engine="0.1.0",
            )
        ),
        START + 2 * MINUTE,
    )
    told.report(2, "lift", "east", "east-1", START + 3 * MINUTE)
    told._put("incidents", b"east", b"{", START + 4 * MINUTE)
    told._put("commands", b"east", b"{", START + 4 * MINUTE)
    verdict = verify(told.finish())
    assert (verdict.identical, verdict.held, verdict.waiting, verdict.mismatches) == (3, 1, 2, ())
    assert verdict_lines(verdict)[0] == "1 held records changed nothing and were not decided again"


def drop_command(log: Log) -> str:
    """Retention has taken the second command."""
    return log.entries["commands"].pop(1).id


def drop_incident(log: Log) -> str:
    """Retention has taken the first report."""
    return log.entries["incidents"].pop(0).id


def drop_decision(log: Log) -> str:
    """A decision about a report is gone, so that its report has none."""
    return decode(log.entries[DECISIONS].pop(first_of(log, "incident", after=9)).value or b"", Decision).id


def late_beginning(log: Log) -> str:
    """The first decisions have been dropped."""
    log.begins[DECISIONS, 0] = 5
    del log.entries[DECISIONS][:5]
    return "tickets.decisions of partition 0 begins at offset 5"


def without_pack(log: Log) -> str:
    """The bundle is not on reference any more."""
    log.entries["reference"] = [entry for entry in log.entries["reference"] if entry.key == b"clock"]
    return REF


@pytest.mark.parametrize("damage", [drop_command, drop_incident, drop_decision, late_beginning, without_pack])
def test_a_gap_stops_and_says_where(damage: Callable[[Log], str]) -> None:
    """What cannot be told from the log any more is not guessed."""
    log = busy_days(1, incidents=20, hours=24)
    where = damage(log)
    with pytest.raises(Gap, match=re.escape(where)):
        history_of(log)


def test_commands_are_bounded_by_the_clock_of_their_start() -> None:
    """An accelerated stack started twice has two mappings; each command is read by the one that was in force when it
    was decided."""
    told = Dispatch()
    told.report(1, "bins", "east", "east-1", START + MINUTE)
    holder = told.book.tickets["east-20260302-1"]
    late = START + 10 * MINUTE
    told.command(
        Command(
            id="c1",
            kind=CommandKind.ACCEPT,
            actor=Actor(Role(holder.party or ""), holder.person),
            accepted_at=late + 60 * MINUTE,
            ticket=holder.id,
        ),
        late,
    )
    log = told.finish()
    assert verify(log).mismatches == ()
    after = log.entries[DECISIONS][-1].appended_ms + 1
    log.entries["reference"].append(
        Entry(
            "reference",
            0,
            9,
            key=b"clock",
            value=encode(EngineClock(START, 60 * MINUTE // SPEED, SPEED)),
            headers=(),
            appended_ms=after,
        )
    )
    assert verify(log).mismatches == ()
    log.entries["reference"][-1] = log.entries["reference"][-1]._replace(appended_ms=0)
    assert [found.told.id for found in verify(log).mismatches] == ["commands:0:1"]


def test_a_clock_that_compaction_took_is_replaced_by_the_record() -> None:
    """The bound of its commands is what the decisions say, and the verdict counts them."""
    log = busy_days(1, incidents=20, hours=24)
    last = log.entries[DECISIONS][-1].appended_ms
    log.entries["reference"] = [
        e._replace(appended_ms=last + 1) if e.key == b"clock" else e for e in log.entries["reference"]
    ]
    verdict: Verdict = verify(log)
    assert verdict.mismatches == ()
    assert verdict.bounded == len(log.entries["commands"])
    assert f"for {verdict.bounded} commands the clock of that start is gone" in verdict_lines(verdict)[0]
