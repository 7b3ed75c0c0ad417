"""The AsyncAPI document says what the registry says: generated, whole, and every reference in it resolves."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.cli.topics import topics as command
from topics.asyncapi import PAGE, document, text
from topics.registry import department_topics
from topics.schema import documented, names
from topics.task import TaskEvent, TaskRole


def references(part: Any) -> Iterator[str]:
    """Every reference in it."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)


def resolved(found: dict[str, Any], reference: str) -> Any:
    """What a reference points at."""
    here: Any = found
    for step in reference.removeprefix("#/").split("/"):
        here = here[step]
    return here


def test_the_document_on_disk_is_what_the_registry_gives() -> None:
    """'python -m topics.asyncapi' was run after the last change."""
    assert PAGE.read_text(encoding="utf-8") == text()


def test_every_reference_resolves_within_the_document() -> None:
    """None points at a $defs that was left behind."""
    found = document()
    every = list(references(found))
    assert len(every) > 100
    for reference in every:
        assert resolved(found, reference) is not None
    assert "$defs" not in text()


@pytest.mark.parametrize("spec", documented(), ids=lambda spec: spec.name)
def test_every_topic_and_record_is_there_with_who_sends_and_receives(spec: Any) -> None:
    """Address, records, operations."""
    found = document()
    channel = found["channels"][spec.name]
    assert channel["address"].startswith("{prefix}")
    assert {reference.rsplit(".", 1)[1] for reference in references(channel["messages"])} == {
        record.__name__ for record in spec.records
    }
    of_it = [one["action"] for one in found["operations"].values() if one["channel"]["$ref"].endswith(f"/{spec.name}")]
    assert (of_it.count("send"), of_it.count("receive")) == (len(spec.written_by), len(spec.read_by))


def test_a_departments_words_are_closed_lists() -> None:
    """Event and role of a task."""
    task = document()["components"]["schemas"]["dept.code.tasks.Task.Task"]["properties"]
    assert (task["event"]["enum"], task["role"]["enum"]) == ([*map(str, TaskEvent)], [*map(str, TaskRole)])
    assert {spec.name for spec in department_topics("code")} <= set(document()["channels"])
    assert len(document()["components"]["messages"]) == len(names())


def test_the_command_prints_it() -> None:
    """For a generator, without a checkout."""
    answer = CliRunner().invoke(command, ["asyncapi"])
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["asyncapi"] == "3.1.0"
