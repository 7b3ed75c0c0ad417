"""What people send to ``commands`` may be anything: each record becomes a cause, and what is no command is one that is
refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.stages.dispatch import cause_of
from rules.state.causes import CommandCause
from tests.support.fetched import fetched
from tests.unit.engine.test_batches import dispatch_core
from topics import bounds, codec
from topics.decision import Decision
from topics.registry import COMMANDS
from topics.vocabulary import CommandKind, Role

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


VALUES = st.recursive(
    st.sampled_from(
        [
            0,
            -(10**18),
            2**63,
            2**64,
            1e300,
            True,
            None,
            "",
            "²",
            "\x00",
            "\u202e",
            "east-²²²²²²²²-1",
            "x" * 5000,
            "tawan-20261124-1/ranqi/²",
        ]
    )
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=6,
)
MEMBERS = (
    "ticket",
    "reason",
    "text",
    "proof",
    "category",
    "home",
    "grid",
    "target",
    "party",
    "departments",
    "until",
    "pack",
    "duty",
    "other",
)
COMMANDS_SAID = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "²"]),
        "kind": st.sampled_from([str(kind) for kind in CommandKind]),
        "accepted_at": st.sampled_from([1, AT, -(10**18), 10**18]),
    }
    | {
        "actor": st.sampled_from(
            [{"role": str(role), "person": person} for role in Role for person in ("chief-1", "desk-1", "²")]
        )
    },
)
WITH_MEMBERS = st.tuples(COMMANDS_SAID, st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=4)).map(
    lambda two: {**two[0], **two[1]}
)
"""Few at a time: with half of them hostile nearly every record ends at the first that is read, and none goes deeper."""


@settings(deadline=5000, max_examples=200)
@given(st.binary(max_size=300) | WITH_MEMBERS.map(lambda said: json.dumps(said).encode()))
def test_no_bytes_make_dispatch_raise_and_every_record_is_answered(value: bytes) -> None:
    """One decision, no exception, and the same again from a fresh book."""
    first, second = (
        dispatch_core().take(fetched(COMMANDS.name, 7, b"tawan", value, appended_ms=1, at=AT), AT) for _ in range(2)
    )
    assert [out.topic for out in first] == ["tickets.decisions"]
    assert [out.value for out in first] == [out.value for out in second]


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
