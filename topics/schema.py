"""JSON Schemas and examples of every record, derived from the declarations; and what may not change in a published
one."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel

from topics.events.catalogue import FACTS
from topics.registry import TOPICS, TopicSpec, department_topics

HERE = Path(__file__).parent
SCHEMAS, EXAMPLES = HERE / "schemas", HERE / "examples"


def documented() -> tuple[TopicSpec, ...]:
    """List the topics that have schemas: all, and a department's two under a code that stands for any."""
    return (*TOPICS, *department_topics("code"))


def names() -> dict[str, type[Any]]:
    """Name each record's schema: ``<topic>.<Record>.v1``."""
    return {f"{spec.name}.{record.__name__}.v1": record for spec in documented() for record in spec.records}


def events() -> dict[str, type[Any]]:
    """Name the schema of each event's facts, below ``events/``: what a decision's ``events`` hold by their type."""
    return {f"events/{name}.v1": facts for name, facts in FACTS.items()}


def schema_of(record: type[Any]) -> dict[str, Any]:
    """Derive one JSON Schema (2020-12); where a docstring's lines break in the source does not show in it."""
    if issubclass(record, BaseModel):
        return _unbroken(record.model_json_schema())
    schema = msgspec.json.schema(record)
    # written always since 0.3; records from before have none, and are of the first
    for one in schema["$defs"].values():
        one["required"] = [
            name for name in one.get("required", ()) if name not in ("schema", "version") or name not in _tags(one)
        ]
        if not one["required"]:
            del one["required"]
    return _unbroken(schema)


def _unbroken(schema: dict[str, Any]) -> dict[str, Any]:
    """Put each paragraph of each description on one line."""
    for one in (schema, *schema.get("$defs", {}).values()):
        for it in (one, *one.get("properties", {}).values()):
            if isinstance(it, dict) and "description" in it:
                it["description"] = re.sub(r"(?<!\n)\n[ ]*(?!\n)", " ", it["description"])
    return schema


def _tags(schema: dict[str, Any]) -> list[str]:
    """Name the members that say a record's version."""
    return [
        name for name, member in schema["properties"].items() if set(member) == {"enum"} and len(member["enum"]) == 1
    ]


def text_of(schema: dict[str, Any]) -> str:
    """Write a schema the same way each time."""
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def incompatible(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """List what in ``new`` would break a reader or writer of ``old``.

    A member removed or of another type, a new required one, a word taken out of an enumeration, a narrower bound. A new
    optional member is no break.
    """
    return _compare(old, new, old, new, "", set())


def _compare(
    old: Any, new: Any, old_root: dict[str, Any], new_root: dict[str, Any], where: str, seen: set[tuple[str, str]]
) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict) and "$ref" in old and "$ref" in new:
        pair = (str(old["$ref"]), str(new["$ref"]))
        if pair in seen:
            return []
        seen = seen | {pair}
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    faults = _narrowed(old, new, where)
    for name, member in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            faults.append(f"{where}.{name}: was removed")
        else:
            faults += _compare(member, new["properties"][name], old_root, new_root, f"{where}.{name}", seen)
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        faults += _compare(old["items"], new["items"], old_root, new_root, f"{where}[]", seen)
    if "anyOf" in old or "anyOf" in new:
        faults += _choices(old, new, new_root, where)
    return faults


_NARROWER = {"minimum": 1, "minLength": 1, "minItems": 1, "maximum": -1, "maxLength": -1, "maxItems": -1}
"""Bound -> the direction in which it lets less through."""


WRITTEN = {
    "ChildStatus": {"called", "reported_in", "finished", "released"},
    "OfferEnd": {"accepted", "declined", "missed", "skipped:no_one_on_duty", "withdrawn"},
    "DepartmentRole": {"owner", "lead", "helper"},
    "TicketTask": {
        "triage", "verify", "accept", "handle", "coordinate", "wait", "check", "survey", "decide_reopening", "none",
    },
}  # fmt: skip
"""Every word that was ever written where a member was any text before: one that holds them all says no less."""


def _says_the_words(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether what was any text has become the closed list of the words that were ever written there."""
    words = WRITTEN.get(str(new.get("title")))
    return words is not None and old == {"type": "string"} and words <= set(new.get("enum", ()))


def _narrowed(old: dict[str, Any], new: dict[str, Any], where: str) -> list[str]:
    """What one value itself may no longer be: its type, its words, its bounds, its being left out."""
    faults: list[str] = []
    shape = {key: value for key, value in old.items() if key not in ("description", "default", "title")}
    if old.get("type") != new.get("type") and not _says_the_words(shape, new):
        faults.append(f"{where or 'record'}: type {old.get('type')} became {new.get('type')}")
    for word in set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ()))):
        faults.append(f"{where}: the word {word!r} was taken out")
    if old.get("const") != new.get("const"):
        faults.append(f"{where}: {old.get('const')!r} became {new.get('const')!r}")
    for bound, narrower in _NARROWER.items():
        before, after = old.get(bound), new.get(bound)
        if after is not None and (before is None or (after - before) * narrower > 0):
            faults.append(f"{where}: {bound} {before} became {after}")
    required = set(new.get("required", ())) - set(old.get("required", ()))
    return faults + [f"{where}.{name}: became required" for name in required]


def _choices(old: dict[str, Any], new: dict[str, Any], new_root: dict[str, Any], where: str) -> list[str]:
    """Every choice there was must still be there."""
    choices = new.get("anyOf", [new])
    after = [json.dumps(choice, sort_keys=True) for choice in choices]
    resolved = [_resolve(choice, new_root) for choice in choices]
    return [
        f"{where}: the choice {choice} was taken out"
        for choice in old.get("anyOf", [old])
        if json.dumps(choice, sort_keys=True) not in after and not any(_says_the_words(choice, one) for one in resolved)
    ]


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference into ``$defs``."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def main() -> None:
    """Write the schemas anew; refuses to replace a published one by an incompatible one."""
    (SCHEMAS / "events").mkdir(parents=True, exist_ok=True)
    for name, record in (names() | events()).items():
        path, new = SCHEMAS / f"{name}.json", schema_of(record)
        if path.exists() and (faults := incompatible(json.loads(path.read_text()), new)):
            raise SystemExit(
                f"{name}: a published schema may not change like this; make version 2:\n  " + "\n  ".join(faults)
            )
        path.write_text(text_of(new), encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main()
