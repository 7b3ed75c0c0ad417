"""What the addresses of pulling and of notices take and give, by example."""

from typing import Any

from engine.gateway.example import Example
from topics.ids import record_id
from topics.registry import COMMANDS

READER = "main"
_TASK = {
    "id": f"{record_id(COMMANDS.name, 5, 1)}#ranqi#ranqi/1",
    "event": "dispatched",
    "department": "ranqi",
    "ticket": "tawan-20260302-1",
    "role": "lead",
    "at": "2026-03-02T01:21:18.000Z",
}
_EVENT = {"id": _TASK["id"], "cursor": "17", "event": _TASK}
_RECEIPT = "0123456789abcdef.17"
_LEASED = _EVENT | {"receipt": _RECEIPT, "attempt": 1, "replayed": False, "until": "2026-03-02T01:22:18Z"}
_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_RECEIPTS = {"type": "array", "minItems": 1, "maxItems": 100, "items": _TEXT}


def _takes(members: dict[str, Any], example: dict[str, Any], *required: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": False}
    return {"application/json": (shape | ({"required": list(required)} if required else {}), example)}


_LEASE = {"reader": _TEXT, "n": _NUMBER, "seconds": _NUMBER, "wait": _NUMBER, "from": _TEXT}
_FAILS = ("unreadable", "foreign-origin", "not-found", "no-archive", "too-large", "invalid")

_NOTICE = {
    "id": f"{record_id(COMMANDS.name, 5, 1)}#2#desk-1",
    "cursor": "17",
    "recipient": "desk-1",
    "at": "2026-03-02T09:00:00Z",
    "zone": "Asia/Shanghai",
    "is_urgent": False,
    "state": "sent",
    "notice": {"kind": "offer", "ticket": "tawan-20260302-1", "label": "Bins full"},
}

OF_PULL: dict[str, Example] = {
    "notices": Example(
        200,
        {"notices": [_NOTICE], "next": "17"},
        sometimes=("next",),
        query={"limit": 100, "cursor": "17", "of": "me"},
        fails=("not-found", "no-archive", "invalid"),
    ),
    "events": Example(
        200,
        {"events": [_EVENT], "matched": 1, "of": 1, "next": "17"},
        query={"filter": "urgency == 'U1'", "from": "1h", "cursor": "17", "last": 1000, "limit": 100},
        fails=("not-found", "no-archive", "invalid"),
    ),
    "events_lease": Example(
        200, {"events": [_LEASED]}, takes=_takes(_LEASE, {"n": 10, "seconds": 60, "wait": 20}), fails=_FAILS
    ),
    "events_ack": Example(
        200,
        {"acked": 1, "gone": []},
        takes=_takes({"reader": _TEXT, "receipts": _RECEIPTS}, {"receipts": [_RECEIPT]}, "receipts"),
        fails=_FAILS,
    ),
    "events_nack": Example(
        200,
        {"nacked": 1, "gone": []},
        takes=_takes(
            {"reader": _TEXT, "receipts": _RECEIPTS, "seconds": _NUMBER}, {"receipts": [_RECEIPT]}, "receipts"
        ),
        fails=_FAILS,
    ),
    "readers": Example(
        200,
        {"readers": [{"name": READER, "filter": "", "cursor": "17", "leased": 1, "waiting": 0, "unread": 3}]},
        fails=("not-found", "no-archive"),
    ),
    "reader_put": Example(
        200,
        {"reader": READER, "filter": "urgency == 'U1'", "matched": 42, "of": 1000},
        takes=_takes(
            {"filter": _TEXT, "begin": _TEXT, "from": _TEXT, "cursor": _TEXT},
            {"filter": "urgency == 'U1'", "from": "1h"},
        ),
        fails=_FAILS,
    ),
    "reader_drop": Example(204, fails=("foreign-origin", "not-found", "no-archive", "invalid")),
}
"""Route -> its example."""
