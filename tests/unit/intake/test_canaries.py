"""Nothing that points to a person leaves the door but into the vault: canaries in every field, form and kind of
fault."""

import itertools
import json
import logging
from typing import Any

import msgspec
import pytest

from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.stages.dispatch import DispatchCore
from engine.stages.fanout import FanoutCore
from engine.stages.intake import LONGEST_KEY
from engine.stream.contracts import Out
from engine.views.summary import summary
from rules.law.placement import Places
from tests.support.doors import intake_of
from tests.support.fetched import fetched
from tests.support.poison import KINDS, Raw, law_of, report
from topics import codec
from topics.decision import Decision
from topics.envelope import incident_message
from topics.incident import Incident
from topics.rejected import Original, Rejected, Sealed
from topics.ticket import Ticket

AT = 1_795_482_000_000
LAW = law_of("guancheng")
PLACES = Places(LAW.bundle)
VAULT = Vault(b"k" * 32)
CANARIES = {
    "mobile": "13800001234",
    "spaced": "138 0000 1235",
    "full-width": "１３８００００１２３６",
    "landline": "0371-67891234",
    "card": "41010519900307123X",
    "former card": "130503670401001",
    "plate": "豫A·12345",
    "new energy": "豫AD12346",
    "mail": "wang.wu@example.com",
    "american": "(213) 555-0123",
    "name": "王小五",
    "own number": "6789 4321",
}
REPORTER = {"name": "王小五", "phone": "67894321", "phone2": "13800001234"}


def placed(field: str, canary: str) -> dict[str, Any]:
    """A report with a canary in one place."""
    said = f"请找{canary}。"
    data: dict[str, Any] = report(category="gas_leak", reporter=REPORTER)
    match field:
        case "text" | "category":
            data[field] = said
        case "address":
            data["location"] = {"grid": "dongguannanli-g1-m1", "address": said}
        case "listed attribute":
            data["attributes"] = {"building": said}
        case "other attribute":
            data["attributes"] = {"call": said, canary: 1}
        case "attachment":
            data["attachments"] = [{"url": f"https://pictures.example/{canary}/1.jpg", "sha256": "0" * 64}]
        case "reporter":
            data["reporter"] = {"other": canary, canary: 1}
    return data


FIELDS = ("text", "category", "address", "listed attribute", "other attribute", "attachment", "reporter")


def through(raw: Raw) -> list[Out]:
    """Carry one record through intake, dispatch and fan-out; answers all that was written, the vault's entries left
    out."""
    door = intake_of(LAW, VAULT)
    dispatch, fanout = (
        DispatchCore(0, 1, {LAW.ref: LAW}, metrics=StageMetrics("dispatch")),
        FanoutCore(0, StageMetrics("fanout")),
    )
    dispatch.opened(LAW.ref, AT)
    written = list(door.take(fetched("incidents.raw", 7, raw[0], raw[1], headers=raw[2], at=AT), AT))
    for out in list(written):
        if out.topic == "incidents":
            decided = [*dispatch.take(fetched("incidents", 0, out.key, out.value, at=AT), AT), *dispatch.flush()]
            told = [
                out
                for one in decided
                if one.topic == "tickets.decisions"
                for out in fanout.take(fetched(one.topic, 0, one.key, one.value, at=AT), AT)
            ]
            written += [*decided, *told]
    return written


def bytes_of(outs: list[Out]) -> bytes:
    """Everything in the records, with escapes undone, and the rows that Redis is given; the vault aside."""
    parts = []
    for out in outs:
        if out.topic == "vault":
            continue
        parts += [out.key or b"", out.value or b"", *(value or b"" for _, value in out.headers)]
        if out.topic == "tickets.decisions":
            changes = codec.decode(out.value or b"", Decision).changes
            parts += [summary(codec.decode(bytes(change.after), Ticket)) for change in changes if change.after]
    return b"\n".join(parts)


@pytest.mark.parametrize("structured", [False, True], ids=["binary", "structured"])
@pytest.mark.parametrize("field", FIELDS)
def test_no_canary_of_a_good_report_leaves_the_vault(
    field: str, structured: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """In any field and form; the ticket is filed and told to departments all the same, and the vault gives the original
    back."""
    caplog.set_level(logging.DEBUG)
    for form, canary in CANARIES.items():
        outs = through(incident_message("hotline", f"1-{form}", placed(field, canary), structured=structured))
        written = bytes_of(outs)
        assert canary.encode() not in written, form
        assert {"incidents", "tickets.decisions", "tickets.state", "vault"} <= {out.topic for out in outs}
        if field != "category":
            assert any(out.topic.endswith(".tasks") for out in outs)
        (entry,) = [out for out in outs if out.topic == "vault"]
        incident = codec.decode(next(out.value for out in outs if out.topic == "incidents") or b"", Incident)
        kept = VAULT.open(incident.token or "", codec.decode(entry.value or b"", Sealed))
        assert canary in json.dumps(json.loads(kept), ensure_ascii=False)
    assert not any(canary in caplog.text for canary in CANARIES.values())


def test_what_was_masked_lies_in_the_vault_under_its_field() -> None:
    """Beside the reporter: text, address, attachment, attribute as they came."""
    data = placed("text", "13800001234") | {
        "location": {"grid": "dongguannanli-g1-m1", "address": "王小五家"},
        "attributes": {"building": 13800001239},
    }
    outs = through(incident_message("hotline", "2", data))
    incident = codec.decode(outs[0].value or b"", Incident)
    assert (incident.text, incident.address, incident.attributes) == (
        "请找〔上报人〕。",
        "〔上报人〕家",
        {"building": "〔phone〕"},
    )
    (entry,) = [out for out in outs if out.topic == "vault"]
    sealed = msgspec.json.decode(VAULT.open(incident.token or "", codec.decode(entry.value or b"", Sealed)))
    assert sealed["masked"] == {
        "text": "请找13800001234。",
        "address": "王小五家",
        "attributes.building": "13800001239",
    }


def bad(canary: str) -> list[Raw]:
    """Records that are rejected, with the canary in their key, names of members and headers, and in the values that are
    wrong."""
    sound = report(text="x")
    key, value, headers = incident_message("hotline", canary, sound)
    made: list[Raw] = [
        (key, value, [*headers, (f"ce_x_{canary}", b"1")]),
        (key, value, [*headers, (f"ce_{canary}", b"1"), (f"ce_{canary}", b"2")]),
        (key, value, [*headers, (f"ce_{canary}", None)]),
        (key, b'{"%s": 1, "%s": 2}' % (canary.encode(), canary.encode()), list(headers)),
        (key, b'{"%s": ' % canary.encode(), list(headers)),
        (canary.encode(), value, list(headers)),
        (f"hotline:{canary}:other".encode(), value, list(headers)),
        (key, None, list(headers)),
    ]
    for structured in (False, True):
        made += [incident_message("hotline", canary, sound | change, structured=structured) for change in wrong(canary)]
        made += [
            incident_message(f"{canary}\x07", "1", sound, structured=structured),
            incident_message(canary * 90, "1", sound, structured=structured),
        ]
    return made


def wrong(canary: str) -> list[dict[str, Any]]:
    """Members of a report that are wrong, each for itself."""
    return [
        {canary: 1},
        {"channel": canary},
        {"occurred_at": canary},
        {"promised_by": canary},
        {"signal": canary},
        {"text": [canary]},
        {"text": {canary: canary}},
        {"text": f"{canary}\x07"},
        {"location": {"lat": canary, "lon": canary}},
        {"location": {canary: 1}},
        {"location": {"crs": canary}},
        {"location": canary},
        {"reporter": canary},
        {"attachments": [{"url": canary}]},
        {"attachments": [{"url": "x", "sha256": canary}]},
        {"attachments": {canary: 1}},
        {"exercise": canary},
        {"attributes": canary},
        {"attributes": {"building": [canary]}},
        {"attributes": {"building": f"{canary}\u202e"}},
        {"attributes": {"building": canary * 80}},
        {"category": canary * 80},
    ]


@pytest.mark.parametrize("form", ["mobile", "full-width", "name", "mail"])
def test_no_canary_of_a_rejected_record_leaves_the_vault(form: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither from its key nor a member's name, a header or a message; the sealed envelope gives key, headers and
    identity back."""
    caplog.set_level(logging.DEBUG)
    canary = CANARIES[form]
    for number, raw in enumerate(bad(canary)):
        outs = through(raw)
        (out,) = [out for out in outs if out.topic == "incidents.rejected"]
        assert canary.encode() not in bytes_of(outs), number
        rejected = codec.decode(out.value or b"", Rejected)
        assert rejected.identity is None
        (entry,) = [out for out in outs if out.topic == "vault"]
        sealed = codec.decode(entry.value or b"", Sealed)
        original = codec.decode(VAULT.open(rejected.token or "", sealed, rejected.envelope), Original)
        assert (original.key, [tuple(one) for one in original.headers]) == ((raw[0] or b"")[:LONGEST_KEY], list(raw[2]))
        assert VAULT.open(rejected.token or "", sealed, rejected.sealed) == (raw[1] or b"")
    assert canary not in caplog.text


def test_every_kind_of_bad_record_is_told_without_the_senders_words() -> None:
    """Reason, field and message are ours alone: the same whatever the sender called his members."""
    for _, _, make in KINDS.values():
        raw = make(5)
        (out,) = [out for out in through(raw) if out.topic == "incidents.rejected"]
        assert raw[0] is None or (out.key or b"") != raw[0]
        assert codec.decode(out.value or b"", Rejected).identity is None


def test_headers_of_a_rejected_record_are_kept_to_a_bound() -> None:
    """A thousand of them would make the rejection larger than the report."""
    key, _, headers = incident_message("hotline", "3", {})
    many = list(itertools.chain(headers, ((f"trace{n}", b"x" * 500) for n in range(900))))
    outs = through((key, b"{", many))
    assert sum(len(out.value or b"") for out in outs) < 40_000
