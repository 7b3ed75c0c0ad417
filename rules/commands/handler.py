"""The form of what carries out a command (LAW 6)."""

from collections.abc import Callable

from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.vocabulary import CommandKind, Reason

Handler = Callable[[Case, Draft, Command], Reason]
Handlers = dict[CommandKind, Handler]
