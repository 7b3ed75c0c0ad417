"""Inside the walls the three committees must agree before work begins (墙内三委联动); outside the city's platform has it (墙外).

Source: domain research a, seed 002.
"""

from rules import offers
from rules.case import Case, Draft
from rules.law import Law
from rules.people import on_duty
from topics.command import Command
from topics.pack import Category
from topics.vocabulary import Reason, Role

COMMITTEES = (Role.RESIDENTS_COMMITTEE, Role.OWNERS_COMMITTEE, Role.RED_PROPERTY)
"""Residents' committee, owners' committee, property firm: in this order where they are asked one after another."""
INSIDE = "inside"


def wall(law: Law, where: str) -> str:
    """Tell which side of the wall a grid lies on: what the nearest node says that says anything, else nothing."""
    return next((law.nodes[here].wall for here in law.path(where) if law.nodes[here].wall), "")


def asked(law: Law, category: Category, where: str) -> str | None:
    """Tell how the committees are asked about a ticket, if they are: ``sequential`` or ``parallel``."""
    return category.consent if category.consent is not None and wall(law, where) == INSIDE else None


def missing(draft: Draft) -> tuple[Role, ...]:
    """Name the committees that have not agreed yet; none where nobody is asked."""
    if draft.consent is None:
        return ()
    given = {role for role, _ in draft.consents}
    return tuple(role for role in COMMITTEES if role not in given)


def consent(case: Case, draft: Draft, command: Command) -> Reason:
    """A committee agrees, or does not: then the matter goes one tier up, where it is decided without them."""
    waiting, role = missing(draft), command.actor.role
    if role not in waiting:
        return Reason.NOTHING_ASKED
    if draft.consent == "sequential" and role is not waiting[0]:
        return Reason.NOT_YOUR_TURN
    if not on_duty(case, draft, command.actor):
        return Reason.NOT_ON_DUTY
    if not command.passed and not command.reason:
        return Reason.REASON_MISSING
    case.say("CommitteeAnswered", draft, committee=str(role), by=command.actor.person, agrees=command.passed)
    if command.passed:
        draft.consents = (*draft.consents, (str(role), command.actor.person))
    else:
        draft.consent = None
        offers.move_up(case, draft, "no_consent")
    return Reason.DONE_AS_ASKED
