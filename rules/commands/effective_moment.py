"""As of when a command counts: doors stamp it, the broker's time bounds what they may say (DESIGN 6)."""

from topics.command import Command, answers_for
from topics.ids import Instant
from topics.vocabulary import CommandKind, Role

DOOR_DELAY_MS = 15 * 60_000
"""How long before the broker has it a door may have taken a command: a producer gives up after two minutes, a person
does not wait longer."""
REPLY_DELAY_MS = 86_400_000
"""The same for a department's reply, whose moment the broker itself has written: our own stage may have stood for a
night."""
TOLD_LATER = (CommandKind.CLOSE_BY_SOURCE, CommandKind.CANCEL)
"""What a source says of its own tickets may be history, long over when it is told."""


def effective(command: Command, appended_at: Instant, at: Instant, speed: int = 1) -> Instant:
    """When a command took effect: when a door took it, never after the broker had it, never after now (DESIGN 6).

    Nor longer before the broker had it than a door honestly takes: whoever says so is believed that much and no more.
    """
    if command.actor.role is Role.SOURCE and command.kind in TOLD_LATER:
        return min(command.accepted_at, appended_at, at)
    delay = DOOR_DELAY_MS if answers_for(command) is None else REPLY_DELAY_MS
    return min(max(command.accepted_at, appended_at - delay * speed), appended_at, at)
