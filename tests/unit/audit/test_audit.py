"""The auditor on a log told by hand: a sound one is clean, and whatever is altered is found and named."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from engine.audit.report import audit
from engine.kafka.log_snapshot import Entry, Log
from engine.kafka.send_journal import JournalEntry
from topics.codec import decode, encode
from topics.decision import Change, Decision, Event, facts_of
from topics.ids import DecisionId
from topics.reference import EngineClock
from topics.ticket import Quota, Ticket

DECISIONS = "tickets.decisions"


def test_a_sound_log_is_clean_and_counted(log: Log) -> None:
    """Every figure of the story told by hand comes out, and nothing is reported."""
    report = audit(log)
    assert report.problems == {}
    assert report.clean
    assert (report.incidents, report.tickets, report.rejected, report.duplicates, report.held) == (
        12,
        10,
        {"missing_field": 1, "unreadable": 1},
        1,
        0,
    )
    assert report.tickets + sum(report.rejected.values()) + report.held == report.incidents
    assert (report.open, report.closed, report.refused, report.pending) == (1, 9, 0, 0)
    assert report.rungs == {"50.resolve": 1, "80.resolve": 1, "100.resolve": 1}
    assert report.departments == {"cg": {"tasks": 1, "replies": 0, "events": {"overdue": 1}}}
    assert {
        party: (row["count"], row["target"], row["fully_eligible"]) for party, row in report.split["east"].items()
    } == {"backstop": (1, 1.0, 1), "red_property": (4, 4.0, 4), "residents": (2, 2.0, 2), "specialist": (3, 3.0, 3)}


def decision_at(log: Log, index: int) -> Decision:
    """The decision at a place in the log, negative from its end."""
    return decode(log.entries[DECISIONS][index].value or b"", Decision)


def rewrite(log: Log, topic: str, index: int, value: bytes | None) -> None:
    """Put another value into a record."""
    log.entries[topic][index] = log.entries[topic][index]._replace(value=value)


def alter(log: Log, index: int, **fields: object) -> None:
    """Change fields of a decision."""
    rewrite(log, DECISIONS, index, encode(msgspec.structs.replace(decision_at(log, index), **fields)))


def alter_facts(log: Log, index: int, event: int, **facts: object) -> None:
    """Change facts of one event of a decision."""
    events = list(decision_at(log, index).events)
    events[event] = Event(events[event].type, events[event].ticket, facts_of(events[event]) | facts)
    alter(log, index, events=tuple(events))


def alter_image(log: Log, index: int, **fields: object) -> None:
    """Change the after-image of a decision, and the state alike, so that only the law can tell."""
    change = decision_at(log, index).changes[0]
    after = msgspec.structs.replace(decode(bytes(change.after or b""), Ticket), **fields)
    alter(log, index, changes=(Change(change.ticket, after.version, msgspec.Raw(encode(after))),))
    for place, entry in enumerate(log.entries["tickets.state"]):
        if entry.key == f"t:{change.ticket}".encode() and decode(entry.value or b"", Ticket).version == change.version:
            rewrite(log, "tickets.state", place, encode(after))


def append(log: Log, topic: str, entry: Entry, **fields: Any) -> None:
    """Append a copy of a record."""
    log.entries[topic].append(entry._replace(offset=len(log.entries[topic]), **fields))


def drop(log: Log, topic: str, index: int) -> None:
    """Take a record away, offsets of the others stay."""
    log.entries[topic].pop(index)


def drop_last_rung(log: Log, hours: float = 5) -> None:
    """The 100 % rung never fires, though another decision is made long after the one before it."""
    drop(log, DECISIONS, -1)
    drop(log, "dept.cg.tasks", 0)
    place = max(n for n, e in enumerate(log.entries["tickets.state"]) if e.key == b"t:east-20260302-1")
    drop(log, "tickets.state", place)
    last = log.entries[DECISIONS][-1]
    later = Decision(
        id=DecisionId("clock:x:0:resolve:0:1"),
        at=decision_at(log, -1).at + int(hours * 3_600_000),
        cause="clock",
        reason="forgotten",
        home="east",
    )
    append(log, DECISIONS, last, value=encode(later), appended_ms=last.appended_ms + 3_600_000)


def late_closing(log: Log) -> None:
    """The source's closing of the second ticket was handed in long after its first rung was due, and yet nothing
    fired."""
    entry = log.entries["commands"][0]
    log.entries["commands"][0] = entry._replace(appended_ms=entry.appended_ms + 3 * 3_600_000 // 600)


def second_ticket(log: Log) -> None:
    """The same identity becomes another ticket."""
    change = decision_at(log, 0).changes[0]
    twin = msgspec.structs.replace(decode(bytes(change.after or b""), Ticket), id="east-20260302-99")
    extra = Change(twin.id, 1, msgspec.Raw(encode(twin)))
    alter(log, 0, changes=(change, extra))


def alter_quota(log: Log) -> None:
    """The books of the state count one ticket more."""
    place = next(n for n, e in enumerate(log.entries["tickets.state"]) if e.key == b"q:east")
    quota = decode(log.entries["tickets.state"][place].value or b"", Quota)
    rewrite(log, "tickets.state", place, encode(msgspec.structs.replace(quota, counts=quota.counts | {"residents": 3})))


def swap(log: Log, first: int, second: int) -> None:
    """Two records change places."""
    entries = log.entries[DECISIONS]
    a, b = entries[first], entries[second]
    entries[first], entries[second] = b._replace(offset=a.offset), a._replace(offset=b.offset)


MUTATIONS: dict[str, tuple[Callable[[Log], None], str]] = {
    "an acknowledged incident vanished": (lambda log: drop(log, "incidents.raw", 3), "lost"),
    "an acknowledged incident has other bytes": (lambda log: rewrite(log, "incidents.raw", 3, b"{ }"), "lost"),
    "a rejection is missing": (lambda log: drop(log, "incidents.rejected", 1), "lost"),
    "a duplicate left no trace": (lambda log: drop(log, "incidents.rejected", 0), "lost"),
    "an accepted incident is missing": (lambda log: drop(log, "incidents", 4), "lost"),
    "an accepted incident is there twice": (
        lambda log: append(log, "incidents", log.entries["incidents"][0]),
        "doubled",
    ),
    "an incident came from nowhere": (
        lambda log: (drop(log, "incidents.raw", 9), log.journals.clear()),  # type: ignore[dict-item,func-returns-value]
        "unexplained",
    ),
    "a rejection is there twice": (
        lambda log: append(log, "incidents.rejected", log.entries["incidents.rejected"][1]),
        "doubled",
    ),
    "a filing is missing": (lambda log: drop(log, DECISIONS, 4), "lost"),
    "a decision is there twice": (lambda log: append(log, DECISIONS, log.entries[DECISIONS][2]), "doubled"),
    "two decisions changed places": (lambda log: swap(log, 2, 14), "state_errors"),
    "a decision lies before the one in front": (lambda log: alter(log, 5, at=decision_at(log, 3).at), "state_errors"),
    "a decision cannot be read": (lambda log: rewrite(log, DECISIONS, 5, b"{"), "state_errors"),
    "a decision is no UTF-8": (lambda log: rewrite(log, DECISIONS, 5, b'{"id":"\xff"}'), "state_errors"),
    "a command's decision is missing": (lambda log: drop(log, DECISIONS, 12), "lost"),
    "an acknowledged command vanished": (lambda log: drop(log, "commands", 2), "lost"),
    "an identity became two tickets": (second_ticket, "doubled"),
    "a version was left out": (lambda log: alter_image(log, -1, version=9), "state_errors"),
    "the split took another party": (lambda log: alter_facts(log, 3, 1, party="backstop"), "split_errors"),
    "the split forgot an eligible party": (
        lambda log: alter_facts(log, 3, 1, eligible=["residents", "backstop"]),
        "split_errors",
    ),
    "the split was booked in another month": (lambda log: alter_facts(log, 3, 1, window="2026-02"), "split_errors"),
    "the books of the split are off": (alter_quota, "split_errors"),
    "a rung fired before its moment": (lambda log: alter(log, -3, at=decision_at(log, -3).at - 501), "early"),
    "a rung says another due moment": (
        lambda log: alter_facts(log, -1, 0, due_at=decision_at(log, -1).at - 7),
        "due_errors",
    ),
    "a rung says another lateness": (lambda log: alter_facts(log, -1, 0, late_by_ms=7), "due_errors"),
    "the ledger gave more time than the firing": (
        lambda log: alter_image(
            log,
            0,
            clocks=(
                msgspec.structs.replace(
                    decode(bytes(decision_at(log, 0).changes[0].after or b""), Ticket).clocks[0], limit_ms=5 * 3_600_000
                ),
            ),
        ),
        "early",
    ),
    "a rung fired before the broker's own time": (
        lambda log: rewrite(
            log,
            "reference",
            0,
            encode(
                EngineClock(
                    decode(log.entries["reference"][0].value or b"", EngineClock).start_at - 3_600_000,
                    1_770_000_000_000,
                    600,
                )
            ),
        ),
        "early",
    ),
    "a rung fired twice": (lambda log: alter_facts(log, -2, 0, rung=50), "doubled"),
    "a rung of an unknown ticket fired": (
        lambda log: alter(
            log,
            -1,
            events=(Event("ClockBreached", "east-20260302-77", {"clock": "resolve", "number": "0", "rung": 100}),),
        ),
        "unexplained",
    ),
    "a rung never fired": (drop_last_rung, "missing"),
    "a command stopped a clock that was due before it": (late_closing, "missing"),
    "a task is missing on its topic": (lambda log: drop(log, "dept.cg.tasks", 0), "lost"),
    "a task is there twice": (lambda log: append(log, "dept.cg.tasks", log.entries["dept.cg.tasks"][0]), "doubled"),
    "a task came from nowhere": (lambda log: alter(log, -1, events=decision_at(log, -1).events[:1]), "unexplained"),
    "a task differs from its decision": (lambda log: alter_facts(log, -1, 1, role="lead"), "state_errors"),
    "a ticket is missing in the state": (lambda log: drop(log, "tickets.state", 18), "state_errors"),
    "a ticket in the state is another": (
        lambda log: rewrite(
            log,
            "tickets.state",
            18,
            (log.entries["tickets.state"][18].value or b"").replace(b'"person":"p"', b'"person":"q"'),
        ),
        "state_errors",
    ),
    "a ticket in the state is forgotten": (lambda log: rewrite(log, "tickets.state", 18, None), "state_errors"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_is_found(log: Log, name: str) -> None:
    """A record deleted, doubled, moved or altered makes the audit fail with the kind of fault it is."""
    mutate, kind = MUTATIONS[name]
    mutate(log)
    report = audit(log)
    assert not report.clean
    assert getattr(report, kind) >= 1, report.problems


def test_an_incident_on_its_way_is_pending_and_not_lost(log: Log) -> None:
    """What intake has not read yet is no fault, and not among the incidents."""
    raw = log.entries["incidents.raw"]
    append(log, "incidents.raw", raw[0], headers=(("ce_source", b"hotline"), ("ce_id", b"new")))
    log.journals.append(
        JournalEntry(
            id="hotline:new",
            kind="incident",
            topic="incidents.raw",
            partition=0,
            offset=len(raw) - 1,
            sha256=log.journals[0].sha256,
        )
    )
    report = audit(log)
    assert report.clean, report.problems
    assert (report.pending, report.incidents) == (1, 12)


def test_a_record_moved_to_its_partition_is_one_incident(log: Log) -> None:
    """Intake publishes a record of the wrong partition once more: the copy is no second report."""
    raw = log.entries["incidents.raw"]
    stray = raw[0]._replace(partition=1, offset=0)
    raw[0] = raw[0]._replace(headers=(*raw[0].headers, ("gw-rehomed", b"1")))
    raw.append(stray)
    log.entries["intake.state"].append(log.entries["intake.state"][0]._replace(partition=1))
    report = audit(log)
    assert report.clean, report.problems
    assert report.incidents == 12


def test_a_rejected_identity_that_comes_again_mended_is_a_ticket(log: Log) -> None:
    """Each identity counts by its last verdict."""
    raw, rejected = log.entries["incidents.raw"], log.entries["incidents.rejected"]
    raw.insert(0, raw[0]._replace(offset=0))
    log.entries["incidents.raw"] = [entry._replace(offset=n) for n, entry in enumerate(raw)]
    rejected[:] = [e._replace(value=_shift(e.value or b"")) for e in rejected]
    first = rejected[1]._replace(
        value=(rejected[1].value or b"")
        .replace(b"incidents.raw:0:12", b"incidents.raw:0:0")
        .replace(b"hotline:bad", b"hotline:1")
    )
    rejected.insert(0, first)
    marker = log.entries["intake.state"][0]
    log.entries["intake.state"][0] = marker._replace(value=(marker.value or b"").replace(b":13", b":14"))
    log.journals.clear()
    report = audit(log)
    assert report.clean, report.problems
    assert (report.incidents, report.tickets, report.rejected) == (12, 10, {"missing_field": 1, "unreadable": 1})


def _shift(value: bytes) -> bytes:
    for n in (12, 11, 10):
        value = value.replace(b"incidents.raw:0:%d" % n, b"incidents.raw:0:%d" % (n + 1))
    return value


def test_clocks_of_a_partition_that_lags_wait_and_are_not_missing(log: Log) -> None:
    """A due clock may have to wait until all commands before it are read (DESIGN 6): that is told, not blamed."""
    drop_last_rung(log)
    append(log, "commands", log.entries["commands"][0])
    report = audit(log)
    assert report.missing == 0
    assert report.waiting >= 1
