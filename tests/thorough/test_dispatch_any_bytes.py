"""No bytes, and no members of a command, make dispatch raise."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fetched import fetched
from tests.unit.engine.test_batches import dispatch_core
from topics.registry import COMMANDS
from topics.vocabulary import CommandKind, Role

AT = 1_795_482_000_000

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
