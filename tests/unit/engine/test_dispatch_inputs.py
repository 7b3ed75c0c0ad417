"""What people send to ``commands`` may be anything: each record becomes a cause, and what is no command is one that is
refused."""

import pytest

from engine.stages.dispatch import cause_of
from rules.state.causes import CommandCause
from tests.support.fetched import fetched
from tests.unit.engine.test_batches import dispatch_core
from topics import bounds, codec
from topics.decision import Decision
from topics.registry import COMMANDS
from topics.vocabulary import CommandKind

AT = 1_795_482_000_000


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"null",
        b'{"id":"\xff","kind":"note"}',
        b'{"id":"c","kind":"\xc3\x28"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id":"c","kind":"note","more":1}',
    ],
    ids=["empty", "cut off", "null", "bad id", "bad kind", "no text", "deep", "unknown member"],
)
def test_what_is_no_command_is_unreadable_and_never_held(value: bytes) -> None:
    """It is decided as a refusal with the fault as its reason, so that its sender hears of it and nobody waits."""
    cause = cause_of(fetched(COMMANDS.name, 7, b"tawan", value, at=1))
    assert isinstance(cause, CommandCause)
    assert (cause.command.kind, cause.command.id) == (
        CommandKind.UNREADABLE,
        "commands:0:7",
    ) and cause.command.reason is not None


def test_a_command_larger_than_any_honest_one_is_unreadable_with_the_field() -> None:
    """It is not even read."""
    value = b'{"id":"c"' + b" " * bounds.COMMAND_BYTES + b"}"
    (out,) = dispatch_core().take(fetched(COMMANDS.name, 7, b"tawan", value, appended_ms=1, at=AT), AT)
    decision = codec.decode(out.value or b"", Decision)
    assert (decision.reason, decision.why.facts) == ("unreadable", {"field": "value"})


def test_what_is_wrong_with_a_command_is_named() -> None:
    """The member, never what stood in it."""
    value = b'{"id":"c","kind":"note","actor":{"role":"desk"},"accepted_at":1}'
    (out,) = dispatch_core().take(fetched(COMMANDS.name, 7, b"tawan", value, appended_ms=1, at=AT), AT)
    assert codec.decode(out.value or b"", Decision).why.facts == {"field": "actor"}
