"""Those who direct a ticket without holding it: another category, orders, reminders; and those who follow it (LAW 5, 6)."""

from rules import clocks, ledgers, tasks
from rules.case import Case, Draft
from topics.command import Command
from topics.vocabulary import DepartmentRole, Reason


def recategorise(case: Case, draft: Draft, command: Command) -> Reason:
    """Another category: the limit is re-based and written down, what was consumed stays. Who has it stays, too."""
    if not command.reason:
        return Reason.REASON_MISSING
    code = case.law.category_code(command.category or "")
    if code is None:
        return Reason.CATEGORY_UNKNOWN
    if code == draft.category:
        return Reason.NO_CHANGE
    category, former = case.law.categories[code], draft.category
    limit_ms, unit = case.law.limit_ms(category.limit), category.limit.unit
    ledgers.change_own(case.law, draft, lambda clock: clocks.rebase(case.law, clock, limit_ms, unit, case.at))
    case.say(
        "TicketRecategorised", draft, former=former, category=code, former_limit_ms=draft.resolve_limit_ms, former_unit=draft.resolve_unit,
        limit_ms=limit_ms, unit=category.limit.unit,
    )  # fmt: skip
    draft.category, draft.urgency, draft.lead, draft.rule = code, category.urgency, category.lead, None
    draft.resolve_limit_ms, draft.resolve_unit = limit_ms, category.limit.unit
    return Reason.DONE_AS_ASKED


def supervise(case: Case, draft: Draft, command: Command) -> Reason:
    """An order (督办) that whoever handles the ticket cannot remove."""
    if not command.reason:
        return Reason.REASON_MISSING
    if draft.supervised_by is not None:
        return Reason.NO_CHANGE
    draft.supervised_by = command.actor.person
    case.say("SupervisionOrdered", draft, tier=draft.tier, by=command.actor.person)
    return Reason.DONE_AS_ASKED


def lift(case: Case, draft: Draft, command: Command) -> Reason:
    """Only its issuer lifts an order."""
    if draft.supervised_by is None:
        return Reason.NO_CHANGE
    if draft.supervised_by != command.actor.person:
        return Reason.NOT_ITS_ISSUER
    draft.supervised_by = None
    case.say("SupervisionLifted", draft, by=command.actor.person)
    return Reason.DONE_AS_ASKED


def remind(case: Case, draft: Draft, command: Command) -> Reason:
    """Remind whoever has it (催办); a department hears of it on its topic."""
    case.say("TicketReminded", draft, by=command.actor.person, told=[draft.person])
    if draft.party is not None and case.law.department(draft.party) is not None:
        tasks.send(case, draft, "reminded", draft.party, DepartmentRole.OWNER, reason=command.text)
    return Reason.DONE_AS_ASKED


def attach(case: Case, draft: Draft, command: Command) -> Reason:
    """A photo or paper more."""
    new = tuple(name for name in dict.fromkeys(command.proof) if name not in draft.attached)
    if not command.proof:
        return Reason.PROOF_MISSING
    if not new:
        return Reason.NO_CHANGE
    draft.attached = (*draft.attached, *new)
    case.say("ProofAttached", draft, by=command.actor.person, proof=list(new))
    return Reason.DONE_AS_ASKED


def follow(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody stays with the ticket to its end (全程跟)."""
    name = f"{command.actor.role}:{command.actor.person}"
    if name in draft.followers:
        return Reason.NO_CHANGE
    draft.followers = (*draft.followers, name)
    case.say("TicketFollowed", draft, by=name)
    return Reason.DONE_AS_ASKED
