"""From one tier to another: which takes a ticket, who helps from then on, what follows at the top (LAW 5)."""

from typing import Final

from rules.ticket import department_tasks, whistle
from rules.ticket.authority import CENTRE, STREET
from rules.ticket.draft import Case, Draft, drop
from rules.ticket.ladder import above, steps_of
from rules.ticket.offers import end_offer, offer, offer_to_one_of, settle
from rules.ticket.work_clocks import start_leg
from topics.events.offers import TicketExhausted, TicketMoved, TopTierReminded
from topics.pack import Tier
from topics.ticket import Helper
from topics.ticket_words import OfferEnd, TicketTask
from topics.vocabulary import ClockKind, DepartmentRole, Reason, Role, Status, TierKind

_AT_THE_TOP: Final[dict[str, str]] = {TierKind.STREET: STREET, TierKind.CENTRE: CENTRE}
_WHISTLE: Final = TierKind.WHISTLE
_OWNER: Final = TierKind.OWNER
_CONTACT: Final = (ClockKind.CONTACT,)
_WITHDRAWN: Final = OfferEnd.WITHDRAWN
"""Looked up once (``rules.ticket.offers``)."""


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
    """Nobody anywhere can take it: the supervisor has it at the top, and the resolve clock speaks (LAW 2)."""
    settle(case, draft)
    draft.drop(ClockKind.ACCEPT, ClockKind.CONTACT)
    draft.status, draft.task, draft.duty = Status.OFFERED, TicketTask.ACCEPT, "supervisor"
    steps = steps_of(case, draft)
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
    settle(case, draft)
    draft.consent = None  # whoever asked does not hold it any more; above, nobody asks the committees
    if tier and party and party != draft.party:
        draft.helpers = (*(h for h in draft.helpers if h.named or h.party != party), Helper(tier, party, person))
        if case.law.department(party):
            department_tasks.send(case, draft, "updated", party, DepartmentRole.HELPER, reason=cause)
    if leg:
        start_leg(case, draft)
    draft.is_escalated = True
    if above(case, draft):
        draft.is_exhausted, draft.top_repeats = False, 0
    case.say(draft, TicketMoved(from_tier=tier, to_tier=draft.tier, leg=draft.leg, cause=cause))


def enter(case: Case, draft: Draft, tier: Tier) -> bool:
    """Let a tier take the ticket; ``False`` when it cannot."""
    kind = tier.kind
    if kind == _WHISTLE:
        return _enter_by_whistle(case, draft, tier)
    end_offer(case, draft, _WITHDRAWN)
    drop(draft, _CONTACT)
    party = _AT_THE_TOP.get(kind)
    if party is not None:
        return offer(case, draft, tier, party)
    if kind == _OWNER:
        return draft.lead is not None and offer(case, draft, tier, draft.lead)
    return offer_to_one_of(case, draft, tier, _takers(case, draft, tier))


def _enter_by_whistle(case: Case, draft: Draft, tier: Tier) -> bool:
    """Call the category's departments; the street holds the ticket. Nobody to call, nobody at it: passed by."""
    called = whistle.called_by(case, draft)
    if not called and not whistle.any_open(draft):
        return False
    end_offer(case, draft, OfferEnd.WITHDRAWN)
    settle(case, draft)
    draft.drop(ClockKind.LEG)  # the tier's own leg is not started yet; children get a whole one
    if draft.party != STREET:
        draft.drop(ClockKind.CONTACT)
        draft.party, draft.duty = STREET, STREET
        somebody = case.someone(Role.STREET, draft)
        draft.person = somebody.person if somebody else case.supervisor(draft)
    draft.tier, draft.status, draft.task = tier.name, Status.WHISTLED, TicketTask.COORDINATE
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


def repeat_at_top(case: Case, draft: Draft) -> Reason:
    """Nobody is above: remind the top again, or say that it is exhausted."""
    if draft.top_repeats >= case.law.bundle.top_repeats:
        if not draft.is_exhausted:
            draft.is_exhausted = True
            draft.person = case.supervisor(draft)
            case.say(draft, TicketExhausted(tier=draft.tier))
        draft.drop(ClockKind.LEG)
        return Reason.EXHAUSTED
    draft.top_repeats += 1
    start_leg(case, draft)
    case.say(draft, TopTierReminded(tier=draft.tier, repeat=draft.top_repeats))
    return Reason.TOP_TIER_REPEATS


def give_back(draft: Draft, party: str, person: str) -> None:
    """Not done after all: whoever finished has it again, at the tier it stands at now; whoever had it there meanwhile
    helps, and may finish, too (LAW 5, 6)."""
    if draft.party != party and draft.tier and draft.party:
        others = [one for one in draft.helpers if one.named or one.party != draft.party]
        draft.helpers = (*others, Helper(draft.tier, draft.party, None))
    draft.status, draft.task, draft.duty, draft.party, draft.person = (
        Status.HANDLING,
        TicketTask.HANDLE,
        party,
        party,
        person,
    )
