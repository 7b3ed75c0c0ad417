"""What comes in by the door: every bad record is rejected with its reason and field, every good one placed, nothing
personal leaks."""

import msgspec
import pytest

from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.stages.intake import REHOMED, IntakeCore
from engine.stream.contracts import Out, Record
from rules.law.placement import Places
from tests.support.fetched import fetched
from tests.support.poison import KINDS, Raw, law_of, report
from topics import codec
from topics.envelope import incident_message
from topics.ids import murmur2
from topics.incident import MAX_RECORD_BYTES, Incident
from topics.rejected import FAULT_HEADER, Rejected, RejectReason, SaidFault, Sealed

AT = 1_795_482_000_000
"""2026-11-24 01:00 UTC."""
LAW = law_of("guancheng")
PLACES = Places(LAW.bundle)
VAULT = Vault(b"k" * 32)
PHONE = "13912345678"


def core(partition: int = 0, partitions: int = 1) -> IntakeCore:
    """An empty door, the only one unless more are asked for."""
    return IntakeCore(
        partition,
        partitions,
        {LAW.ref: PLACES},
        laws={LAW.ref: LAW},
        current=lambda: LAW.ref,
        vault=VAULT,
        metrics=StageMetrics("intake"),
    )


def record(raw: Raw, offset: int = 7, partition: int = 0) -> Record:
    """A raw record as the loop hands it on."""
    key, value, headers = raw
    return fetched("incidents.raw", offset, key, value, partition=partition, headers=headers, at=AT)


def outs(raw: Raw, door: IntakeCore | None = None, at: int = AT) -> dict[str, list[Out]]:
    """What the door writes, by topic."""
    found: dict[str, list[Out]] = {}
    for out in (door or core()).take(record(raw), at):
        found.setdefault(out.topic, []).append(out)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_bad_record_is_rejected_with_its_reason_and_field(kind: str) -> None:
    """One rejection, the expected reason and field, the original sealed and openable; no ticket."""
    reason, field, make = KINDS[kind]
    raw = make(1)
    written = outs(raw)
    assert "incidents" not in written
    (out,) = written["incidents.rejected"]
    rejected = codec.decode(out.value or b"", Rejected)
    assert (rejected.reason, rejected.field) == (reason, field)
    (entry,) = written["vault"]
    assert VAULT.open(rejected.token or "", codec.decode(entry.value or b"", Sealed), rejected.sealed) == (
        raw[1] or b""
    )


def test_a_good_record_is_placed_once_and_its_repeat_is_a_duplicate() -> None:
    """The second one with the same identity is kept as a duplicate that names the first."""
    door, raw = core(), incident_message("app", "1", report())
    first = outs(raw, door)
    incident = codec.decode(first["incidents"][0].value or b"", Incident)
    assert (incident.home, incident.leaf, incident.category) == ("dongguannanli", "dongguannanli-g1-m1", "bins_full")
    second = outs(raw, door)
    assert set(second) == {"incidents.rejected"}
    rejected = codec.decode(second["incidents.rejected"][0].value or b"", Rejected)
    assert (rejected.reason, rejected.original) == (RejectReason.DUPLICATE, "incidents.raw:0:7")


def test_a_rejected_identity_may_come_again_mended() -> None:
    """Only what was taken is remembered."""
    door = core()
    assert "incidents.rejected" in outs(incident_message("app", "2", report(channel="pigeon")), door)
    assert "incidents" in outs(incident_message("app", "2", report()), door)


def test_an_identity_is_remembered_for_thirty_days_and_then_let_go() -> None:
    """Judged by stored engine times; what is let go leaves a tombstone, once, and what came again leaves none."""
    door, raw, day = core(), incident_message("app", "3", report()), 86_400_000
    outs(raw, door)
    gone = outs(incident_message("app", "gone", report()), door)["intake.state"][0].key
    assert "incidents.rejected" in outs(raw, door, AT + 30 * day)
    assert "incidents" in outs(raw, door, AT + 36 * day)
    later = [
        out
        for n in range(260)
        for out in outs(incident_message("app", f"later{n}", report()), door, AT + 36 * day)["intake.state"]
    ]
    assert [out.key for out in later if out.value is None] == [gone]


def test_identities_are_read_back_from_the_state() -> None:
    """Another opening of the partition knows them, and what the state says is gone is gone."""
    door, raw = core(), incident_message("app", "5", report())
    (seen,) = outs(raw, door)["intake.state"]
    again = core()
    again.load(seen.key or b"", seen.value)
    again.opened(None, AT)
    rejected = codec.decode(outs(raw, again)["incidents.rejected"][0].value or b"", Rejected)
    assert rejected.original == "incidents.raw:0:7"
    again.load(seen.key or b"", None)
    assert "incidents" in outs(raw, again)


@pytest.mark.parametrize("data", [report(category="no such thing"), report(category=None)], ids=["unknown", "absent"])
def test_an_unknown_category_is_no_rejection(data: dict[str, object]) -> None:
    """It goes on without a category, for the duty desk."""
    incident = codec.decode(outs(incident_message("app", "4", data))["incidents"][0].value or b"", Incident)
    assert incident.category is None
    assert incident.category_given == data.get("category")


def test_what_lies_nowhere_goes_to_the_unplaced_home() -> None:
    """No grid, no point, no known address."""
    incident = codec.decode(
        outs(incident_message("app", "5", report(location={"address": "nowhere 5"})))["incidents"][0].value or b"",
        Incident,
    )
    assert (incident.home, incident.placed_by, incident.leaf) == ("unplaced", "nothing", None)


def test_a_record_in_a_wrong_partition_is_put_right_once() -> None:
    """It is written again to its key's partition; one that claims to have been put right already is rejected."""
    raw = incident_message("app", "6", report())
    right = (murmur2(raw[0]) & 0x7FFFFFFF) % 4
    wrong = (right + 1) % 4
    (out,) = core(wrong, 4).take(record(raw, partition=wrong), AT)
    assert (out.topic, out.partition, out.value) == ("incidents.raw", right, raw[1])
    forged = (raw[0], raw[1], [*raw[2], (REHOMED, b"x")])
    written = list(core(wrong, 4).take(record(forged, partition=wrong), AT))
    assert codec.decode(written[0].value or b"", Rejected).reason == RejectReason.WRONG_PARTITION
    assert "incidents" in {
        out.topic for out in core(right, 4).take(record((out.key, out.value, list(out.headers)), partition=right), AT)
    }


def test_a_phone_number_is_in_nothing_that_intake_writes() -> None:
    """Planted in the reporter and in an attribute the pack does not list; the vault alone can give it back."""
    raw = incident_message(
        "app", "7", report(reporter={"phone": PHONE}, attributes={"callback": PHONE, "building": "3"})
    )
    written = outs(raw)
    for out in (out for several in written.values() for out in several):
        assert PHONE.encode() not in (out.key or b"") + (out.value or b"")
    incident = codec.decode(written["incidents"][0].value or b"", Incident)
    assert incident.attributes == {"building": "3"}
    assert incident.can_reach_reporter
    entry = codec.decode(written["vault"][0].value or b"", Sealed)
    assert msgspec.json.decode(VAULT.open(incident.token or "", entry)) == {
        "reporter": {"phone": PHONE},
        "attributes": {"callback": PHONE},
    }


@pytest.mark.parametrize("which", ["value", "headers"])
def test_what_compression_hid_is_too_large_and_its_beginning_is_kept(which: str) -> None:
    """A record can be far larger than the topic's limit once decompressed; what is sealed of it stays within the
    limit."""
    key, _, headers = incident_message("app", "9", report())
    big: Raw = (
        (key, b"x" * 3_000_000, list(headers))
        if which == "value"
        else (key, b"{}", [*headers, ("h", b"x" * 3_000_000)])
    )
    written = outs(big)
    (out,) = written["incidents.rejected"]
    rejected = codec.decode(out.value or b"", Rejected)
    assert (rejected.reason, rejected.field) == (RejectReason.TOO_LARGE, "value")
    assert len(out.value or b"") < 1_000_000
    entry = codec.decode(written["vault"][0].value or b"", Sealed)
    assert (big[1] or b"").startswith(VAULT.open(rejected.token or "", entry, rejected.sealed))


def test_what_is_too_large_to_be_put_right_is_rejected() -> None:
    """Written again with one header more it would not fit into its topic, and the partition would stop."""
    key, _, headers = incident_message("app", "10", report())
    wrong = ((murmur2(key) & 0x7FFFFFFF) + 1) % 4
    rejection, _ = core(wrong, 4).take(
        record((key, b"x" * (MAX_RECORD_BYTES - 1000), list(headers)), partition=wrong), AT
    )
    assert codec.decode(rejection.value or b"", Rejected).reason == RejectReason.WRONG_PARTITION


def test_a_rejection_shows_nothing_that_came_with_the_record() -> None:
    """Neither a phone number in a text that is unsound nor one in a name of a member is copied beside the reason."""
    for data in (
        report(text=f"call {PHONE}\x07"),
        report(reporter=PHONE),
        report(category=PHONE * 30),
        report(attributes={"building": [PHONE]}),
    ):
        for out in core().take(record(incident_message("app", "11", data)), AT):
            assert PHONE.encode() not in (out.key or b"") + (out.value or b"")


def test_state_is_loaded_as_it_was_written() -> None:
    """A new owner of the partition knows every identity the former one took, and forgets what was let go."""
    first, second = core(), core()
    for number in range(5):
        for out in first.take(record(incident_message("app", f"l{number}", report()), number), AT + number):
            if out.topic == "intake.state":
                second.load(out.key or b"", out.value)
    second.opened(LAW.ref, AT + 5)
    assert all(
        "incidents.rejected" in outs(incident_message("app", f"l{number}", report()), second, AT + 10)
        for number in range(5)
    )


def test_a_record_set_aside_is_kept_whole() -> None:
    """Our own fault: reason ``held``, the original sealed."""
    raw = incident_message("app", "12", report())
    rejection, vault = core().hold(record(raw), AT)
    rejected = codec.decode(rejection.value or b"", Rejected)
    assert rejected.reason == RejectReason.HELD
    assert VAULT.open(rejected.token or "", codec.decode(vault.value or b"", Sealed), rejected.sealed) == raw[1]


def test_of_a_flood_large_originals_are_kept_at_their_position_alone() -> None:
    """A hundred are sealed whatever their size; beyond, what is large is named by its position, what is small is sealed
    still."""
    door, large, small = (
        core(),
        incident_message("app", "1", report(text="x" * 100_000)),
        incident_message("app", "1", report(channel="?")),
    )
    kept = []
    for n, raw in enumerate([large] * 102 + [small]):
        written = list(door.take(record(raw, n), AT))
        rejected = next(
            codec.decode(out.value or b"", Rejected) for out in written if out.topic == "incidents.rejected"
        )
        assert (rejected.sealed is None) == (len(written) == 1) == (f"kept at {rejected.id} alone" in rejected.message)
        kept.append(rejected.sealed is not None)
    assert kept == [True] * 100 + [False] * 2 + [True]


def test_a_flood_of_rejections_raises_one_alarm_a_minute() -> None:
    """Bad records never stop the door; a hundred of them within a minute call somebody, repeats of good ones do not."""
    metrics = StageMetrics("intake")
    door = IntakeCore(
        0, 1, {LAW.ref: Places(LAW.bundle)}, laws={LAW.ref: LAW}, current=lambda: LAW.ref, vault=VAULT, metrics=metrics
    )
    sound = incident_message("app", "1", report())
    for minute in (1, 2, 3):
        for n in range(150 if minute < 3 else 99):
            bad = incident_message("app", f"{minute}-{n}", report(channel="smoke signal"))
            door.take(
                fetched("incidents.raw", n, bad[0], bad[1], headers=bad[2], appended_ms=minute * 60_000, at=AT), AT
            )
            door.take(
                fetched("incidents.raw", n, sound[0], sound[1], headers=sound[2], appended_ms=minute * 60_000, at=AT),
                AT,
            )
    assert metrics.counters["alarms", ("rejection_flood",)] == 2


def test_a_row_that_a_feed_could_not_map_says_its_column() -> None:
    """A record that does not fit may say why in a header; one that fits is taken whatever its headers say, and junk
    there changes nothing."""
    said = (FAULT_HEADER, codec.encode(SaidFault("受理时间", "row 7: 's***' is no time")))
    key, value, headers = incident_message("feed", "7", {"columns": {"受理时间": "soon"}})
    rejected = codec.decode(outs((key, value, [*headers, said]))["incidents.rejected"][0].value or b"", Rejected)
    assert (rejected.reason, rejected.field, rejected.message) == (
        "invalid_field",
        "受理时间",
        "row 7: 's***' is no time",
    )
    junk = codec.decode(
        outs((key, value, [*headers, (FAULT_HEADER, b"{")]))["incidents.rejected"][0].value or b"", Rejected
    )
    assert junk.field == "data.occurred_at"
    key, value, headers = incident_message("feed", "8", report())
    assert "incidents" in outs((key, value, [*headers, said]))
