"""What the addresses of webhooks take and give, by example."""

from typing import Any

from engine.gateway.example import Example
from topics.ids import record_id
from topics.registry import COMMANDS

WEBHOOK = "wh_0123456789abcdef"
_EVENT = f"{record_id(COMMANDS.name, 5, 1)}#ranqi#ranqi/1"
_URL = "https://ranqi.example/events"
_FILTER = "urgency == 'U1'"
_MOMENT = "2026-03-02T01:21:18Z"
_SECRET = "whsec_…"
_WHO = "department:department:ranqi:ranqi-1"
_SHOWN = {
    "id": WEBHOOK, "department": "ranqi", "url": _URL, "filter": _FILTER, "since": _MOMENT, "state": "active",
    "why": "", "failures": 0, "failing_since": None, "waiting": 0, "ahead": 0,
    "made_by": _WHO, "made_at": _MOMENT, "changed_by": _WHO, "changed_at": _MOMENT,
}  # fmt: skip
_SENT = {
    "id": _EVENT, "seq": 17, "ticket": "tawan-20260302-1", "kind": "dispatched", "state": "sent", "attempts": 1,
    "made_at": _MOMENT, "next_at": _MOMENT, "last_at": _MOMENT, "status": 204, "answer": "",
}  # fmt: skip
_TEXT = {"type": "string"}
_LOOKING = ("not-found", "no-archive")
_DOING = ("foreign-origin", *_LOOKING)
_TAKING = ("unreadable", "too-large", "wrong-type", "invalid", *_DOING)


def _takes(members: dict[str, Any], example: dict[str, Any], *required: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": False}
    return {"application/json": (shape | ({"required": list(required)} if required else {}), example)}


OF_WEBHOOKS: dict[str, Example] = {
    "webhooks": Example(200, {"webhooks": [_SHOWN]}, fails=_LOOKING),
    "webhook": Example(200, _SHOWN, fails=_LOOKING),
    "webhook_add": Example(
        201,
        {"id": WEBHOOK, "secret": _SECRET, "matched": 42, "of": 1000},
        takes=_takes({"url": _TEXT, "filter": _TEXT, "from": _TEXT}, {"url": _URL, "filter": _FILTER}, "url"),
        fails=_TAKING,
    ),
    "webhook_change": Example(
        200,
        _SHOWN | {"matched": 42, "of": 1000},
        takes=_takes({"url": _TEXT, "filter": _TEXT}, {"filter": _FILTER}),
        fails=_TAKING,
    ),
    "webhook_drop": Example(204, fails=_DOING),
    "webhook_pause": Example(200, _SHOWN | {"state": "paused", "why": "asked"}, fails=_DOING),
    "webhook_resume": Example(200, _SHOWN, fails=_DOING),
    "webhook_rotate": Example(
        200,
        {"id": WEBHOOK, "secret": _SECRET, "overlap_hours": 24},
        takes=_takes({"overlap_hours": {"type": "integer", "minimum": 0, "maximum": 168}}, {"overlap_hours": 24}),
        fails=_TAKING,
    ),
    "webhook_test": Example(
        202,
        {"id": "test-0123456789abcdef", "ask": f"/v1/departments/ranqi/webhooks/{WEBHOOK}/deliveries"},
        fails=(*_DOING, "invalid"),
    ),
    "webhook_redrive": Example(
        202,
        {"again": 1},
        takes=_takes({"id": _TEXT, "all": {"type": "boolean"}, "from": _TEXT}, {"id": _EVENT}),
        fails=_TAKING,
    ),
    "webhook_deliveries": Example(
        200,
        {"deliveries": [_SENT], "next": f"17~{_EVENT}"},
        sometimes=("next",),
        query={"state": "given_up", "limit": 100, "cursor": f"17~{_EVENT}"},
        fails=(*_LOOKING, "invalid"),
    ),
}
