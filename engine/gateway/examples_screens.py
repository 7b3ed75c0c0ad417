"""What the addresses that a screen lives on give and take, by example: queues, their stream, views, and who looks at
what."""

from typing import Any

from engine.gateway.example import Example

TICKET = "tawan-20260302-1"
VIEW = "0123456789abcdef"
ROW = {
    "id": TICKET,
    "version": 2,
    "status": "offered",
    "person": "specialist-tawan-11",
    "duty": "specialist",
    "task": "accept",
    "home": "tawan",
    "received_at": 1772413200000,
}
_VIEW = {
    "id": VIEW,
    "name": "塔湾超时",
    "address": "/queues/late?street=tawan",
    "by": "chief-1",
    "role": "chief",
    "at": 1772413200000,
}
_GIVEN: dict[str, Any] = {
    "type": "object",
    "required": ["name", "address"],
    "properties": {"name": {"type": "string", "maxLength": 40}, "address": {"type": "string", "maxLength": 1000}},
}
_BAD_BODY = ("unreadable", "foreign-origin", "not-found", "too-large", "wrong-type", "invalid")

OF_SCREENS: dict[str, Example] = {
    "queues": Example(200, {"queues": {"desk": 3, "grid:tawan": 7, "mine": 1}}, fails=("not-found",)),
    "queue": Example(
        200,
        {"queue": "desk", "rows": [ROW], "now": 1772413200000},
        query={"limit": 100, "cursor": f"1772413200000~{TICKET}"},
        fails=("not-found", "invalid"),
    ),
    "stream": Example(
        200,
        'retry: 1000\n\nid: 12.4~5e1f0a97\nevent: snapshot\ndata: {"queue":"mine","more":false,"rows":[]}\n\n',
        "text/event-stream",
        query={"queue": "desk", "cursor": "12.4~5e1f0a97", "first": 100},
        fails=("not-found", "invalid"),
    ),
    "views": Example(200, {"views": [_VIEW]}, fails=("not-found",)),
    "view_add": Example(
        201,
        _VIEW,
        takes={"application/json": (_GIVEN, {name: _VIEW[name] for name in ("name", "address")})},
        fails=_BAD_BODY,
    ),
    "view_drop": Example(204, fails=("foreign-origin", "not-found")),
    "viewing": Example(
        200, {"others": [{"role": "chief", "person": "chief-1"}], "again": 20}, fails=("foreign-origin", "not-found")
    ),
    "viewing_end": Example(204, fails=("foreign-origin", "not-found")),
}
