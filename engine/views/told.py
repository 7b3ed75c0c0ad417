"""Writes a ticket and its history as people read them: what was said with each command, who has it, what is due
when."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from engine.terminal import plain
from engine.views.reason_texts import WORDS
from rules.law.compiled import Law
from rules.law.moments import length, local, moment
from rules.ticket import clocks
from rules.ticket.team import stage_owners
from topics.decision import Decision
from topics.events.types import EventType
from topics.ids import Instant
from topics.ticket import Clock, Ticket
from topics.vocabulary import FINAL, REFUSALS, Reason


def ticket_lines(now: Ticket, law: Law, history: Sequence[Decision], label: str) -> list[str]:
    """Show a ticket: what it is and where, who has it, clocks with their deadlines, children, and what happened so
    far."""
    zone = ZoneInfo(law.bundle.timezone)
    lines = [
        f"{now.id}  {now.status}  {label} {now.urgency or ''}  generation {now.generation}",
        f"times    {zone.key}",
        (
            f"has it   {now.person} ({now.duty}), tier {now.tier or '-'}; next:"
            f" {now.task}{'; OVERDUE' if now.is_overdue else ''}"
        ),
        (
            f"incident {now.identity}, home {now.home}, grid"
            f" {now.leaf or '-'}{f', address {now.address}' if now.address else ''}"
        ),
        f"text     {now.text or '-'}",
        "stages   " + ", ".join(f"{stage} {owner or '-'}" for stage, owner in stage_owners(law, now).items()),
        *_around(now, zone),
        *_clocks(now, law, zone),
        *(_child(now, n, zone) for n in range(len(now.children))),
    ]
    for decision in history:
        lines += [
            f"{local(decision.at, zone)}  {first}" if not n else f"{'':21}{first}"
            for n, first in enumerate(decision_lines(decision))
        ]
    return [line if not n else f"  {line}" for n, line in enumerate(map(plain, lines))]


def decision_lines(decision: Decision) -> list[str]:
    """Say what was decided, why and by whom; below it, each by itself, what the giver of the command said."""
    what = (
        ", ".join(event.type for event in decision.events if event.type != EventType.TASK_DISPATCHED) or decision.reason
    )
    if decision.reason in REFUSALS:
        what = f"refused {decision.command or ''}: {WORDS[Reason(decision.reason)]}"
    return [f"{what}  [{decision.reason}] by {decision.actor or decision.cause}", *said_lines(decision)]


def known_since(history: Sequence[Decision], zone: ZoneInfo) -> str:
    """Say from when a ticket's history is known, whose beginning retention has taken."""
    since = f"known from {local(history[0].at, zone)} on" if history else "no longer on the log"
    return f"history  {since}: what is older has aged away, the ticket stands as the state has it"


def said_lines(decision: Decision) -> list[str]:
    """Reason, text and proof given with the command, a line for each."""
    said = decision.said
    if said is None:
        return []
    given = {"reason": said.reason, "text": said.text, "proof": ", ".join(said.proof)}
    return [f"{name}: {value}" for name, value in given.items() if value]


def _around(now: Ticket, zone: ZoneInfo) -> Iterator[str]:
    """Who else is asked, helps or follows, and how it ended."""
    if now.asked is not None:
        until = f" until {moment(now.asked.until, zone)}" if now.asked.until is not None else ""
        yield (
            f"asked    {now.asked.what}{until} by {now.asked.person}: {now.asked.reason}; agreed:"
            f" {', '.join(who for _, who in now.asked.approved) or 'nobody yet'}"
        )
    if now.consent is not None:
        yield f"consent  {now.consent}; given: {', '.join(role for role, _ in now.consents) or 'none'}"
    if now.helpers:
        yield "helpers  " + ", ".join(f"{helper.party}:{helper.person}" for helper in now.helpers)
    if now.followers:
        yield "followed by " + ", ".join(now.followers)
    if now.supervised_by is not None:
        yield f"ordered  supervision by {now.supervised_by}"
    if now.attached:
        yield "attached " + ", ".join(now.attached)
    if now.folded_into is not None:
        yield f"flood    folded into {now.folded_into}"
    if now.merged_into is not None:
        yield f"merged   into {now.merged_into}"
    if now.close_reason is not None:
        yield f"ended    {now.close_reason}"
    yield from (f"appraisal {said.by} on {said.of}: {said.score} {said.text}".rstrip() for said in now.appraisals)


def _clocks(now: Ticket, law: Law, zone: ZoneInfo) -> Iterator[str]:
    for clock in now.clocks:
        rungs = [f"{rung} % {_due(clocks.moment(law, clock, rung, now.urgency), zone)}" for rung in clock.rungs]
        state = clock_state(now, clock)
        if state == "runs":
            state = "; ".join(rungs) or "all rungs fired"
        elif state == "stopped":
            state = f"stopped {_due(clock.stopped_at, zone)}"
        elif clock.paused_reason:
            state = f"stands: {clock.paused_reason}"
        yield f"clock    {clock.kind} {clock.number}: {length(clock.limit_ms)} ({clock.unit}); {state}"


def clock_state(ticket: Ticket, clock: Clock) -> str:
    """Say whether a clock ``runs``, ``stands`` for a while or has ``stopped``: what was paused in a ticket that is over
    will not run on."""
    if clock.running_since is not None:
        return "runs"
    is_paused = clock.paused_reason is not None and ticket.status not in FINAL
    return "stands" if is_paused or clock.stopped_at is None else "stopped"


def _child(now: Ticket, n: int, zone: ZoneInfo) -> str:
    child = now.children[n]
    return (
        f"child    {now.id}/{child.code}/{child.n} {child.role} {child.status}, due"
        f" {_due(child.deadline_at, zone)}{f': {child.reason}' if child.reason else ''}"
    )


def _due(at: Instant | None, zone: ZoneInfo) -> str:
    return "beyond_horizon" if at is None else local(at, zone)
