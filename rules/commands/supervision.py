"""Those who direct a ticket without holding it: another category, orders, reminders; who follows it (LAW 5, 6)."""

from msgspec.structs import replace

from rules.commands.handler import Handlers
from rules.ticket import (
    authority,
    clocks,
    department_tasks,
    emergency,
    filing,
    flood,
    ladder,
    moves,
    pauses,
    resolve_clocks,
    team,
    whistle,
    work_clocks,
)
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.changes import TicketRecategorised
from topics.events.clocks import SupervisionLifted, SupervisionOrdered, TicketReminded
from topics.events.work import ProofAttached, TicketFollowed
from topics.pack import Category, Tier
from topics.ticket import Clock
from topics.vocabulary import ClockKind, CommandKind, DepartmentRole, Reason, Status

OVER = (Status.DONE, Status.SURVEYED)
"""The work is finished; nobody has it in hand."""


def recategorise(case: Case, draft: Draft, command: Command) -> Reason:
    """Another category: the limit is re-based and written down, what was consumed stays. Who has it stays, too, if the
    new ladder has its tier.

    Into a ladder without its tier it enters the lowest that is not below it; corrected to life and property it is as if
    filed so now (LAW 5). One of a flood is none of it any more.
    """
    code = case.law.category_code(command.category or "")
    if code is None:
        return Reason.CATEGORY_UNKNOWN
    if code == draft.category:
        return Reason.NO_CHANGE
    category, former = case.law.categories[code], case.category(draft)
    if draft.filed_at is None or former is None or draft.status in (Status.RECEIVED, Status.VERIFYING):
        case.say(draft, TicketRecategorised(former=draft.category, category=code))
        draft.category, draft.urgency, draft.lead, draft.rule = code, category.urgency, category.lead, None
        filing.retime_triage(case, draft)
        return Reason.DONE_AS_ASKED
    here = ladder.tier_of(case, draft)
    steps_on = ladder.not_below(here, ladder.steps_of(case, draft), case.law.ladder(category.ladder))
    if not steps_on:
        return Reason.TIER_UNKNOWN
    if draft.folded_into is not None:
        flood.stand_alone(case, draft)  # of another kind it is none of the flood
    _take_limit(case, draft, former, category)
    filing.ask_committees(case, draft, category)
    if draft.status not in OVER:
        team.name_anew(case, draft, category)
    is_corrected = emergency.is_one(case, category.urgency) and not emergency.is_one(case, former.urgency)
    if is_corrected:
        return _as_emergency(case, draft, category, steps_on, here)
    if here is None or here.name == steps_on[0].name:
        return Reason.DONE_AS_ASKED
    if draft.status in OVER:
        draft.tier = steps_on[0].name
        return Reason.DONE_AS_ASKED
    if draft.status is Status.PARKED:
        pauses.unpark(case, draft)
    is_taken = any(moves.move_to(case, draft, tier, "recategorised") for tier in steps_on)
    return Reason.DONE_AS_ASKED if is_taken else Reason.TIER_UNKNOWN


def _take_limit(case: Case, draft: Draft, former: Category, category: Category) -> None:
    """Re-base the limit: a wish gets its new one from its filing on, what becomes a wish loses its rungs (LAW 4)."""
    law = case.law
    limit_ms, unit = filing.limit_of(law, category, draft.is_reopened)
    rungs = filing.rungs_of(law, category)

    def anew(clock: Clock) -> Clock:
        left = tuple(rung for rung in rungs if rung not in clock.fired)
        if former.wish:
            return replace(clock, limit_ms=limit_ms * (clock.extended + 1), unit=unit, rungs=left)
        based = clocks.rebase(law, clock, limit_ms, unit, case.at)
        return replace(based, rungs=left, area=None if draft.is_overdue else based.area)

    resolve_clocks.change_own(law, draft, anew)
    case.say(
        draft,
        TicketRecategorised(
            former=draft.category,
            category=category.code,
            former_limit_ms=draft.resolve_limit_ms,
            former_unit=draft.resolve_unit,
            limit_ms=limit_ms,
            unit=unit,
        ),
    )
    draft.category, draft.urgency, draft.lead, draft.rule = category.code, category.urgency, category.lead, None
    draft.resolve_limit_ms, draft.resolve_unit = limit_ms, unit
    filing.retime_triage(case, draft)
    resolve = draft.clock(ClockKind.RESOLVE)
    if category.wish:
        draft.drop(ClockKind.LEG)
        draft.is_exhausted = False
    if former.wish or category.wish:
        draft.is_overdue = not category.wish and resolve is not None and 100 in resolve.fired
    if former.wish and draft.leg and draft.status not in (Status.DONE, Status.SURVEYED, Status.PARKED):
        work_clocks.start_leg(case, draft)
    whistle.retime(case, draft)
    work_clocks.retime(case, draft)


def _as_emergency(
    case: Case, draft: Draft, category: Category, steps_on: tuple[Tier, ...], here: Tier | None
) -> Reason:
    """As if filed so now: the street has it, or who stands above it already; departments called, clocks run anew."""
    was_parked = draft.status is Status.PARKED
    if was_parked:
        pauses.unpark(case, draft)
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    if draft.status not in OVER:  # an unhappy reporter's request stands
        draft.asked = None
    emergency.renew_limit(case, draft, category)
    named = [tier.name for tier in emergency.tiers(case, category)]
    wanted = [tier for tier in steps_on if tier.name in named]
    if draft.status in OVER:  # whoever has it now is asked nothing; not done after all, it is taken up there
        draft.tier = wanted[0].name if wanted else steps_on[0].name
        return Reason.DONE_AS_ASKED
    # who had laid it aside is asked anew
    at_it = draft.status is not Status.OFFERED and (not was_parked or draft.status is Status.WHISTLED)
    if here is not None and wanted and wanted[0].name == here.name and at_it:
        emergency.call(case, draft)
        return Reason.DONE_AS_ASKED
    return (
        Reason.DONE_AS_ASKED
        if emergency.take_up(case, draft, wanted, "corrected_to_emergency")
        else Reason.TIER_UNKNOWN
    )


def supervise(case: Case, draft: Draft, command: Command) -> Reason:
    """An order (督办) that whoever handles the ticket cannot remove."""
    if draft.supervised_by is not None:
        return Reason.NO_CHANGE
    draft.supervised_by = command.actor.person
    case.say(draft, SupervisionOrdered(tier=draft.tier, by=command.actor.person))
    return Reason.DONE_AS_ASKED


def lift(case: Case, draft: Draft, command: Command) -> Reason:
    """Only its issuer lifts an order."""
    if draft.supervised_by is None:
        return Reason.NO_CHANGE
    if draft.supervised_by != command.actor.person:
        return Reason.NOT_ITS_ISSUER
    draft.supervised_by = draft.supervised_over = None
    case.say(draft, SupervisionLifted(by=command.actor.person))
    return Reason.DONE_AS_ASKED


def remind(case: Case, draft: Draft, command: Command) -> Reason:
    """Remind whoever has it (催办); a department hears of it on its topic."""
    case.say(draft, TicketReminded(by=command.actor.person, told=_who(case, draft)))
    if draft.party is not None and case.law.department(draft.party) is not None:
        department_tasks.send(case, draft, "reminded", draft.party, DepartmentRole.OWNER, reason=command.text)
    return Reason.DONE_AS_ASKED


def _who(case: Case, draft: Draft) -> list[str]:
    return list(
        dict.fromkeys([authority.standing_for(case, draft), *(name.partition(":")[2] for name in draft.followers)])
    )


def attach(case: Case, draft: Draft, command: Command) -> Reason:
    """A photo or paper more."""
    new = tuple(name for name in dict.fromkeys(command.proof) if name not in draft.attached)
    if not new:
        return Reason.NO_CHANGE
    draft.attached = (*draft.attached, *new)
    case.say(draft, ProofAttached(by=command.actor.person, proof=list(new)))
    return Reason.DONE_AS_ASKED


def follow(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody stays with the ticket to its end (全程跟)."""
    name = f"{command.actor.role}:{command.actor.person}"
    if name in draft.followers:
        return Reason.NO_CHANGE
    draft.followers = (*draft.followers, name)
    case.say(draft, TicketFollowed(by=name))
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.RECATEGORISE: recategorise,
    CommandKind.SUPERVISE: supervise,
    CommandKind.LIFT: lift,
    CommandKind.REMIND: remind,
    CommandKind.ATTACH: attach,
    CommandKind.FOLLOW: follow,
}
"""What this family carries out."""
