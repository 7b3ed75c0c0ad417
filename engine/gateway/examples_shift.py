"""What the addresses of a shift take and give, by example: what was turned away, duty, hand-overs."""

from typing import Any

from engine.gateway.example import Example
from topics.ids import record_id
from topics.registry import RAW

RECORD = record_id(RAW.name, 2, 17)
HANDOVER = "key-0123456789abcdef"
_TEXT: dict[str, Any] = {"type": "string"}
_FAILS = ("unreadable", "foreign-origin", "not-found", "too-large", "invalid")
_POINT = {
    "id": "tawan-20260302-1",
    "version": 4,
    "status": "accepted",
    "category": "bins_full",
    "home": "tawan",
    "person": "desk-1",
    "why": ["mine", "overdue"],
}
_HANDOVER = {
    "id": HANDOVER,
    "giver": "desk-1",
    "giver_role": "desk",
    "taker": "desk-2",
    "note": "the caller of the second one is rung back at nine",
    "n_points": 12,
    "at": "2026-03-02T09:00:00Z",
    "taken_at": None,
    "taken_note": None,
}
_LINE = {
    "role": "specialist",
    "node": "tawan-g1-m1",
    "org": None,
    "people": [{"person": "specialist-tawan-11", "name": "…", "hours": "07:30-20:30", "on_duty": True}],
    "nobody_now": False,
    "gaps": [[1772454600000, 1772494200000]],
}


def _takes(members: dict[str, Any], example: dict[str, Any], *required: str) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": members, "additionalProperties": False}
    return {"application/json": (shape | ({"required": list(required)} if required else {}), example)}


_DUTY = {
    "person": _TEXT, "role": _TEXT, "change": {"enum": ["on", "off", "add", "remove", "swap"]}, "other": _TEXT,
    "since": {"type": "integer"}, "until": {"type": "integer"}, "name": _TEXT, "org": _TEXT, "on_duty": _TEXT,
    "nodes": {"type": "array", "items": _TEXT}, "skills": {"type": "array", "items": _TEXT}, "instead_of": _TEXT,
}  # fmt: skip

OF_SHIFT: dict[str, Example] = {
    "rejected_original": Example(
        200,
        {"id": RECORD, "audit": "5b0c…", "original": {"source": "app", "id": "A-1", "field": "data.channel"}},
        takes=_takes({"text": _TEXT | {"maxLength": 500}}, {"text": "mend the channel"}, "text"),
        fails=(*_FAILS, "erased", "no-key"),
    ),
    "rejected_resend": Example(
        202,
        {"identity": "app:A-1", "ask": "/v1/tickets/app:A-1", "audit": "5b0c…"},
        takes=_takes({"data": {"type": "object"}}, {"data": {"channel": "app", "text": "…"}}, "data"),
        fails=(*_FAILS, "erased", "no-key", "under-way", "key-used"),
    ),
    "held_end": Example(
        200,
        {"command": "held:5b0c…", "reason": "reported", "ticket": "tawan-20260302-1"},
        takes=_takes(
            {"kind": {"type": "string", "enum": ["retry_held", "drop_held"]}, "cause": _TEXT, "reason": _TEXT},
            {"kind": "retry_held", "cause": RECORD, "reason": "mended in 0.3.2"},
            "kind",
            "cause",
            "reason",
        ),
        fails=(*_FAILS, "refused", "under-way", "key-used"),
    ),
    "duty": Example(
        200,
        {"now": 1772413200000, "until": 1773018000000, "lines": [_LINE], "more": False, "changes": []},
        query={"days": 7},
        fails=("not-found", "invalid"),
    ),
    "duty_change": Example(
        200,
        {"partitions": 6, "lacking": [], "refused": []},
        takes=_takes(
            _DUTY,
            {"change": "swap", "role": "specialist", "person": "specialist-tawan-11", "other": "specialist-tawan-12"},
            "person",
            "role",
            "change",
        ),
        fails=(*_FAILS, "refused", "under-way", "key-used"),
    ),
    "handover_points": Example(200, {"points": [_POINT], "n": 1, "now": 1772413200000}, fails=("not-found",)),
    "handovers": Example(
        200,
        {"handovers": [_HANDOVER], "now": 1772413200000, "next": "17"},
        sometimes=("next",),
        query={"limit": 100, "cursor": "17"},
        fails=("not-found", "no-archive", "invalid"),
    ),
    "handover": Example(200, _HANDOVER | {"points": [_POINT]}, fails=("not-found", "no-archive")),
    "handover_sign": Example(
        201,
        {"id": HANDOVER, "to": "desk-2", "n_points": 12},
        takes=_takes({"to": _TEXT, "note": _TEXT | {"maxLength": 2000}}, {"to": "desk-2", "note": "…"}, "to"),
        fails=(*_FAILS, "no-archive", "under-way", "key-used"),
    ),
    "handover_take": Example(
        200,
        {"id": HANDOVER, "taken_at": "2026-03-02T09:05:00Z"},
        takes=_takes({"note": _TEXT | {"maxLength": 2000}}, {"note": "seen"}),
        fails=(*_FAILS, "no-archive"),
    ),
}
"""Route -> its example."""
