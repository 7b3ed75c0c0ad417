"""When it is over, street and departments say of each other how it went (LAW 7, 双评议)."""

from rules.commands.handler import Handlers
from rules.ticket import authority
from rules.ticket.authority import party_of
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.work import TicketAppraised
from topics.ticket import Appraisal
from topics.vocabulary import CommandKind, Reason


def appraise(case: Case, draft: Draft, command: Command) -> Reason:
    """A department that was called appraises the street, the street each department it called; each once."""
    called = {child.code for child in draft.children}
    by = party_of(command.actor)
    of = command.target or (authority.STREET if by != authority.STREET else "")
    if (by if by != authority.STREET else of) not in called or (by != authority.STREET and of != authority.STREET):
        return Reason.NO_SUCH_CHILD
    if command.score is None:
        return Reason.SCORE_MISSING
    if any((said.by, said.of) == (by, of) for said in draft.appraisals):
        return Reason.APPRAISED_BEFORE
    draft.appraisals = (*draft.appraisals, Appraisal(by=by, of=of, score=command.score, text=command.text or ""))
    case.say(draft, TicketAppraised(by=by, of=of, score=command.score))
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.APPRAISE: appraise,
}
"""What this family carries out."""
