"""What OpenAPI says of each address beyond its name: parameters, bodies and answers with an example of each."""

import re
from typing import Any

from engine.gateway.example import Example
from engine.gateway.examples import DECIDED, EXAMPLES, JOB, TAKEN, TICKET
from engine.gateway.examples_law import REF
from engine.gateway.examples_photos import PHOTO
from engine.gateway.examples_pull import READER
from engine.gateway.examples_screens import VIEW
from engine.gateway.examples_shift import HANDOVER, RECORD
from engine.gateway.examples_webhooks import WEBHOOK
from engine.gateway.pack_shapes import components
from engine.gateway.policy import POLICIES
from engine.gateway.problems import CONTENT_TYPE, KINDS, TYPE

_OF_PATH = {
    "id": TICKET,
    "name": "desk",
    "report": "tickets",
    "code": "bins_full",
    "format": "json",
    "token": "A-1",
    "job": JOB,
    "ref": REF,
    "department": "ranqi",
    "reader": READER,
    "webhook": WEBHOOK,
    "record": RECORD,
    "handover": HANDOVER,
    "view": VIEW,
    "photo": PHOTO,
    "lat": "34.75",
    "lon": "113.65",
}
MANY = {"bulk": "results", "report": "reports"}
"""Where one answer may hold many, and under which name."""
_ALWAYS = ("bad-head", "too-many", "away")


def operation(name: str, path: str) -> dict[str, Any]:
    """Describe one address."""
    example = EXAMPLES[name]
    found: dict[str, Any] = {"parameters": [*_of_path(path), *_of_query(example)]}
    if example.takes is not None:
        content = {kind: {"schema": schema, "example": one} for kind, (schema, one) in example.takes.items()}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = {str(example.status): _given(name, example)} | _failures(name, example)
    if name == "command":
        found["responses"]["202"] = _json(
            "Safe, and not decided yet", {"command": "c-1", "ask": f"/v1/tickets/{TICKET}"}
        )
    if name == "bulk":
        found["responses"] |= {
            "202": _json("Safe, and none decided yet", {"results": [{"status": 202, "command": "c-1"}]}),
            "207": _json("Each is answered by itself", {"results": [{"status": 200, **DECIDED}]}),
        }
    if name == "report":
        taken = found["responses"]["202"]["content"]["application/json"]
        whole_batch = schema_of({"reports": [{"status": 202, **TAKEN}]})
        taken["schema"] = {"oneOf": [taken["schema"], whole_batch]}
        found["responses"]["207"] = _json("Of a batch some were taken", {"reports": [{"status": 202, **TAKEN}]})
    return found


def whole(described: dict[str, Any]) -> dict[str, Any]:
    """Add what the operations' schemas are made of."""
    found = dict(described)
    found["components"] = found.get("components", {}) | {"schemas": components()[1]}
    return found


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
    },
}
EVENT = {
    "type": "object",
    "description": "Each of the stream's events; `data` is JSON.",
    "required": ["event", "data"],
    "properties": {
        "event": {
            "enum": ["snapshot", "rows", "standing", "upsert", "remove", "cursor", "reset", "behind", "ping"],
        },
        "data": {"type": "string"},
        "id": {"type": "string", "description": "Where to go on from: `Last-Event-ID`, or `cursor`."},
    },
}
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def schema_of(example: Any, sometimes: tuple[str, ...] = ()) -> dict[str, Any]:
    """Say what an example shows: the members of the whole are always there, but some; each is of its type, or null."""
    found = _shaped(example)
    if not isinstance(example, dict):
        return found
    return found | {"type": "object", "required": [name for name in example if name not in sometimes]}


def _shaped(example: Any) -> dict[str, Any]:
    if example is None:
        return {}
    found: dict[str, Any] = {"type": [next(word for kind, word in _TYPES.items() if isinstance(example, kind)), "null"]}
    if isinstance(example, dict):
        return found | {"properties": {name: _shaped(one) for name, one in example.items()}}
    if isinstance(example, list) and example:
        return found | {"items": _shaped(example[0])}
    return found


def _given(name: str, example: Example) -> dict[str, Any]:
    if example.gives is None:
        return {"description": "Done"}
    if example.content_type != "application/json":
        schema: dict[str, Any] = {"type": "string"} if example.content_type.startswith("text/") else {}
        schema = EVENT if example.content_type == "text/event-stream" else schema
        content = {example.content_type: {"schema": schema, "example": example.gives}}
        return {"description": "Done", "content": content}
    told = _json("Done", example.gives, example.sometimes)
    if name in components()[0]:
        told["content"]["application/json"]["schema"] = components()[0][name]
        return told
    return _both("Done", example.gives) if name.startswith("open311_") else told


def _json(text: str, example: Any, sometimes: tuple[str, ...] = ()) -> dict[str, Any]:
    schema = schema_of(example, sometimes)
    return {"description": text, "content": {"application/json": {"schema": schema, "example": example}}}


def _both(text: str, example: Any) -> dict[str, Any]:
    """Describe what Open311 writes as JSON or as XML."""
    found = _json(text, example)
    found["content"]["text/xml"] = {"schema": {"type": "string"}, "example": "<?xml version='1.0'?>…"}
    return found


def _of_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": one, "in": "path", "required": True, "schema": _schema(one), "example": _OF_PATH[one]}
        for one in re.findall(r"{(\w+)(?::path)?}", path)
    ]


def _schema(name: str) -> dict[str, Any]:
    return {"type": "string"} | ({"enum": ["json", "xml"]} if name == "format" else {"minLength": 1})


def _of_query(example: Example) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {"type": "integer" if isinstance(one, int) else "string"},
            "example": one,
        }
        for name, one in example.query.items()
    ]


OF_OPEN311 = {
    400: "A field is wrong", 403: "Nobody's api_key", 404: "There is nothing here for you", 413: "It is too large",
    429: "Too many requests", 503: "A server we need is away",
}  # fmt: skip


OF_RESIDENTS = {
    400: "It cannot be read", 404: "There is no such report", 409: "It cannot be answered now", 413: "It is too large",
    415: "It is no form", 422: "A field is wrong", 429: "Too many requests", 503: "A server we need is away",
}  # fmt: skip


def _failures(name: str, example: Example) -> dict[str, Any]:
    if name.startswith("resident"):
        html = {"text/html": {"schema": {"type": "string"}, "example": "<!doctype html>…"}}
        return {str(status): {"description": text, "content": html} for status, text in OF_RESIDENTS.items()}
    if name.startswith("open311_"):
        return {
            str(status): _both(text, [{"code": str(status), "description": "what is wrong"}])
            for status, text in OF_OPEN311.items()
        }
    if name == "token":
        said = {"error": "invalid_client", "error_description": "what is wrong"}
        return {str(status): _json(OF_OPEN311.get(status, "Nobody's"), said) for status in (400, 401, 413, 429, 503)}
    kinds = [*example.fails, *_ALWAYS, *([] if "nobody" in POLICIES[name].kinds else ["no-login"])]
    found: dict[str, Any] = {}
    for kind in kinds:
        status, title = KINDS[kind]
        told = {"type": TYPE + kind, "title": title, "status": status, "detail": "what is wrong, and the mend"}
        content: dict[str, Any] = {CONTENT_TYPE: {"schema": PROBLEM, "example": told}}
        if name in MANY and kind not in _ALWAYS:  # or each is answered so, by itself
            content["application/json"] = {"schema": {"type": "object"}, "example": {MANY[name]: [told]}}
        found.setdefault(str(status), {"description": title, "content": content})
    return found
