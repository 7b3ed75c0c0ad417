"""Which function carries out which command (LAW 6)."""

from collections.abc import Callable

from rules.commands import (
    appraisal,
    approvals,
    check_and_survey,
    committee_consent,
    desk,
    field_verification,
    pause,
    rebase,
    supervision,
    whistle,
    work,
)
from rules.ticket import flood
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.vocabulary import CommandKind, Reason

Handler = Callable[[Case, Draft, Command], Reason]

HANDLERS: dict[CommandKind, Handler] = {
    CommandKind.FILE: desk.file,
    CommandKind.DISMISS: desk.dismiss,
    CommandKind.APPEAL: desk.appeal,
    CommandKind.REFER: desk.refer,
    CommandKind.PLACE: desk.place,
    CommandKind.REASSIGN: desk.reassign,
    CommandKind.ESCALATE: desk.escalate,
    CommandKind.NOTE: desk.note,
    CommandKind.CANCEL: desk.cancel,
    CommandKind.CLOSE_BY_SOURCE: desk.close_by_source,
    CommandKind.UNFOLD: flood.unfold,
    CommandKind.ACCEPT: work.accept,
    CommandKind.DECLINE: work.decline,
    CommandKind.CONTACT: work.contact,
    CommandKind.START: work.start,
    CommandKind.CONSENT: committee_consent.consent,
    CommandKind.FINISH: work.finish,
    CommandKind.ASK_WHISTLE: whistle.ask_whistle,
    CommandKind.WHISTLE: whistle.blow,
    CommandKind.CHECK: check_and_survey.check,
    CommandKind.ANSWER: check_and_survey.answer,
    CommandKind.REOPEN: check_and_survey.reopen,
    CommandKind.SEND_VERIFY: field_verification.send,
    CommandKind.VERIFY_RESULT: field_verification.result,
    CommandKind.SPOT_FIX: field_verification.spot_fix,
    CommandKind.SEND_BACK: approvals.ask,
    CommandKind.EXTEND: approvals.ask,
    CommandKind.PARK: approvals.ask,
    CommandKind.APPROVE: approvals.approve,
    CommandKind.DENY: approvals.deny,
    CommandKind.UNPARK: approvals.unpark,
    CommandKind.WAIT_REPORTER: pause.wait_reporter,
    CommandKind.RESUME: pause.resume,
    CommandKind.RECATEGORISE: supervision.recategorise,
    CommandKind.REBASE: rebase.rebase,
    CommandKind.APPRAISE: appraisal.appraise,
    CommandKind.SUPERVISE: supervision.supervise,
    CommandKind.LIFT: supervision.lift,
    CommandKind.REMIND: supervision.remind,
    CommandKind.ATTACH: supervision.attach,
    CommandKind.FOLLOW: supervision.follow,
}
"""``duplicate_of`` and ``unmerge`` change two tickets and are carried out by ``rules.ticket.merging``."""

CHILD_HANDLERS: dict[CommandKind, Handler] = {
    CommandKind.REPORT_IN: whistle.report_in,
    CommandKind.ACCEPT: whistle.report_in,
    CommandKind.START: whistle.report_in,
    CommandKind.FINISH: whistle.finish,
    CommandKind.RELEASE: whistle.release,
}
"""Of a department that was called by a whistle."""
