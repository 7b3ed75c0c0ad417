"""What the addresses of the law desk take and give, by example."""

from typing import Any

from engine.gateway.example import Example

REF = "guancheng@0123456789abcdef"
_FILES: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
_WAIT: dict[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {"files": _FILES, "note": {"type": "string", "maxLength": 500}},
}
_PUBLISH: dict[str, Any] = {
    "type": "object",
    "required": ["ref", "reason"],
    "properties": {"ref": {"type": "string"}, "reason": {"type": "string", "minLength": 4, "maxLength": 500}},
}
_SENT = {"files": {"pack": "extends: guancheng\n"}, "note": "fewer declines"}
_ONE = {"ref": REF, "by": "person:chief::chief-1", "at": 1772413200000, "note": "fewer declines"}
_SENDING = ("unreadable", "foreign-origin", "not-found", "too-large", "wrong-type", "invalid")

OF_LAW: dict[str, Example] = {
    "law_packs": Example(
        200,
        {
            "in_force": REF,
            "partitions": 24,
            "may_publish": True,
            "known": [{"ref": REF, "title": "Guancheng", "title_zh": "管城", "partitions": 24}],
            "waiting": [_ONE | {"files": ["pack"]}],
        },
        fails=("not-found",),
    ),
    "pack_wait": Example(
        201,
        {"in_force": REF, "ref": REF, "faults": [], "differences": []},
        takes={"application/json": (_WAIT, _SENT)},
        fails=_SENDING,
    ),
    "pack_waiting": Example(200, _ONE | {"files": {"pack": "extends: guancheng\n"}}, fails=("not-found",)),
    "pack_drop": Example(204, fails=("foreign-origin", "not-found")),
    "pack_publish": Example(
        200,
        {"ref": REF, "former": REF},
        takes={"application/json": (_PUBLISH, {"ref": REF, "reason": "fewer declines, as agreed on Monday"})},
        fails=(*_SENDING, "changed", "refused", "under-way", "key-used"),
    ),
}
