"""From a report to a filed ticket: category, limit, where it begins, the split, the first offer (LAW 2, 3)."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from rules import clocks, offers, split, whistle
from rules.case import Case, Draft
from rules.catalogue import category_of
from rules.law import Law
from topics.ids import Instant
from topics.incident import Carried, Incident
from topics.pack import Category, Limit, Tier
from topics.ticket import Clock
from topics.vocabulary import ClockKind, Reason, Role, Status, TierKind, Unit


def receive(case: Case, incident: Incident, ticket_id: str, carried: Carried | None) -> tuple[Draft, Reason]:
    """Make a ticket of an incident; with a known category and a home it is filed at once, else the duty desk has it."""
    at, law = case.at, case.law
    category = law.categories.get(incident.category) if incident.category else None
    draft = Draft(
        id=ticket_id,
        version=0,
        identity=incident.identity,
        home=incident.home,
        status=Status.RECEIVED,
        received_at=at,
        occurred_at=incident.occurred_at,
        pack=law.ref,
        channel=incident.channel,
        signal=incident.signal,
        person="",
        duty="desk",
        task="triage",
        leaf=incident.leaf,
        category=incident.category if category else None,
        category_given=incident.category_given or (None if category else incident.category),
        lead=category.lead if category else None,
        flags=incident.flags,
        text=incident.text,
        address=incident.address,
        lat_e7=incident.lat_e7,
        lon_e7=incident.lon_e7,
        token=incident.token,
        can_reach_reporter=incident.can_reach_reporter,
        attributes=incident.attributes,
        exercise=incident.exercise,
        promised_by=incident.promised_by,
        hops=carried.hops if carried else 0,
        first_filed_at=carried.first_filed_at if carried else None,
    )
    case.say("TicketReceived", draft, identity=incident.identity, placed_by=incident.placed_by)
    if category is not None and category.lead_by_majority:
        draft.flags = (*draft.flags, "lead_by_majority")
    if category is None or incident.home == law.bundle.unplaced or incident.home not in law.homes:
        _wait_at_desk(case, draft, category.urgency if category else "U3")
        return draft, Reason.NO_PLACE if category is not None else Reason.UNKNOWN_CATEGORY
    file(case, draft, category, carried.resolve_consumed_ms if carried else 0)
    return draft, Reason.REFERRED_IN if carried else Reason.REPORTED


def _wait_at_desk(case: Case, draft: Draft, urgency: str) -> None:
    """Put a ticket into the duty desk's queue, under the triage clock."""
    somebody = case.someone(Role.DESK, draft)
    draft.person = somebody.person if somebody else case.supervisor(draft)
    draft.put(clocks.start(case.law, ClockKind.TRIAGE, "0", _limit(case, "triage", urgency, Limit(15, Unit.MINUTE)), case.at))


def _limit(case: Case, kind: str, urgency: str, otherwise: Limit) -> Limit:
    return case.law.bundle.clocks.get(kind, {}).get(urgency) or otherwise


def file(case: Case, draft: Draft, category: Category, consumed_ms: int = 0) -> None:
    """File a ticket: fix category, urgency, limit, ladder; start the resolve clock; make the first offer."""
    law = case.law
    draft.category = category.code
    if law.reads:
        category = _with_overrides(case, draft, category)
    case.rules.append(f"category:{category.code}")
    draft.category, draft.urgency, draft.lead = category.code, category.urgency, category.lead
    draft.drop(ClockKind.TRIAGE)
    limit_ms, unit = _resolve_limit(case, draft, category)
    draft.resolve_limit_ms, draft.resolve_unit = limit_ms, unit
    draft.filed_at = case.at
    draft.first_filed_at = draft.first_filed_at or case.at
    rungs = law.bundle.rungs.get("resolve", (50, 80, 100, 150, 300))
    draft.put(Clock(ClockKind.RESOLVE, "0", limit_ms, unit, case.at, case.at, rungs, consumed_ms=consumed_ms))
    able, others = split.eligible(law, category, draft.leaf, draft.home)
    counted, party, steps = _begin(case, draft, category, able)
    case.refused.extend(others)
    case.facts.update(eligible=list(able), starts_at=category.starts_at, ladder=category.ladder)
    case.say(
        "TicketFiled", draft, category=category.code, urgency=category.urgency, limit_ms=limit_ms, unit=unit, starts_at=category.starts_at,
        eligible=list(able), all_eligible=len(able) == len(law.shares), party=party, counted=counted, lead=draft.lead,
        window=case.quota.window if case.quota else None, calendar=law.calendar.name,
    )  # fmt: skip
    _first_offer(case, draft, steps, party)
    if category.urgency in law.bundle.automatic_whistle and draft.party == offers.STREET:
        called = whistle.called_by(case, draft)
        if called:
            offers.end_offer(case, draft, "withdrawn")
            whistle.call(case, draft, called, "emergency", automatic=True)


_FACTS: dict[str, Callable[[Law, Instant, Draft], Any]] = {
    "category": lambda law, at, draft: draft.category,
    "channel": lambda law, at, draft: draft.channel,
    "signal": lambda law, at, draft: draft.signal or "",
    "leaf": lambda law, at, draft: draft.leaf or "",
    "home": lambda law, at, draft: draft.home,
    "street": lambda law, at, draft: law.street_of(draft.home) or "",
    "hour": lambda law, at, draft: law.local_hour(at),
    "in_work_time": lambda law, at, draft: law.calendar.is_open(at),
    "exercise": lambda law, at, draft: draft.exercise,
    "attributes": lambda law, at, draft: draft.attributes,
}
"""What a condition may read, and where it stands (``rules.conditions.FACTS``)."""


def _with_overrides(case: Case, draft: Draft, category: Category) -> Category:
    """Apply the pack's exceptions to the catalogue; one that cannot be evaluated is flagged and sets nothing."""
    law = case.law
    facts = {name: _FACTS[name](law, case.at, draft) for name in law.reads}
    rule, sets = law.overrides(facts)
    if rule is None:
        return category
    if not sets and rule.startswith("rule_error:"):
        case.rules.append(rule)
        draft.flags = (*draft.flags, rule)
        return category
    case.rules.append(f"rule:{rule}")
    draft.rule = rule
    return category_of(law, category.code, rule)


def _resolve_limit(case: Case, draft: Draft, category: Category) -> tuple[int, str]:
    """Give the limit: a promised date's if one counts, but never less than the floor (LAW 8), else the category's."""
    if draft.promised_by is not None and category.promise_counts:
        floor = case.law.bundle.promise_floor_minutes * 60_000
        left = draft.promised_by - case.at
        if left <= floor:
            draft.flags = (*draft.flags, "promise_too_short")
            return floor, Unit.MINUTE
        return left, Unit.MINUTE
    return case.law.limit_ms(category.limit), category.limit.unit


def _begin(case: Case, draft: Draft, category: Category, able: tuple[str, ...]) -> tuple[str, str | None, list[Tier]]:
    """Say how the ticket is counted, which party the split names, and from which tier on it is offered."""
    law = case.law
    steps = list(law.ladder(category.ladder))
    quota = split.quota_at(law, case.quota_before, draft.home, case.at)
    if category.urgency in law.bundle.automatic_whistle:
        street = [tier for tier in steps if tier.kind == TierKind.STREET]
        case.quota = replace(quota, emergency=quota.emergency + 1)
        return "emergency", None, steps[steps.index(street[0]) :] if street else steps[1:] or steps
    if category.starts_at == "department":
        owner = [tier for tier in steps if tier.kind in (TierKind.OWNER, TierKind.WHISTLE)]
        return "none", None, steps[steps.index(owner[0]) :] if owner else steps
    if category.starts_at != "split":
        named = next((i for i, tier in enumerate(steps) if tier.name == category.starts_at), 0)
        return "none", None, steps[named:]
    if able:
        party, case.quota = split.take(law, quota, able)
        holds = next((i for i, tier in enumerate(steps) if party in tier.parties), 0)
        return "split", party, steps[holds:]
    case.quota = replace(quota, direct=quota.direct + 1)
    return "direct", None, [tier for tier in steps if tier.kind != TierKind.PARTIES or len(tier.parties) == 1]


def _first_offer(case: Case, draft: Draft, steps: list[Tier], party: str | None) -> None:
    """Offer to the party the split named, else to the first tier from there on that can take it."""
    if party is not None:
        if offers.offer(case, draft, steps[0], party):
            return
        draft.tier = steps[0].name
        if offers.next_in_tier(case, draft):
            return
        steps = steps[1:]
    for tier in steps:
        draft.tier = tier.name
        if offers.enter(case, draft, tier):
            return
        case.refused.append((tier.name, "nobody_can_take_it"))
    # nobody anywhere: the supervisor has it, and the resolve clock speaks
    draft.status, draft.task, draft.duty = Status.OFFERED, "accept", "supervisor"
    draft.tier, draft.party, draft.person = (steps[-1].name if steps else draft.tier), offers.CENTRE, case.supervisor(draft)
