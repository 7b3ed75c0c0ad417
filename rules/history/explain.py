"""Says in words why a decision came out as it did, and works its split and its clock out a second time (DESIGN 8)."""

from typing import Any
from zoneinfo import ZoneInfo

from rules.history.deadline_rows import reckoned
from rules.law import split
from rules.law.categories import category_of
from rules.law.compiled import Law
from rules.law.moments import length, moment
from rules.ticket import clocks
from topics import codec
from topics.decision import Decision, Event
from topics.events.types import EventType
from topics.ticket import Quota, Ticket

FIRINGS = (EventType.CLOCK_AT_RISK, EventType.CLOCK_BREACHED)


def asks_roster(decision: Decision) -> bool:
    """Say whether something of a decision is worked out by who was on the roster: whose turn it was in the split."""
    return any(
        event.type == EventType.TICKET_FILED and event.facts.get("counted") == "split" for event in decision.events
    )


def explain(decision: Decision, before: Ticket | None, law: Law, duty_law: Law | None) -> tuple[list[str], int, bool]:
    """Explain one decision.

    Args:
        decision: As it stands in the log.
        before: The ticket as it was, if there was one.
        law: The pack the decision names in ``why.pack``.
        duty_law: The same with the roster as it was then; ``None``: that has aged away, and what rests on it is not
            worked out.
    Returns:
        Lines to print, how many things were worked out again, and whether each came out as it was decided.
    """
    why, zone = decision.why, ZoneInfo(law.bundle.timezone)
    lines = _cause(decision, zone)
    lines += [f"rule {rule}" for rule in why.rules]
    lines += [f"{name}: {_fact(name, why.facts[name], zone)}" for name in sorted(why.facts)]
    lines += [f"not {candidate}: {reason}" for candidate, reason in why.refused]
    agrees, count = True, 0
    if duty_law is None and asks_roster(decision):
        lines.append(f"not vouched for: who could take it goes by roster {why.roster}, whose changes have aged away")
    for event in decision.events:
        lines.append(f"{event.type} {_facts(event, zone)}".rstrip())
        if event.type in FIRINGS and before is not None:
            rows, same = _arithmetic(event, before, law)
            lines += [f"    {row}" for row in rows]
            agrees = agrees and same
        for said, same in _again(decision, event, before, law, duty_law):
            lines.append(f"worked out again: {said}{'' if same else ' — DISAGREES'}")
            agrees, count = agrees and same, count + 1
    if why.pack is not None:
        lines.append(
            f"by pack {why.pack}, calendar {why.calendar or '-'}, grid {why.grid or '-'}, roster {why.roster or '-'}"
        )
    return lines, count, agrees


def _cause(decision: Decision, zone: ZoneInfo) -> list[str]:
    said = f"at {moment(decision.at, zone)} by {decision.cause}"
    if decision.command is not None:
        said += f" {decision.command} of {decision.actor} ({decision.command_id})"
    given = decision.said
    words = [
        f"{name}: {_word(value)}"
        for name in ("reason", "text", "proof")
        if given is not None and (value := getattr(given, name))
    ]
    return [
        said,
        *(f"said with it, {word}" for word in words),
        *([f"first decided as {decision.first_decision}"] if decision.first_decision else []),
    ]


def _facts(event: Event, zone: ZoneInfo) -> str:
    shown = {
        name.removesuffix("_ms"): _fact(name, value, zone)
        for name, value in event.facts.items()
        if value not in (None, "", [])
    }
    return ", ".join(f"{name} {shown[name]}" for name in sorted(shown))


def _fact(name: str, value: Any, zone: ZoneInfo) -> str:
    """Write a fact as people read it: moments and lengths are known by their names."""
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_at") or name == "until":
            return moment(value, zone)
        if name.endswith("_ms"):
            return length(value)
    return _word(value)


def _word(value: Any) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


def _again(
    decision: Decision, event: Event, before: Ticket | None, law: Law, duty_law: Law | None
) -> list[tuple[str, bool]]:
    if event.type in FIRINGS and before is not None:
        return _clock(decision, event, before, law)
    if event.type == EventType.TICKET_FILED:
        found = _limit(decision, event, law)
        return (
            [
                *found,
                *(_eligible(decision, event, duty_law) if duty_law is not None else []),
                *_split(decision, event, law),
            ]
            if event.facts.get("counted") == "split"
            else found
        )
    if event.type == EventType.TICKET_MOVED and before is not None:
        return _tiers(decision, event, before, law)
    if event.type == EventType.TICKET_REOPENED and before is not None:
        return [(f"generation {before.generation + 1}", event.facts["generation"] == before.generation + 1)]
    return []


def _arithmetic(event: Event, before: Ticket, law: Law) -> tuple[list[str], bool]:
    said = event.facts
    clock = next((c for c in before.clocks if c.kind == said["clock"] and c.number == said["number"]), None)
    return reckoned(law, clock, said["rung"], before.urgency) if clock is not None else ([], True)


def _image(decision: Decision, event: Event) -> Ticket | None:
    image = next(
        (change.after for change in decision.changes if change.ticket == event.ticket and change.after is not None),
        None,
    )
    return None if image is None else codec.decode(bytes(image), Ticket)


def _limit(decision: Decision, event: Event, law: Law) -> list[tuple[str, bool]]:
    """Is the limit the category's, unless a date was promised?"""
    ticket = _image(decision, event)
    # from another home it brings its own
    if ticket is None or ticket.category not in law.categories or ticket.promised_by is not None or ticket.hops:
        return []
    limit = category_of(law, ticket.category, ticket.rule).limit
    return [
        (
            f"the limit is {limit.amount} {limit.unit}",
            (law.limit_ms(limit), limit.unit) == (event.facts["limit_ms"], event.facts["unit"]),
        )
    ]


def _tiers(decision: Decision, event: Event, before: Ticket, law: Law) -> list[tuple[str, bool]]:
    """Does it go up the ladder, that of its new category where it has one? Down only by a chief or centre (LAW 5)."""
    now = _image(decision, event) or before
    category = category_of(law, now.category, now.rule) if now.category in law.categories else None
    names = [tier.name for tier in law.ladder(category.ladder if category else "default")]
    former, to = event.facts.get("from_tier"), event.facts["to_tier"]
    if former in names and to in names and names.index(to) < names.index(former):
        by = str(decision.actor).partition(":")[0]
        return [
            (
                f"{to} stands below {former}: moved down by {by}",
                decision.command == "escalate" and by in ("chief", "centre"),
            )
        ]
    return [(f"{to} stands above {former} in {' -> '.join(names)}", to in names and to != former)]


def _clock(decision: Decision, event: Event, before: Ticket, law: Law) -> list[tuple[str, bool]]:
    """Is the rung due when the decision says, by the ledger as it stood before?"""
    said = event.facts
    clock = next((c for c in before.clocks if c.kind == said["clock"] and c.number == said["number"]), None)
    if clock is None:
        return [(f"no clock {said['clock']}/{said['number']} was running", False)]
    due = clocks.moment(law, clock, said["rung"], before.urgency, before.hours)
    name = (
        f"{said['rung']} % of {clock.kind} is due"
        f" {'never' if due is None else moment(due, ZoneInfo(law.bundle.timezone))}"
    )
    return [(name, due == said["due_at"] and decision.at >= said["due_at"] and said["rung"] in clock.rungs)]


def _eligible(decision: Decision, event: Event, law: Law) -> list[tuple[str, bool]]:
    """Who may take the ticket, by the same pack?"""
    ticket = _image(decision, event)
    if ticket is None:
        return []
    if ticket.category is None or ticket.category not in law.categories:
        return [(f"the pack knows no category {ticket.category}", False)]
    able, _ = split.eligible(law, category_of(law, ticket.category, ticket.rule), ticket.leaf, ticket.home)
    return [(f"eligible are {', '.join(able)}", list(able) == list(event.facts["eligible"]))]


def _split(decision: Decision, event: Event, law: Law) -> list[tuple[str, bool]]:
    """Whose turn was it, by the books before?"""
    books = decision.why.quota
    former, after = books["before"], books["after"]
    quota = Quota(
        home=decision.home,
        window=str(event.facts["window"]),
        per=books["per"],
        counts=former["counts"],
        targets=former["targets"],
    )
    party, worked_out = split.take(law, quota, tuple(event.facts["eligible"]))
    same = (
        party == event.facts["party"]
        and worked_out.counts == after["counts"]
        and worked_out.targets == after["targets"]
    )
    return [(f"the split names {party}", same)]
