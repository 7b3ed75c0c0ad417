"""Which function carries out which command."""

from rules import commands
from topics.vocabulary import CommandKind

HANDLERS: dict[CommandKind, commands.Handler] = {
    CommandKind.FILE: commands.file,
    CommandKind.DISMISS: commands.dismiss,
    CommandKind.ACCEPT: commands.accept,
    CommandKind.DECLINE: commands.decline,
    CommandKind.CONTACT: commands.contact,
    CommandKind.START: commands.start,
    CommandKind.WHISTLE: commands.blow,
    CommandKind.ASK_WHISTLE: commands.ask_whistle,
    CommandKind.REPORT_IN: commands.report_in,
    CommandKind.FINISH: commands.finish,
    CommandKind.RELEASE: commands.release,
    CommandKind.CHECK: commands.check,
    CommandKind.ANSWER: commands.answer,
    CommandKind.REOPEN: commands.reopen,
    CommandKind.REFER: commands.refer,
    CommandKind.REASSIGN: commands.reassign,
    CommandKind.ESCALATE: commands.escalate,
    CommandKind.NOTE: commands.note,
    CommandKind.CANCEL: commands.cancel,
    CommandKind.CLOSE_BY_SOURCE: commands.close_by_source,
}
"""``duplicate_of`` changes two tickets and is carried out by ``rules.decide`` itself."""
