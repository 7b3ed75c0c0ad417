"""Which function carries out which command (LAW 6)."""

from collections.abc import Callable

from rules import appraising, asking, calls, checking, committees, desk, directing, flood, handling, pause, rebasing, verifying
from rules.case import Case, Draft
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
    CommandKind.ACCEPT: handling.accept,
    CommandKind.DECLINE: handling.decline,
    CommandKind.CONTACT: handling.contact,
    CommandKind.START: handling.start,
    CommandKind.CONSENT: committees.consent,
    CommandKind.FINISH: handling.finish,
    CommandKind.ASK_WHISTLE: calls.ask_whistle,
    CommandKind.WHISTLE: calls.blow,
    CommandKind.CHECK: checking.check,
    CommandKind.ANSWER: checking.answer,
    CommandKind.REOPEN: checking.reopen,
    CommandKind.SEND_VERIFY: verifying.send,
    CommandKind.VERIFY_RESULT: verifying.result,
    CommandKind.SPOT_FIX: verifying.spot_fix,
    CommandKind.SEND_BACK: asking.ask,
    CommandKind.EXTEND: asking.ask,
    CommandKind.PARK: asking.ask,
    CommandKind.APPROVE: asking.approve,
    CommandKind.DENY: asking.deny,
    CommandKind.UNPARK: asking.unpark,
    CommandKind.WAIT_REPORTER: pause.wait_reporter,
    CommandKind.RESUME: pause.resume,
    CommandKind.RECATEGORISE: directing.recategorise,
    CommandKind.REBASE: rebasing.rebase,
    CommandKind.APPRAISE: appraising.appraise,
    CommandKind.SUPERVISE: directing.supervise,
    CommandKind.LIFT: directing.lift,
    CommandKind.REMIND: directing.remind,
    CommandKind.ATTACH: directing.attach,
    CommandKind.FOLLOW: directing.follow,
}
"""``duplicate_of`` and ``unmerge`` change two tickets and are carried out by ``rules.merging``."""

CHILD_HANDLERS: dict[CommandKind, Handler] = {
    CommandKind.REPORT_IN: calls.report_in,
    CommandKind.ACCEPT: calls.report_in,
    CommandKind.START: calls.report_in,
    CommandKind.FINISH: calls.finish,
    CommandKind.RELEASE: calls.release,
}
"""Of a department that was called by a whistle."""
