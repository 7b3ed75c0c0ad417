"""The whole audit of one log: one pass over the decisions, every check, and the figures (issue: keys of the JSON)."""

from collections import Counter
from typing import Any, NamedTuple

import msgspec

from engine.audit.causes import Causes
from engine.audit.deadlines import Deadlines
from engine.audit.findings import Findings
from engine.audit.firings import Firings
from engine.audit.history import History
from engine.audit.in_time import InTime
from engine.audit.rates import Rates
from engine.audit.shares import Shares
from engine.audit.signoff import SignOff, tickets_of
from engine.audit.state import check_state
from engine.audit.tasks import Tasks
from engine.audit.verdicts import AGED, Verdicts
from engine.kafka.log_snapshot import Log, Timeline
from topics.events.types import EventType
from topics.vocabulary import FINAL, REFUSALS


class Report(msgspec.Struct, frozen=True):
    """The figures of an audit, under the names of its JSON."""

    incidents: int
    tickets: int
    rejected: dict[str, int]
    duplicates: int
    held: int
    pending: int
    """Identities that a stage has not come to yet; they are not among ``incidents``."""
    split: dict[str, dict[str, dict[str, Any]]]
    departments: dict[str, dict[str, Any]]
    rungs: dict[str, int]
    open: int
    closed: int
    statuses: dict[str, int]
    refused: int
    refusals: dict[str, int]
    decisions: int
    lost: int
    doubled: int
    early: int
    missing: int
    split_errors: int
    due_errors: int
    state_errors: int
    unexplained: int
    waiting: int
    """Rungs past their moment that may still fire: their partition has input to read, or they are late by seconds."""
    whistles: int
    reported_in: int
    whistle_rates: dict[str, dict[str, Any]]
    """Street -> tickets filed, whistles, and whether that lies within the pack's band."""
    in_time: int
    """Finished within the limit to solve the matter, and those that missed it; what still runs is in neither."""
    limits_missed: int
    problems: dict[str, list[str]]
    """The first offenders of each kind of fault."""
    vouches_from: int | None
    """Engine time from which on this holds, where retention has cut the decisions; ``None``: from the beginning."""
    signed_off: dict[str, Any] | None
    """The signed-off snapshot that a cut log begins with: when it was signed, up to when it speaks, from when it
    vouched itself."""
    aged: int
    """Identities and tickets of which only a part is left: not judged by what is gone."""
    clean: bool
    """No fault was found, in a log that holds an incident at least: to have looked at nothing is no proof."""


class Audited(NamedTuple):
    """An audit, and how everything stands at its end."""

    report: Report
    history: History
    partition_of: dict[str, int]
    signed: SignOff | None


def audit(log: Log) -> Report:
    """Work out what should have happened from the log alone, and compare."""
    return audited(log).report


def audited(log: Log, signed: SignOff | None = None) -> Audited:
    """Audit a log; one that is cut begins with a signed-off snapshot, if that is given (and ``begun_at`` lets it)."""
    findings = Findings()
    history = History(log, findings)
    stood = tickets_of(signed, log.stood) if signed is not None else {}
    history.begin_with(stood)
    deadlines = Deadlines(log.bundles())
    firings = Firings(log, history, deadlines, timeline=Timeline(log.clocks()), findings=findings)
    shares, tasks = Shares(deadlines, history, findings), Tasks(log, history.cut, findings)
    causes = Causes(log, history, findings)
    verdicts = Verdicts(log, history, findings)
    causes.partition_of.update({name: partition for name, (partition, _, _) in stood.items()})
    rates, in_time = Rates(log), InTime()
    events, refusals = Counter[str](), Counter[str]()
    for step in history.steps():
        for watcher in (causes, firings, shares, tasks, rates, in_time):
            watcher.see(step)
        events.update(event.type for event in step.decision.events)
        if step.decision.reason in REFUSALS:
            refusals[str(step.decision.reason)] += 1
    history.adopt_state()
    causes.partition_of.update(history.adopted)
    unsettled = causes.check_consumed()
    verdicts.judge()
    causes.check_journals(verdicts)
    waiting = firings.look_for_missing(unsettled, causes.partition_of)
    shares.check_state(log)
    check_state(log, history, findings)
    departments, made, late = tasks.check(), len(causes.partition_of), in_time.counts()
    split, rated = shares.table(), rates.table()
    counted = _Counted(
        split, departments, events, refusals=refusals, waiting=waiting, made=made, rates=rated, in_time=late
    )
    report = _report(findings, history, verdicts, firings, counted)
    if signed is not None and log.stood:
        said = {"signed_at": signed.signed_at, "at": signed.at, "vouches_from": signed.vouches_from}
        report = msgspec.structs.replace(report, signed_off={**said, "tickets": len(stood)})
    return Audited(report, history, causes.partition_of, signed=signed)


class _Counted(NamedTuple):
    """What was counted on the way."""

    split: dict[str, dict[str, dict[str, Any]]]
    departments: dict[str, dict[str, Any]]
    events: Counter[str]
    refusals: Counter[str]
    waiting: int
    made: int
    rates: dict[str, dict[str, Any]]
    in_time: tuple[int, int]


def _report(findings: Findings, history: History, verdicts: Verdicts, firings: Firings, counted: _Counted) -> Report:
    statuses = Counter(str(ticket.status) for ticket in history.before.values())
    standing = sum(count for status, count in statuses.items() if status not in FINAL)
    tickets, rejected, held, pending = verdicts.counts()
    found = findings.counts()
    incidents = tickets + rejected.total() + held + sum(verdict == "lost" for verdict in verdicts.by_identity.values())
    return Report(
        incidents=incidents,
        tickets=tickets,
        rejected=dict(sorted(rejected.items())),
        duplicates=verdicts.duplicates,
        held=held,
        pending=pending,
        split=counted.split,
        departments=counted.departments,
        rungs=dict(sorted(firings.rungs.items())),
        open=standing,
        closed=counted.made - standing,
        statuses=dict(sorted(statuses.items())),
        refused=counted.refusals.total(),
        refusals=dict(sorted(counted.refusals.items())),
        decisions=len(history.decided),
        **found,
        waiting=counted.waiting,
        whistles=counted.events[EventType.WHISTLE_RAISED],
        reported_in=counted.events[EventType.DEPARTMENT_REPORTED_IN],
        whistle_rates=counted.rates,
        in_time=counted.in_time[0],
        limits_missed=counted.in_time[1],
        problems=findings.named(),
        vouches_from=history.cut.vouches_from(history.first_at),
        signed_off=None,
        aged=len(history.adopted) + sum(verdict == AGED for verdict in verdicts.by_identity.values()),
        clean=findings.clean and (incidents > 0 or standing > 0),
    )
