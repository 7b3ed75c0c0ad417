"""What OpenAPI says of the addresses of people's data."""

from typing import Any

from engine.gateway.example import Example
from topics.audit import Deed, Purpose

TICKET = "tawan-20260302-1"
_TEXT = {"type": "string", "maxLength": 500}
_REVEAL: dict[str, Any] = {
    "type": "object",
    "properties": {"purpose": {"enum": [*Purpose]}, "text": _TEXT},
}
_WHOM: dict[str, Any] = {
    "type": "object",
    "properties": {"ticket": {"type": "string"}, "number": {"type": "string"}, "text": _TEXT},
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["satisfied"],
    "properties": {"satisfied": {"enum": ["yes", "no"]}, "text": _TEXT},
}
_PAGE = "<!doctype html>…"
_ENTRY = {
    "id": "5b0c…",
    "at": 1772413200000,
    "who": "person:desk::desk-1",
    "what": Deed.REVEAL,
    "ticket": TICKET,
    "purpose": Purpose.CALL_BACK,
}
_ASKING = ("unreadable", "foreign-origin", "not-found", "too-large", "invalid")

EXAMPLES: dict[str, Example] = {
    "reveal": Example(
        200,
        {"ticket": TICKET, "audit": "5b0c…", "reporter": {"name": "…", "phone": "…"}, "masked": {"text": "…"}},
        takes={"application/json": (_REVEAL, {"purpose": Purpose.CALL_BACK, "text": "which gate?"})},
        fails=(*_ASKING, "erased", "no-key"),
    ),
    "earlier": Example(
        200,
        {"rows": [{"id": TICKET, "status": "closed"}], "audit": "5b0c…", "now": 1772413200000},
        takes={"application/json": (_WHOM, {"ticket": TICKET})},
        fails=(*_ASKING, "no-key", "no-archive"),
    ),
    "resident": Example(200, _PAGE, "text/html", query={"lang": "en"}),
    "resident_answer": Example(
        200, _PAGE, "text/html", takes={"application/x-www-form-urlencoded": (_ANSWER, {"satisfied": "yes"})}
    ),
    "erase_ask": Example(
        202,
        {"erasure": "5b0c…", "entries": 2},
        takes={"application/json": (_WHOM, {"ticket": TICKET, "text": "asked for it in writing"})},
        fails=(*_ASKING, "erased", "no-key"),
    ),
    "erasures": Example(200, {"rows": [_ENTRY | {"what": Deed.ERASE_ASKED}]}, fails=("not-found",)),
    "erase_approve": Example(
        200,
        {"erasure": "5b0c…", "audit": "77aa…", "reports": 2, "rejected": 1, "photos": 3, "stays": "…"},
        fails=("foreign-origin", "not-found", "no-key"),
    ),
    "audit": Example(200, {"rows": [_ENTRY]}, query={"limit": 100}, fails=("not-found", "invalid")),
}
