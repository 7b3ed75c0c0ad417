"""The three committees agree before work begins inside the walls, or one does not (墙内三委联动).

Source: FIELD 2.
"""

from rules.commands.handler import Handlers
from rules.law.walls import COMMITTEES
from rules.ticket import moves
from rules.ticket.authority import on_duty
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.work import CommitteeAnswered
from topics.vocabulary import CommandKind, Reason, Role


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
    case.say(draft, CommitteeAnswered(committee=str(role), by=command.actor.person, agrees=command.passed))
    if command.passed:
        draft.consents = (*draft.consents, (str(role), command.actor.person))
    else:
        draft.consent = None
        moves.move_up(case, draft, "no_consent")
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.CONSENT: consent,
}
"""What this family carries out."""
