"""From a report to a filed ticket: category, limit, where it begins, the split, the first offer (LAW 2, 3)."""

from typing import Final

from msgspec.structs import replace

from rules.law import split, walls
from rules.law.categories import category_of
from rules.law.compiled import Law
from rules.law.filing_plan import Plan, plan_of
from rules.ticket import authority, clocks, exceptions, moves, offers, resolve_clocks, team, whistle
from rules.ticket.draft import Case, Draft, drop, put
from topics.events.filing import TicketFiled, TicketReceived
from topics.incident import Carried, Incident
from topics.pack import Category, Limit, Tier
from topics.ticket import Clock
from topics.ticket_words import OfferEnd, TicketTask
from topics.vocabulary import ClockKind, Reason, Role, Status, Unit

RECEIVED: Final = Status.RECEIVED
TRIAGE: Final = ClockKind.TRIAGE
_OF_TRIAGE: Final = (ClockKind.TRIAGE,)
RESOLVE: Final = ClockKind.RESOLVE
_TO_TRIAGE: Final = TicketTask.TRIAGE
_REPORTED: Final = Reason.REPORTED
_WITHDRAWN: Final = OfferEnd.WITHDRAWN
"""Looked up once (``rules.ticket.offers``)."""


def receive(case: Case, incident: Incident, ticket_id: str, carried: Carried | None) -> tuple[Draft, Reason]:
    """Make a ticket of an incident; with a known category and a home it is filed at once, else the duty desk has it."""
    law = case.law
    category = law.categories.get(incident.category) if incident.category else None
    draft = _draft_of(case, incident, ticket_id, category)
    if carried:
        _take_along(draft, carried)
    case.say(draft, TicketReceived(identity=incident.identity, placed_by=incident.placed_by))
    if category is not None and category.lead_by_majority:
        draft.flag("lead_by_majority")
    if category is None or incident.home == law.bundle.unplaced or incident.home not in law.homes:
        wait_at_desk(case, draft, category.urgency if category else "U3")
        return draft, Reason.NO_PLACE if category is not None else Reason.UNKNOWN_CATEGORY
    file(case, draft, category, carried)
    if draft.flags and any(flag.startswith(exceptions.RULE_ERROR) for flag in draft.flags):
        return draft, Reason.RULE_ERROR
    return draft, Reason.REFERRED_IN if carried else _REPORTED


def _draft_of(case: Case, incident: Incident, ticket_id: str, category: Category | None) -> Draft:
    """Begin a ticket with what its incident says."""
    return Draft(
        id=ticket_id,
        version=0,
        identity=incident.identity,
        home=incident.home,
        status=RECEIVED,
        received_at=case.at,
        occurred_at=incident.occurred_at,
        pack=case.law.ref,
        channel=incident.channel,
        person="",
        duty="desk",
        task=_TO_TRIAGE,
        leaf=incident.leaf,
        signal=incident.signal,
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
    )


def _take_along(draft: Draft, carried: Carried) -> None:
    """From another home it brings how often it has moved, was reopened, waited, was parked and appealed, who follows,
    and an order that only its issuer lifts (LAW 5, 6)."""
    draft.hops, draft.first_filed_at, draft.generation = carried.hops, carried.first_filed_at, carried.generation
    draft.waits, draft.waited_ms, draft.was_parked = carried.waits, carried.waited_ms, carried.was_parked
    draft.was_appealed = carried.was_appealed
    draft.supervised_by, draft.followers = carried.supervised_by, carried.followers


def wait_at_desk(case: Case, draft: Draft, urgency: str) -> None:
    """Put a ticket into the duty desk's queue, under the triage clock."""
    draft.status, draft.task, draft.duty = RECEIVED, TicketTask.TRIAGE, "desk"
    somebody = case.someone(Role.DESK, draft)
    draft.person = somebody.person if somebody else case.supervisor(draft)
    draft.put(clocks.start(case.law, ClockKind.TRIAGE, str(draft.rework), triage_limit(case, urgency), case.at))


def triage_limit(case: Case, urgency: str) -> Limit:
    """Give the time the desk has."""
    return clocks.limit_of(case.law, ClockKind.TRIAGE, urgency) or Limit(15, Unit.MINUTE)


def retime_triage(case: Case, draft: Draft) -> None:
    """Of another urgency the desk has another time; what it has used of it stays used (LAW 4)."""
    clock = draft.clock(TRIAGE)
    if clock is not None:
        limit = triage_limit(case, draft.urgency or "U3")
        draft.put(clocks.rebase(case.law, clock, case.law.limit_ms(limit), limit.unit, case.at))


def ask_committees(case: Case, draft: Draft, category: Category) -> None:
    """Ask the committees where the category wants it, inside the walls, and it has not been moved up: above, it is
    decided without them. What they agreed to was the former matter."""
    draft.consents = ()
    draft.consent = walls.asked(case.law, category, draft.where) if not draft.leg and _begins(draft) else None


def walls_crossed(case: Case, draft: Draft, former: str) -> None:
    """It lies inside the walls after all, or outside: the committees are asked, or not any more."""
    category = case.category(draft)
    if category is not None and draft.filed_at is not None and draft.status is not RECEIVED:
        asked = (walls.asked(case.law, category, where) for where in (former, draft.where))
        if len(set(asked)) > 1:
            ask_committees(case, draft, category)


def _begins(draft: Draft) -> bool:
    return draft.status in (Status.RECEIVED, Status.OFFERED, Status.ACCEPTED)


def limit_of(law: Law, category: Category, is_reopened: bool) -> tuple[int, str]:
    """Give a category's limit; of a reopened ticket its part, at least the pack's floor (LAW 6)."""
    whole = law.limit_ms(category.limit)
    if not is_reopened:
        return whole, category.limit.unit
    return max(whole * law.bundle.reopen_percent // 100, law.limit_ms(law.bundle.reopen_floor)), category.limit.unit


def rungs_of(law: Law, category: Category) -> tuple[int, ...]:
    """Give the rungs of a category's limit; a wish has none."""
    return () if category.wish else law.rungs(RESOLVE)


def file(case: Case, draft: Draft, category: Category, carried: Carried | None = None) -> None:
    """File a ticket: fix category, urgency, limit, ladder; start the resolve clock; make the first offer.

    From another home it brings limit and extensions, what is consumed, waits and generation (LAW 6).
    """
    law, again = case.law, draft.filed_at is not None
    draft.category = category.code
    rule = exceptions.applying(case, draft) if law.reads else None
    failed = rule is not None and rule.startswith(exceptions.RULE_ERROR)
    if failed:
        rule = None
    category = category_of(law, category.code, rule)
    able, others = split.eligible(case.duty_law, category, draft.leaf, draft.home)
    if failed:
        able = ()  # nobody's turn: the backstop has it (兜底)
    plan = plan_of(law, category, rule, able)
    case.rules.append(plan.rule)
    draft.urgency, draft.lead, draft.rule = category.urgency, category.lead, rule
    drop(draft, _OF_TRIAGE)
    whole_ms = _start_resolve(case, draft, plan, carried)
    if category.consent is not None:
        ask_committees(case, draft, category)
    # the first assignment counts and is never undone
    party, steps = (None, plan.steps) if again else begin(case, draft, plan)
    case.refused.extend(others)
    window = case.quota.window if case.quota else None
    counted = "none" if again else "exercise" if draft.exercise else plan.counted
    case.say(draft, _filed(draft, plan, counted, whole_ms, party, window))
    _first_offer(case, draft, steps, party)
    if category.team:
        team.name_team(case, draft, category)
    if plan.whistles and draft.party == authority.STREET:
        whistle_at_once(case, draft)


def _start_resolve(case: Case, draft: Draft, plan: Plan, carried: Carried | None) -> int:
    """Start the resolve clock with what it brings from another home; answers its whole limit, extensions included."""
    limit_ms, unit = _granted(case, draft, plan, carried)
    extended, consumed_ms = (carried.extended, carried.resolve_consumed_ms) if carried else (0, 0)
    draft.resolve_limit_ms, draft.resolve_unit = limit_ms, unit
    draft.filed_at = case.at
    draft.first_filed_at = draft.first_filed_at or case.at
    whole_ms, area = limit_ms * (extended + 1), case.law.area(draft.where)
    clock = Clock(
        kind=RESOLVE,
        number="0",
        limit_ms=whole_ms,
        unit=unit,
        started_at=case.at,
        running_since=case.at,
        rungs=plan.rungs,
        consumed_ms=consumed_ms,
        extended=extended,
        area=area,
    )
    put(draft, clock)
    resolve_clocks.filed(case.law, draft)
    return whole_ms


def _filed(draft: Draft, plan: Plan, counted: str, limit_ms: int, party: str | None, window: str | None) -> TicketFiled:
    return TicketFiled(
        category=plan.category.code, urgency=plan.category.urgency, starts_at=plan.category.starts_at,
        eligible=plan.able, counted=counted, all_eligible=plan.all_able, lead=plan.category.lead,
        ladder=plan.category.ladder, limit_ms=limit_ms, unit=draft.resolve_unit, party=party, window=window,
    )  # fmt: skip


def whistle_at_once(case: Case, draft: Draft) -> None:
    """Life or property: the departments are called without waiting for the street (LAW 2)."""
    called = whistle.called_by(case, draft)
    if called:
        offers.end_offer(case, draft, _WITHDRAWN)
        whistle.call(case, draft, called, "emergency", automatic=True)


def _granted(case: Case, draft: Draft, plan: Plan, carried: Carried | None) -> tuple[int, str]:
    """Give the original limit: the one it had in the home it comes from, else the promised one, else the category's."""
    if carried is not None and carried.limit_ms is not None and carried.unit is not None:
        return carried.limit_ms // (carried.extended + 1), carried.unit
    if draft.promised_by is not None:
        return _promised(case, draft, plan)
    return (
        (plan.limit_ms, plan.category.limit.unit) if not draft.is_reopened else limit_of(case.law, plan.category, True)
    )


def _promised(case: Case, draft: Draft, plan: Plan) -> tuple[int, str]:
    """Give the limit of a ticket with a promised date: what is left if promises count, at least the floor (LAW 8)."""
    if draft.promised_by is None or not plan.category.promise_counts:
        return plan.limit_ms, plan.category.limit.unit
    floor = case.law.bundle.promise_floor_minutes * 60_000
    left = draft.promised_by - case.at
    if left <= floor:
        draft.flag("promise_too_short")
    return max(left, floor), Unit.MINUTE


def begin(case: Case, draft: Draft, plan: Plan) -> tuple[str | None, tuple[Tier, ...]]:
    """Write the ticket into the split's books; answers the party the split names, and the tiers to offer it to.

    An exercise goes to whose turn it would be and is in no book (LAW 3).
    """
    if plan.counted == "none":
        return None, plan.steps
    quota = split.quota_at(case.law, case.quota_before, draft.home, case.at)
    if draft.exercise:
        party = split.take(case.law, quota, plan.able)[0] if plan.counted == "split" else None
        return party, plan.steps_of[party] if party else plan.steps
    if plan.counted == "split":
        party, case.quota = split.take(case.law, quota, plan.able)
        return party, plan.steps_of[party]
    counted = {"emergency": quota.emergency, "direct": quota.direct}[plan.counted] + 1
    case.quota = replace(quota, **{plan.counted: counted})
    return None, plan.steps


def _first_offer(case: Case, draft: Draft, steps: tuple[Tier, ...], party: str | None) -> None:
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
        if moves.enter(case, draft, tier):
            return
        case.refused.append((tier.name, "nobody_can_take_it"))
    moves.leave_to_supervisor(case, draft)
