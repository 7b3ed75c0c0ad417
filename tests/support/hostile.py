"""Records of the worst kinds for every door and every topic of ours, beside those of ``poison``: what each must come
to."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.poison import KINDS, Raw, report
from topics.envelope import incident_message
from topics.incident import MAX_RECORD_BYTES
from topics.rejected import RejectReason
from topics.vocabulary import CommandKind, Role

R = RejectReason
HUNDREDS = MAX_RECORD_BYTES - 8 * 1024
"""Bytes of a record that the door still takes whole."""


def _as(value: bytes) -> Callable[[int], Raw]:
    """These bytes under sound headers and key."""

    def make(n: int) -> Raw:
        key, _, headers = incident_message("worst", str(n), {})
        return key, value, headers

    return make


def _said(**changes: Any) -> Callable[[int], Raw]:
    return lambda n: incident_message("worst", str(n), report(**changes))


def _with(member: str, text: str) -> bytes:
    """A sound report with one member more, as JSON that is written by hand."""
    return (json.dumps(report())[:-1] + f', "{member}": {text}}}').encode()


def _long(part: str, first: str = "[", last: str = "]") -> str:
    """So many of a part that the record is just below its bound."""
    return first + ",".join([part] * (HUNDREDS // (len(part) + 1))) + last


def _headed(*more: tuple[str, bytes], **changes: Any) -> Callable[[int], Raw]:
    def make(n: int) -> Raw:
        key, value, headers = incident_message("worst", str(n), report(**changes))
        return key, value, [*headers, *more]

    return make


WORST: dict[str, tuple[RejectReason | None, Callable[[int], Raw]]] = {
    "104,000 numbers in the reporter": (None, _as(_with("reporter", '{"n": [' + ",".join(["1e9"] * 104_000) + "]}"))),
    "members given twice, 60 KiB": (
        R.INVALID_FIELD,
        _as(_with("attributes", "{" + ",".join(['"ab": 1'] * 8000) + "}")),
    ),
    "members given twice, 500 KiB": (R.TOO_LARGE, _as(_with("attributes", _long('"ab": 1', "{", "}")))),
    "50,000 names": (
        R.TOO_LARGE,
        _as(_with("attributes", "{" + ",".join(f'"{n:05x}":1' for n in range(50_000)) + "}")),
    ),
    "240,000 lists": (R.TOO_LARGE, _as(_with("attributes", '{"n": ' + _long("[]") + "}"))),
    "100,000 lists deep": (R.TOO_DEEP, KINDS["100,000 lists deep"][2]),
    "a number of 500,000 digits": (R.OUT_OF_RANGE, _as(_with("promised_by", "9" * HUNDREDS))),
    "text of 500 KiB": (R.INVALID_FIELD, _said(text="电" * (HUNDREDS // 6))),
    "half a character": (R.UNREADABLE, _as(b'{"text": "\\ud800' + b"x" * HUNDREDS + b'"}')),
    "digits to mask": (None, _said(text="1" + "3 - 8 - " * 480 + "1")),
    "plates to mask": (None, _said(text="豫A·1" * 780)),
    "spoken digits to mask": (None, _said(text="一三八" * 1300)),
    "addresses to mask": (None, _said(text="a.b@" * 900)),
    "a reporter of 99 names": (None, _said(text="name 12 " * 400, reporter={f"n{k}": f"name {k}" for k in range(99)})),
    "BD-09 at the antimeridian": (None, _said(location={"lat": 0.0, "lon": 179.9999, "crs": "BD09"})),
    "a superscript for a number": (None, _said(attributes={"building": "²"}, location={"grid": "²-g²-m²"})),
    "an address of superscripts": (None, _said(location={"address": "²一二三四路" * 33})),
    "1,025 headers": (R.TOO_LARGE, _headed(*((f"x{k}", b"y") for k in range(1025)))),
    "headers of 400 KiB": (None, _headed(("x", b"y" * 400_000))),
    "a feed's fault of 400 KiB": (R.INVALID_FIELD, _headed(("gw-fault", b'{"column":"' + b"x" * 400_000), channel="?")),
    "key of 2 KiB": (R.TOO_LARGE, lambda n: (b"%d" % n * 2048, *incident_message("worst", str(n), report())[1:])),
    "key that is no text": (
        R.KEY_MISMATCH,
        lambda n: (b"\xff\x00worst:%d" % n, *incident_message("worst", str(n), report())[1:]),
    ),
}
"""Kind -> the reason it must be rejected for (``None``: it is a report, and becomes a ticket), and how to make the nth
of it."""


NO_COMMANDS = (
    b"",
    b"\xff\x00",
    b"null",
    b"[" * 100_000,
    b"{" + b'"id":"a",' * 50_000,
    b'{"id": ' + b"9" * 500_000 + b"}",
    b'{"id":"x"' + b" " * 520_000 + b"}",
)
"""Bytes that are no command at all."""
CHIEF = {"role": "chief", "person": "chief-1"}


def _forged(ticket: str) -> list[dict[str, Any]]:
    """Moments no clock knows, what nobody may, forged ids, long lists."""
    return [
        {"id": "past", "kind": "note", "actor": CHIEF, "accepted_at": -(10**18), "ticket": ticket, "text": "x"},
        {"id": "future", "kind": "note", "actor": CHIEF, "accepted_at": 10**18, "ticket": ticket, "text": "x"},
        *_not_theirs(),
        *_forged_ids(ticket),
        *(
            {
                "id": f"more-{n}",
                "kind": "attach",
                "actor": {"role": "reporter", "person": "caller"},
                "ticket": ticket,
                "proof": [f"photo:{n}-{k}-" + "x" * 180 for k in range(50)],
            }
            for n in range(60)
        ),
    ]


def _not_theirs() -> list[dict[str, Any]]:
    """The law and the roster, changed by who may not."""
    return [
        {
            "id": "law",
            "kind": "adopt_pack",
            "actor": {"role": "reporter", "person": "x"},
            "pack": "guancheng@" + "0" * 64,
        },
        {"id": "chief-law", "kind": "adopt_pack", "actor": CHIEF, "pack": "guancheng@" + "0" * 64},
        {
            "id": "duty",
            "kind": "set_duty",
            "actor": {"role": "supervisor", "person": "supervisor-1"},
            "duty": {"person": "chief-1", "role": "chief", "change": "remove"},
        },
    ]


def _forged_ids(ticket: str) -> list[dict[str, Any]]:
    """Ids that are somebody else's, and digits and letters that are none."""
    return [
        {
            "id": "dept.ranqi.replies:0:0",
            "kind": "report_in",
            "actor": {"role": "department", "person": "x", "org": "ranqi"},
            "ticket": ticket + "/ranqi/1",
            "proof": ["photo:1"],
        },
        {"id": "clock:1", "kind": "note", "actor": CHIEF, "ticket": ticket, "text": "x"},
        {
            "id": "²",
            "kind": "finish",
            "actor": {"role": "backstop", "person": "²"},
            "ticket": "tawan-²²²²²²²²-1",
            "proof": ["photo:1"],
        },
        {
            "id": "\u202e",
            "kind": "note",
            "actor": {"role": "desk", "person": "desk-1"},
            "ticket": ticket,
            "text": "a\u202eb",
        },
    ]


def _drawn(seed: int, ticket: str) -> Iterator[dict[str, Any]]:
    """Sixty of any kind by anybody, with words of no meaning in any member."""
    draw = random.Random(seed)
    words = [
        "",
        "²",
        "x" * 200,
        ticket,
        ticket + "/ranqi/1",
        "tawan-20261124-1/²/²",
        "guancheng@0",
        "east",
        "\u200b",
        "1" * 200,
    ]
    for n in range(60):
        said = {
            name: draw.choice(words)
            for name in ("ticket", "reason", "text", "category", "home", "grid", "target", "party", "case", "pack")
            if draw.random() < 0.5
        }
        yield (
            {
                "id": f"drawn-{seed}-{n}",
                "kind": str(draw.choice(list(CommandKind))),
                "actor": {"role": str(draw.choice(list(Role))), "person": draw.choice(["chief-1", "²", "caller"])},
                **said,
            }
        )


def commands(seed: int, ticket: str, at: int) -> Iterator[bytes]:
    """Yield commands of every hostile kind: bytes that are none, forged ones, and drawn ones."""
    yield from NO_COMMANDS
    for one in (*_forged(ticket), *_drawn(seed, ticket)):
        yield json.dumps({"accepted_at": at} | one).encode()


def replies(ticket: str) -> Iterator[bytes | None]:
    """Yield what a department's compromised machine might answer."""
    yield from (
        None,
        b"",
        b"\xff",
        b"[" * 100_000,
        b'{"ticket": ' + b"9" * 500_000 + b"}",
        b'{"ticket":"a","ticket":"b"}',
    )
    for name in ("²", "tawan-²²²²²²²²-1", ticket, ticket + "/ranqi/²", "x" * 100_000):
        for action in ("accept", "finish", "explode"):
            yield json.dumps({"ticket": name, "action": action, "person": "²" * 99, "text": "\u4e00" * 3999}).encode()


def junk(
    ours: tuple[bytes, ...] = (
        b"m:",
        b"t:\xff",
        b"t:x-20260101-1",
        b"q:x",
        b"n:x",
        b"c:x",
        b"d:x",
        b"h:x",
        b"@",
        b"current",
        b"clock",
    ),
) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Yield key and value of what a stranger may write to any topic that is ours: under each key that we use, and
    others."""
    for key in (None, b"", b"\xff\x00", b"guancheng@" + b"0" * 64, *ours):
        yield from ((key, value) for value in (b"junk", b"{}", b"[" * 10_000, b"\xff" * 1000))
    yield from ((b"nobody's", None), (None, b"x" * 400_000))
