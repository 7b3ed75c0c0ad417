"""Which function carries out which command (LAW 6): what the families say at their ends, together."""

from rules.commands import (
    appraisal,
    approvals,
    check_and_survey,
    committee_consent,
    desk,
    field_verification,
    pause,
    rebase,
    referral,
    supervision,
    whistle,
    work,
)
from rules.commands.handler import Handlers
from rules.ticket import flood
from topics.vocabulary import CommandKind

FAMILIES: tuple[Handlers, ...] = (
    desk.HANDLERS,
    referral.HANDLERS,
    work.HANDLERS,
    committee_consent.HANDLERS,
    whistle.HANDLERS,
    check_and_survey.HANDLERS,
    field_verification.HANDLERS,
    approvals.HANDLERS,
    pause.HANDLERS,
    supervision.HANDLERS,
    rebase.HANDLERS,
    appraisal.HANDLERS,
    {CommandKind.UNFOLD: flood.unfold},
)
HANDLERS: Handlers = {kind: handler for family in FAMILIES for kind, handler in family.items()}
"""``duplicate_of`` and ``unmerge`` change two tickets and are carried out by ``rules.state.commands_among_tickets``."""

CHILD_HANDLERS: Handlers = whistle.CHILD_HANDLERS
"""Of a department that was called by a whistle."""
