"""The contract on disk is the contract in code: schemas as derived, examples that read, and no breaking change
unseen."""

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from topics import codec
from topics.schema import EXAMPLES, SCHEMAS, WRITTEN, documented, events, incompatible, names, schema_of, text_of

PUBLISHED = {
    str(path.relative_to(SCHEMAS)).removesuffix(".json"): json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(SCHEMAS.rglob("*.json"))
}
RECORDS = names() | events()
EXAMPLE_FILES = sorted(EXAMPLES.glob("*/v1/*.json"))


def test_every_record_has_a_published_schema_and_no_schema_is_left_over() -> None:
    """Registry and folder name the same records."""
    assert set(PUBLISHED) == set(RECORDS)


@pytest.mark.parametrize("name", RECORDS)
def test_a_published_schema_is_what_the_declaration_gives(name: str) -> None:
    """Whoever changes a record runs 'python -m topics.schema', which refuses a break."""
    assert incompatible(PUBLISHED[name], schema_of(RECORDS[name])) == []
    assert (SCHEMAS / f"{name}.json").read_text(encoding="utf-8") == text_of(schema_of(RECORDS[name]))


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_every_example_reads_and_comes_back_the_same(path: Path) -> None:
    """An example is the record its name begins with, of the topic its folder names."""
    topic, record = path.parent.parent.name, path.stem.split("-")[0]
    kind = next(
        found for spec in documented() if spec.name == topic for found in spec.records if found.__name__ == record
    )
    text = path.read_text(encoding="utf-8")
    if issubclass(kind, BaseModel):
        read = kind.model_validate_json(text)
        assert kind.model_validate_json(read.model_dump_json(exclude_unset=True)) == read
    else:
        read = codec.decode(text.encode(), kind)
        assert msgspec.json.decode(codec.encode(read)) == msgspec.json.decode(text)


def test_there_are_examples_of_what_departments_and_senders_meet() -> None:
    """Reports, tasks, replies, decisions of several reasons."""
    folders = {path.parent.parent.name for path in EXAMPLE_FILES}
    assert {"incidents.raw", "dept.code.tasks", "dept.code.replies", "tickets.decisions", "commands"} <= folders


def _changed(name: str, **changes: Any) -> list[str]:
    old, new = PUBLISHED[name], copy.deepcopy(PUBLISHED[name])
    root = new["$defs"][new["$ref"].rsplit("/", 1)[1]] if "$ref" in new else new
    for what, value in changes.items():
        if what == "remove":
            del root["properties"][value]
        elif what == "require":
            root["required"] = [*root.get("required", []), value]
        elif what == "retype":
            root["properties"][value] = {"type": "boolean"}
        elif what == "add":
            root["properties"][value] = {"type": "string"}
    return incompatible(old, new)


@pytest.mark.parametrize(
    "name", ["dept.code.tasks.Task.v1", "incidents.raw.ReportedIncident.v1", "tickets.decisions.Decision.v1"]
)
def test_a_breaking_change_of_a_published_schema_is_caught(name: str) -> None:
    """Removed, retyped, newly required members break; an optional addition does not."""
    schema = PUBLISHED[name]
    root = schema["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    member = next(iter(root["properties"]))
    optional = next(m for m in root["properties"] if m not in root.get("required", []))
    assert _changed(name, remove=member)
    assert _changed(name, retype=member) or root["properties"][member].get("type") == "boolean"
    assert _changed(name, require=optional)
    assert _changed(name, add="something_new") == []


def test_a_word_taken_out_of_an_enumeration_is_caught() -> None:
    """A reader may have met it in the log."""
    old = {"type": "string", "enum": ["a", "b"]}
    assert incompatible(old, {"type": "string", "enum": ["a"]})
    assert incompatible(old, {"type": "string", "enum": ["a", "b", "c"]}) == []


@pytest.mark.parametrize("optional", [False, True])
def test_any_text_may_become_the_words_that_were_ever_written_and_no_fewer(optional: bool) -> None:
    """What a log or a state of yesterday holds is still read."""

    def member(kind: dict[str, Any]) -> dict[str, Any]:
        return {"properties": {"ended": {"anyOf": [kind, {"type": "null"}]} if optional else kind}}

    old, words = member({"type": "string"}), sorted(WRITTEN["OfferEnd"])
    assert incompatible(old, member({"title": "OfferEnd", "enum": words})) == []
    assert incompatible(old, member({"title": "OfferEnd", "enum": words[1:]}))
    assert incompatible(old, member({"title": "Unheard", "enum": words}))
    assert incompatible(member({"type": "integer"}), member({"title": "OfferEnd", "enum": words}))
