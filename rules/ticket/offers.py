"""Who has a ticket: offering it to a party, entering a tier, moving it one tier up (LAW 4 accept, LAW 5)."""

from rules.law import split
from rules.ticket import clocks, department_tasks, pauses, resolve_clocks, whistle
from rules.ticket.authority import CENTRE, STREET
from rules.ticket.draft import Case, Draft, with_offer_ended
from topics.pack import Tier
from topics.ticket import Clock, Helper, Offer
from topics.vocabulary import ClockKind, DepartmentRole, Reason, Role, Status, TierKind

OFFERED, ACCEPT = Status.OFFERED, ClockKind.ACCEPT
PARTIES, OWNER = TierKind.PARTIES, TierKind.OWNER
"""Looked up once: Python 3.11 takes 0.1 µs for a member of an enumeration, and an offer needs ten."""

_AT_THE_TOP: dict[str, str] = {TierKind.STREET: STREET, TierKind.CENTRE: CENTRE}


def offer(case: Case, draft: Draft, tier: Tier, party: str) -> bool:
    """Offer a ticket to a party of a tier; ``False`` when nobody is on duty there and the tier does not wait.

    Where the tier waits, its supervisor has the ticket until somebody of the party comes on duty and accepts.
    """
    role, org = (Role.DEPARTMENT, party) if tier.kind == OWNER else (party, None)
    skill: str | None = None
    if tier.kind == PARTIES and (category := case.category(draft)) is not None:
        skill = category.skill
    somebody = case.someone(role, draft, org, skill)
    n = draft.offers[-1].n + 1 if draft.offers else 1
    if somebody is None and tier.nobody_on_duty == "skip":
        draft.offers = (*draft.offers, Offer(n, tier.name, party, case.at, "skipped:no_one_on_duty"))
        case.refused.append((party, "skipped:no_one_on_duty"))
        return False
    _settle(case, draft)
    draft.status, draft.task = OFFERED, "accept"
    draft.tier, draft.party, draft.duty = tier.name, party, party
    draft.person = somebody.person if somebody else case.supervisor(draft)
    draft.offers = (*draft.offers, Offer(n, tier.name, party, case.at))
    draft.drop(ACCEPT, ClockKind.CONTACT)
    limit = clocks.limit_of(case.law, ACCEPT, draft.urgency)
    if limit is not None:
        draft.put(clocks.start(case.law, ACCEPT, str(n), limit, case.at))
    case.say("TicketOffered", draft, n=n, tier=tier.name, party=party, person=draft.person)
    if tier.kind == OWNER:
        department_tasks.send(case, draft, "dispatched", party, DepartmentRole.OWNER)
    return True


def _settle(case: Case, draft: Draft) -> None:
    """It goes to somebody else: a wait for the reporter ends, and whatever was asked for (LAW 4)."""
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    draft.asked = None


def end_offer(case: Case, draft: Draft, how: str) -> None:
    """The standing offer is over: its clock stops."""
    if draft.offers and draft.offers[-1].ended is None:
        case.say("OfferEnded", draft, n=draft.offers[-1].n, how=how)
    draft.offers = with_offer_ended(draft.offers, how)
    draft.drop(ACCEPT)


def tier_of(case: Case, draft: Draft) -> Tier | None:
    """Give the step of the ladder the ticket is on."""
    return next((tier for tier in ladder(case, draft) if tier.name == draft.tier), None)


def ladder(case: Case, draft: Draft) -> tuple[Tier, ...]:
    """Give the ticket's ladder, frozen with its pack."""
    category = case.category(draft)
    return case.law.ladder(category.ladder if category else "default")


def above(case: Case, draft: Draft) -> list[Tier]:
    """List the tiers above the ticket's, lowest first."""
    steps = ladder(case, draft)
    names = [tier.name for tier in steps]
    return list(steps[names.index(draft.tier) + 1 :]) if draft.tier in names else list(steps)


def next_in_tier(case: Case, draft: Draft) -> bool:
    """After a miss or a decline: offer to the next party of the same tier by the split's rule, uncounted.

    ``False`` after a second miss at this tier, or when no other party is left.
    """
    tier, category = tier_of(case, draft), case.category(draft)
    if tier is None or category is None or tier.kind != TierKind.PARTIES:
        return False
    here = [made for made in draft.offers if made.tier == tier.name]
    if sum(made.ended == "missed" for made in here) >= 2:
        return False
    tried = {made.party for made in here}
    able = case.eligible(category, draft)
    return _offer_to_one_of(
        case, draft, tier, [party for party in able if party in tier.parties and party not in tried]
    )


def move_up(case: Case, draft: Draft, cause: str, to: str | None = None) -> Reason:
    """Move a ticket one tier up, or to a tier named; the former holder becomes a helper and may still finish.

    A tier that cannot take it (nobody on duty and set to skip; a whistle with nobody to call) is passed by. Nobody
    above: the top tier is reminded, at most ``top_repeats`` times, then the ticket is exhausted, loudly. Source: LAW 5.
    """
    former = (draft.tier, draft.party, draft.person)
    steps = above(case, draft)
    if to is not None:
        steps = steps[next((i for i, tier in enumerate(steps) if tier.name == to), len(steps)) :]
    for tier in steps:
        if enter(case, draft, tier):
            moved(case, draft, former, cause)
            return Reason.DONE_AS_ASKED
        case.refused.append((tier.name, "skipped"))
    return repeat_at_top(case, draft)


def move_on(case: Case, draft: Draft, cause: str, to: str | None = None) -> None:
    """Move up what cannot stay where it is: where nobody above can take it, its supervisor has it."""
    if move_up(case, draft, cause, to) is not Reason.DONE_AS_ASKED and draft.status is not Status.WHISTLED:
        leave_to_supervisor(case, draft)


def leave_to_supervisor(case: Case, draft: Draft) -> None:
    """Nobody anywhere can take it: it is offered at the top, the supervisor has it, and the resolve clock speaks (LAW
    2, five in place)."""
    _settle(case, draft)
    draft.drop(ACCEPT, ClockKind.CONTACT)
    draft.status, draft.task, draft.duty = OFFERED, "accept", "supervisor"
    steps = ladder(case, draft)
    draft.tier, draft.party, draft.person = (steps[-1].name if steps else draft.tier), CENTRE, case.supervisor(draft)


def move_to(case: Case, draft: Draft, tier: Tier, cause: str) -> bool:
    """Move a ticket to a tier wherever that stands on its ladder; ``False`` when it cannot take it."""
    former = (draft.tier, draft.party, draft.person)
    if not enter(case, draft, tier):
        return False
    moved(case, draft, former, cause)
    return True


def moved(case: Case, draft: Draft, former: tuple[str | None, str | None, str], cause: str, leg: bool = True) -> None:
    """Another tier has it: the former holder helps, the tier's leg clock starts."""
    tier, party, person = former
    _settle(case, draft)
    draft.consent = None  # whoever asked does not hold it any more; above, nobody asks the committees
    if tier and party and party != draft.party:
        draft.helpers = (*(h for h in draft.helpers if h.party != party), Helper(tier, party, person))
        if case.law.department(party):
            department_tasks.send(case, draft, "updated", party, DepartmentRole.HELPER, reason=cause)
    if leg:
        start_leg(case, draft)
    draft.is_escalated = True
    if above(case, draft):
        draft.is_exhausted, draft.top_repeats = False, 0
    case.say("TicketMoved", draft, from_tier=tier, to_tier=draft.tier, leg=draft.leg, cause=cause)


_RANK: dict[str, int] = {
    TierKind.PARTIES: 0,
    TierKind.STREET: 1,
    TierKind.WHISTLE: 2,
    TierKind.OWNER: 2,
    TierKind.CENTRE: 3,
}


def not_below(tier: Tier | None, former: tuple[Tier, ...], steps: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Give the tiers of a ladder from the one a ticket is on, as another ladder has it: by its name, else the lowest
    that is not below it.

    Parties stand below the street, the street below departments, these below the centre; of several tiers of parties
    the
    second is not below the second.
    """
    if tier is None:
        return steps
    for place, step in enumerate(steps):
        if step.name == tier.name:
            return steps[place:]
    wanted = _height(tier, former)
    return next((steps[place:] for place, step in enumerate(steps) if _height(step, steps) >= wanted), ())


def _height(tier: Tier, steps: tuple[Tier, ...]) -> tuple[int, int]:
    alike = [step.name for step in steps if _RANK[step.kind] == _RANK[tier.kind]]
    return _RANK[tier.kind], alike.index(tier.name)


def enter(case: Case, draft: Draft, tier: Tier) -> bool:
    """Let a tier take the ticket; ``False`` when it cannot."""
    if tier.kind == TierKind.WHISTLE:
        return _enter_by_whistle(case, draft, tier)
    end_offer(case, draft, "withdrawn")
    draft.drop(ClockKind.CONTACT)
    party = _AT_THE_TOP.get(tier.kind)
    if party is not None:
        return offer(case, draft, tier, party)
    if tier.kind == TierKind.OWNER:
        return draft.lead is not None and offer(case, draft, tier, draft.lead)
    return _offer_to_one_of(case, draft, tier, _takers(case, draft, tier))


def _enter_by_whistle(case: Case, draft: Draft, tier: Tier) -> bool:
    """Call the category's departments; the street holds the ticket. Nobody to call, nobody at it: passed by."""
    called = whistle.called_by(case, draft)
    if not called and not whistle.any_open(draft):
        return False
    end_offer(case, draft, "withdrawn")
    _settle(case, draft)
    draft.drop(ClockKind.LEG)  # the tier's own leg is not started yet; children get a whole one
    if draft.party != STREET:
        draft.drop(ClockKind.CONTACT)
        draft.party, draft.duty = STREET, STREET
        somebody = case.someone(Role.STREET, draft)
        draft.person = somebody.person if somebody else case.supervisor(draft)
    draft.tier, draft.status, draft.task = tier.name, Status.WHISTLED, "coordinate"
    if called:
        whistle.call(case, draft, called, "street_cannot", automatic=True)
    return True


def _takers(case: Case, draft: Draft, tier: Tier) -> list[str]:
    """List the parties of a tier that may take the ticket; the only party of a tier takes what nobody else may
    (兜底)."""
    category = case.category(draft)
    able = case.eligible(category, draft) if category else ()
    fit = [party for party in tier.parties if party in able]
    return fit or [party for party in tier.parties if len(tier.parties) == 1 and case.people(party, draft)]


def _offer_to_one_of(case: Case, draft: Draft, tier: Tier, able: list[str]) -> bool:
    """Offer to the party whose turn it would be by the split, uncounted; to the next one where nobody is on duty."""
    quota = case.quota_before
    while able:
        party = split.next_party(
            quota.counts if quota else {}, quota.targets if quota else {}, able, quota.per if quota else case.law.per
        )
        if party is not None and offer(case, draft, tier, party):
            return True
        able = [other for other in able if other != party]
    return False


def start_leg(case: Case, draft: Draft) -> None:
    """Start the clock of a tier entered by a move; there is one leg at a time."""
    draft.leg += 1
    draft.drop(ClockKind.LEG)
    category = case.category(draft)
    if category is not None and category.wish:
        return  # it ages without a limit, wherever it is
    limit, unit = clocks.leg_limit(case.law, draft.resolve_limit_ms, draft.resolve_unit)
    area = None if draft.is_overdue else case.law.area(draft.where)  # what has breached stands still no more (LAW 4)
    draft.put(
        Clock(ClockKind.LEG, str(draft.leg), limit, unit, case.at, case.at, case.law.rungs(ClockKind.LEG), area=area)
    )


def repeat_at_top(case: Case, draft: Draft) -> Reason:
    """Nobody is above: remind the top again, or say that it is exhausted."""
    if draft.top_repeats >= case.law.bundle.top_repeats:
        if not draft.is_exhausted:
            draft.is_exhausted = True
            draft.person = case.supervisor(draft)
            case.say("TicketExhausted", draft, tier=draft.tier)
        draft.drop(ClockKind.LEG)
        return Reason.EXHAUSTED
    draft.top_repeats += 1
    start_leg(case, draft)
    case.say("TopTierReminded", draft, tier=draft.tier, repeat=draft.top_repeats)
    return Reason.TOP_TIER_REPEATS


def take_over(case: Case, draft: Draft, person: str) -> None:
    """Somebody of the offered party accepts: the ticket is theirs, the contact clock starts if the reporter can be
    reached."""
    draft.offers = with_offer_ended(draft.offers, "accepted")
    draft.drop(ClockKind.ACCEPT)
    draft.status, draft.task, draft.person = Status.ACCEPTED, "handle", person
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, person)))
    limit = clocks.limit_of(case.law, ClockKind.CONTACT, draft.urgency)
    if draft.can_reach_reporter and limit is not None:
        draft.put(
            clocks.start(case.law, ClockKind.CONTACT, str(draft.offers[-1].n if draft.offers else 0), limit, case.at)
        )
    case.say("TicketAccepted", draft, person=person, party=draft.party)


def resolve_clock(draft: Draft) -> Clock | None:
    """Give the statutory clock, running or not."""
    return draft.clock(ClockKind.RESOLVE)


def stop_work_clocks(case: Case, draft: Draft) -> None:
    """Work is finished: resolve and leg stop and keep what they consumed, accept and contact are over."""
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    draft.drop(ClockKind.ACCEPT, ClockKind.CONTACT, ClockKind.PARK)
    draft.asked = None
    resolve_clocks.change(case.law, draft, lambda clock: clocks.stop(case.law, clock, case.effective_at))
    leg = draft.clock(ClockKind.LEG)
    if leg is not None:
        draft.put(clocks.stop(case.law, leg, case.effective_at))


def resume_work_clocks(case: Case, draft: Draft) -> None:
    """A check failed: resolve and leg run on with what was consumed."""
    resolve_clocks.change(
        case.law, draft, lambda clock: clocks.resume(clock, case.at) if clock.running_since is None else clock
    )
    leg = draft.clock(ClockKind.LEG)
    if leg is not None and leg.running_since is None:
        draft.put(clocks.resume(leg, case.at))
