"""Telling a decision again: what it rests on, and whether working it out from its record comes to the same (DESIGN 8)."""

from typing import Any

from rules import clocks, split
from rules.law import Law
from topics.decision import Decision, Event
from topics.ticket import Ticket


def explain(decision: Decision, before: Ticket | None, law: Law) -> tuple[list[str], bool]:
    """Tell a decision in lines; ``False`` beside them when the split or a clock works out differently from its record."""
    why = decision.why
    lines = [f"pack {why.pack}, calendar {why.calendar}, grid {why.grid}, roster {why.roster}"] if decision.changes else []
    if why.rules:
        lines.append("rules that matched: " + ", ".join(why.rules))
    lines += [f"not taken: {name}, because {reason}" for name, reason in why.refused]
    agrees = True
    for event in decision.events:
        if event.type == "TicketFiled" and event.facts.get("counted") == "split":
            told, same = _split(event, why.quota, law)
            lines += told
            agrees &= same
        elif event.type in ("ClockAtRisk", "ClockBreached") and before is not None:
            told, same = _clock(event, before, law)
            lines += told
            agrees &= same
    return lines, agrees


def _split(event: Event, quota: dict[str, Any], law: Law) -> tuple[list[str], bool]:
    """Work the split out again from the books before it."""
    shares = {share.code: share.share for share in law.shares}
    able, counts, targets = event.facts["eligible"], quota["before"]["counts"], dict(quota["before"]["targets"])
    among = sum(shares[party] for party in able)
    for party in able:
        targets[party] = targets.get(party, 0) + quota["per"] * shares[party] // among
    party = split.next_party(counts, targets, able, quota["per"])
    lines = [f"{p}: should have {targets.get(p, 0) / quota['per']:.2f}, had {counts.get(p, 0)}" for p in able]
    return [*lines, f"furthest below its target: {party}"], party == event.facts["party"]


def _clock(event: Event, before: Ticket, law: Law) -> tuple[list[str], bool]:
    """Work the moment of a rung out again from the ledger as it stood."""
    clock = next((c for c in before.clocks if (c.kind, c.number) == (event.facts["clock"], event.facts["number"])), None)
    if clock is None:
        return ["its clock is not in the ticket before"], False
    rung = event.facts["rung"]
    due = clocks.moment(law, clock, rung, before.urgency)
    kind = "working time" if law.in_work_time(clock.unit) else "day and night"
    told = (
        f"{clock.kind}: {rung} % of {clock.limit_ms} ms = {clock.limit_ms * rung // 100} ms in {kind}, {clock.consumed_ms} ms used before, "
        f"running since {clock.running_since}: due at {due}, fired {event.facts['late_by_ms']} ms later"
    )
    return [told], due == event.facts["due_at"]
