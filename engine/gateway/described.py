"""What OpenAPI says of each address beyond its name: parameters, bodies and answers with an example of each."""

import re
from typing import Any

from engine.gateway.example import Example
from engine.gateway.examples import DECIDED, EXAMPLES, JOB, OBJECT, TAKEN, TICKET
from engine.gateway.examples_pull import READER
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
    "department": "ranqi",
    "reader": READER,
    "lat": "34.75",
    "lon": "113.65",
}
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
        found["responses"]["207"] = _json("Of a batch some were taken", {"reports": [{"status": 202, **TAKEN}]})
    return found


def whole(described: dict[str, Any]) -> dict[str, Any]:
    """Add what the operations' schemas are made of."""
    found = dict(described)
    found["components"] = found.get("components", {}) | {"schemas": components()[1]}
    return found


def _given(name: str, example: Example) -> dict[str, Any]:
    if example.gives is None:
        return {"description": "Done"}
    schema: dict[str, Any] = {"type": "string"}
    if example.content_type == "application/json":
        plain = {"type": "array", "items": OBJECT} if isinstance(example.gives, list) else OBJECT
        schema = components()[0].get(name, plain)
    content = {example.content_type: {"schema": schema, "example": example.gives}}
    return {"description": "Done", "content": content}


def _json(text: str, example: Any) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": OBJECT, "example": example}}}


def _of_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": one, "in": "path", "required": True, "schema": {"type": "string"}, "example": _OF_PATH[one]}
        for one in re.findall(r"{(\w+)(?::path)?}", path)
    ]


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


def _failures(name: str, example: Example) -> dict[str, Any]:
    if name.startswith("open311_"):
        return {
            str(status): _json(text, [{"code": str(status), "description": "what is wrong"}])
            for status, text in OF_OPEN311.items()
        }
    kinds = [*example.fails, *_ALWAYS, *([] if "nobody" in POLICIES[name].kinds else ["no-login"])]
    found: dict[str, Any] = {}
    for kind in kinds:
        status, title = KINDS[kind]
        told = {"type": TYPE + kind, "title": title, "status": status, "detail": "what is wrong, and the mend"}
        found.setdefault(
            str(status),
            {"description": title, "content": {CONTENT_TYPE: {"schema": OBJECT, "example": told}}},
        )
    return found
