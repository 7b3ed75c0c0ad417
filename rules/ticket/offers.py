"""Who has a ticket: offering it to a party of a tier, to the next one, and its being taken (LAW 4 accept, LAW 5)."""

from typing import Final

from rules.law import split
from rules.ticket import clocks, department_tasks, pauses
from rules.ticket.draft import Case, Draft, drop, put, with_offer_ended
from rules.ticket.ladder import tier_of
from topics.events.offers import OfferEnded, TicketAccepted, TicketOffered
from topics.pack import Tier
from topics.ticket import Offer
from topics.ticket_words import OfferEnd, TicketTask
from topics.vocabulary import ClockKind, DepartmentRole, Role, Status, TierKind

OFFERED: Final = Status.OFFERED
ACCEPT: Final = ClockKind.ACCEPT
CONTACT: Final = ClockKind.CONTACT
_ASKED: Final = (ACCEPT, CONTACT)
_OFFER: Final = (ACCEPT,)
PARTIES: Final = TierKind.PARTIES
OWNER: Final = TierKind.OWNER
_TO_ACCEPT: Final = TicketTask.ACCEPT
_DEPARTMENT: Final = Role.DEPARTMENT
"""Looked up once: Python 3.11 takes 0.1 µs for a member of an enumeration, and an offer needs ten; ``Final``, so that
the compiled law need not ask its module for them either."""


def offer(case: Case, draft: Draft, tier: Tier, party: str) -> bool:
    """Offer a ticket to a party of a tier; ``False`` when nobody is on duty there and the tier does not wait.

    Where the tier waits, its supervisor has the ticket until somebody of the party comes on duty and accepts.
    """
    role, org = (_DEPARTMENT, party) if tier.kind == OWNER else (party, None)
    skill: str | None = None
    if tier.kind == PARTIES and (category := case.category(draft)) is not None:
        skill = category.skill
    somebody = case.someone(role, draft, org, skill)
    n = draft.offers[-1].n + 1 if draft.offers else 1
    if somebody is None and tier.nobody_on_duty == "skip":
        draft.offers = (*draft.offers, Offer(n=n, tier=tier.name, party=party, at=case.at, ended=OfferEnd.SKIPPED))
        case.refused.append((party, OfferEnd.SKIPPED))
        return False
    if somebody is None and tier.kind == PARTIES:
        case.unmanned.append(party)
    settle(case, draft)
    draft.status, draft.task = OFFERED, _TO_ACCEPT
    draft.tier, draft.party, draft.duty = tier.name, party, party
    draft.person = somebody.person if somebody else case.supervisor(draft)
    draft.offers = (*draft.offers, Offer(n=n, tier=tier.name, party=party, at=case.at))
    drop(draft, _ASKED)
    limit = clocks.limit_of(case.law, ACCEPT, draft.urgency)
    if limit is not None:
        put(draft, clocks.start(case.law, ACCEPT, str(n), limit, case.at))
    case.say(draft, TicketOffered(n=n, tier=tier.name, party=party, person=draft.person))
    if tier.kind == OWNER:
        department_tasks.send(case, draft, "dispatched", party, DepartmentRole.OWNER)
    return True


def settle(case: Case, draft: Draft) -> None:
    """It goes to somebody else: a wait for the reporter ends, and whatever was asked for (LAW 4)."""
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    draft.asked = None


def end_offer(case: Case, draft: Draft, how: OfferEnd) -> None:
    """The standing offer is over: its clock stops."""
    if draft.offers and draft.offers[-1].ended is None:
        case.say(draft, OfferEnded(n=draft.offers[-1].n, how=how))
    draft.offers = with_offer_ended(draft.offers, how)
    drop(draft, _OFFER)


def next_in_tier(case: Case, draft: Draft) -> bool:
    """After a miss or a decline: offer to the next party of the same tier by the split's rule, uncounted.

    ``False`` after a second miss at this tier, or when no other party is left.
    """
    tier, category = tier_of(case, draft), case.category(draft)
    if tier is None or category is None or tier.kind != TierKind.PARTIES:
        return False
    here = [made for made in draft.offers if made.tier == tier.name]
    if sum(made.ended is OfferEnd.MISSED for made in here) >= 2:
        return False
    tried = {made.party for made in here}
    able = case.eligible(category, draft)
    return offer_to_one_of(case, draft, tier, [party for party in able if party in tier.parties and party not in tried])


def offer_to_one_of(case: Case, draft: Draft, tier: Tier, able: list[str]) -> bool:
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


def take_over(case: Case, draft: Draft, person: str) -> None:
    """Somebody of the offered party accepts: the ticket is theirs, the contact clock starts if the reporter can be
    reached."""
    draft.offers = with_offer_ended(draft.offers, OfferEnd.ACCEPTED)
    draft.drop(ClockKind.ACCEPT)
    draft.status, draft.task, draft.person = Status.ACCEPTED, TicketTask.HANDLE, person
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, person)))
    limit = clocks.limit_of(case.law, CONTACT, draft.urgency)
    if draft.can_reach_reporter and limit is not None:
        draft.put(clocks.start(case.law, CONTACT, str(draft.offers[-1].n if draft.offers else 0), limit, case.at))
    case.say(draft, TicketAccepted(person=person, party=draft.party))
