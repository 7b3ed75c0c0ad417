"""What people send to ``commands`` may be anything: each record becomes a cause, and what is no command is one that is refused."""

import pytest

from engine.stage import Record
from engine.stages.dispatch import cause_of
from rules.book import CommandCause
from topics.registry import COMMANDS
from topics.vocabulary import CommandKind


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"null", b'{"id":"\xff","kind":"note"}', b'{"id":"c","kind":"\xc3\x28"}', b"\xff\xfe", b"[" * 100_000, b'{"id":"c","kind":"note","more":1}'],
    ids=["empty", "cut off", "null", "bad id", "bad kind", "no text", "deep", "unknown member"],
)  # fmt: skip
def test_what_is_no_command_is_unreadable_and_never_held(value: bytes) -> None:
    """It is decided as a refusal with the fault as its reason, so that its sender hears of it and nobody waits."""
    cause = cause_of(Record(COMMANDS.name, 0, 7, b"tawan", value, (), 1, 1))
    assert isinstance(cause, CommandCause)
    assert (cause.command.kind, cause.command.id) == (CommandKind.UNREADABLE, "commands:0:7") and cause.command.reason is not None
