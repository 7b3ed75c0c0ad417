"""DESIGN 3: ``source`` and ``id`` name one incident and no other, however their letters are composed."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.stages.intake import IntakeCore
from engine.stream.contracts import Out
from rules.law.placement import Places
from tests.support.fetched import fetched
from tests.support.poison import law_of, report
from topics import codec
from topics.envelope import incident_message
from topics.ids import folded, identity, is_from, murmur2
from topics.incident import Incident
from topics.rejected import Rejected

AT = 1_795_482_000_000
LAW = law_of("guancheng")
TEXT = st.text(alphabet=st.sampled_from("ab:%253Aé\u0301\u200b25"), min_size=1, max_size=8)


def door(partition: int = 0, partitions: int = 1) -> IntakeCore:
    """An empty door."""
    return IntakeCore(
        partition,
        partitions,
        {LAW.ref: Places(LAW.bundle)},
        laws={LAW.ref: LAW},
        current=lambda: LAW.ref,
        vault=Vault(b"k" * 32),
        metrics=StageMetrics("intake"),
    )


def taken(
    core: IntakeCore, source: str, name: str, key: bytes | None = None, offset: int = 1
) -> tuple[str, str | None]:
    """What becomes of one report: the topic it goes to, and its identity there."""
    own, value, headers = incident_message(source, name, report())
    headers = [
        (k, v) if k not in ("ce_source", "ce_id") else (k, {"ce_source": source, "ce_id": name}[k].encode())
        for k, v in headers
    ]
    out: Out = first(
        core.take(fetched("incidents.raw", offset, own if key is None else key, value, headers=headers, at=AT), AT)
    )
    kind: type[Any] = Incident if out.topic == "incidents" else Rejected
    return out.topic, codec.decode(out.value or b"", kind).identity if out.topic != "incidents.raw" else None


def first(outs: Iterable[Out]) -> Out:
    """The record that says what became of it."""
    return next(iter(outs))


@pytest.mark.parametrize(("source", "name", "written"), [
    ("app", "7", "app:7"), ("app", "a:b", "app:a:b"), ("la 311", "50%", "la 311:50%"), ("50%", "x", "50%:x"),
    ("urn:x", "7", "urn%3Ax:7"), ("urn%3Ax", "7", "urn%253Ax:7"), ("%25", "7", "%2525:7"), ("%3a", "7", "%3a:7"),
])  # fmt: skip
def test_plain_names_stay_as_they_are_and_a_colon_within_a_source_is_told_apart(
    source: str, name: str, written: str
) -> None:
    """The key format of plain values is the one of before."""
    assert identity(source, name) == written


@given(TEXT, TEXT, TEXT, TEXT)
def test_two_reports_have_one_identity_only_if_they_are_one(source: str, name: str, other: str, another: str) -> None:
    """``a:b`` + ``c`` is not ``a`` + ``b:c``; and whose it is can be read from it."""
    same = (folded(source), folded(name)) == (folded(other), folded(another))
    assert (identity(source, name) == identity(other, another)) is same
    assert is_from(identity(source, name), other) is (folded(source) == folded(other))


def test_a_colon_on_the_other_side_is_another_incident() -> None:
    """Both become tickets; the second was a duplicate of the first before."""
    core = door()
    assert taken(core, "a:b", "c") == ("incidents", "a%3Ab:c")
    assert taken(core, "a", "b:c", offset=2) == ("incidents", "a:b:c")
    assert taken(core, "a:b", "c", key=b"a:b:c", offset=3)[0] == "incidents.rejected"


@pytest.mark.parametrize("name", ["cafe\u0301-7", "caf\u00e9-7\u200b", "\ufeffcaf\u00e9\u00ad-7", "caf\u00e9\ufe0f-7"])
def test_letters_composed_otherwise_or_with_what_nobody_sees_are_the_same_incident(name: str) -> None:
    """The second report is a repeat of the first, whatever form its producer writes into key and id."""
    core = door()
    assert taken(core, "app", "caf\u00e9-7") == ("incidents", "app:caf\u00e9-7")
    assert taken(core, "app", name, key=f"app:{name}".encode(), offset=2) == ("incidents.rejected", "app:caf\u00e9-7")
    assert codec.decode(b'"x"', str) == "x"


def test_a_key_composed_otherwise_goes_to_the_partition_of_the_composed_one() -> None:
    """Else two doors would each see it for the first time."""
    name = unicodedata.normalize("NFD", "app:\u00e9\u00e8\u00fc")
    partition = (murmur2(folded(name).encode()) & 0x7FFFFFFF) % 64
    wrong = (murmur2(name.encode()) & 0x7FFFFFFF) % 64
    assert wrong != partition
    source, _, external = folded(name).partition(":")
    _, value, headers = incident_message(source, external, report())
    moved = first(
        door(wrong, 64).take(
            fetched("incidents.raw", 1, name.encode(), value, partition=wrong, headers=headers, at=AT), AT
        )
    )
    assert (moved.topic, moved.partition, moved.key) == ("incidents.raw", partition, folded(name).encode())
    assert (
        first(
            door(partition, 64).take(
                fetched("incidents.raw", 2, moved.key, value, partition=partition, headers=moved.headers, at=AT), AT
            )
        ).topic
        == "incidents"
    )


def test_a_name_of_nothing_visible_is_rejected() -> None:
    """It would be the empty name."""
    assert taken(door(), "app", "\u200b\u2060", key="app:\u200b\u2060".encode())[0] == "incidents.rejected"


@pytest.mark.parametrize("hidden", ["\u2065", "\ufff3", "\U000e0080", "\U000e0fff", "\u200b", "\u3164"])
def test_what_unicode_keeps_for_invisible_signs_makes_no_other_incident(hidden: str) -> None:
    """Also what is not given out yet: it shows nothing anywhere."""
    assert identity("app" + hidden, hidden + "7") == "app:7"
