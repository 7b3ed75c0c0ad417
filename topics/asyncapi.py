"""The contract as AsyncAPI 3.1, written from the registry: 'python -m topics.asyncapi' makes ``docs/asyncapi.json``."""

import json
import re
from pathlib import Path
from typing import Any

from topics.departments import department_of, tasks_of
from topics.incident import INCIDENT_TYPE
from topics.registry import RAW, Compact, TopicSpec
from topics.schema import documented, schema_of

PAGE = Path(__file__).parent.parent / "docs" / "asyncapi.json"

PREFIX = {"description": "Begins every topic, group and transactional id of a stack.", "default": "gw."}
CODE = {"description": "A department's code, [a-z0-9_]{1,32}."}


def document() -> dict[str, Any]:
    """Describe every topic: address, key, settings, records with their schemas, who sends and who receives."""
    components: dict[str, dict[str, Any]] = {"messages": {}, "schemas": {}}
    channels, operations = {}, {}
    for spec in documented():
        channels[spec.name] = _channel(spec, components)
        for action, names in (("send", spec.written_by), ("receive", spec.read_by)):
            for name in names:
                operations[f"{_plain(name)}.{action}.{spec.name}"] = {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{spec.name}"},
                    "title": f"{name}: {action}",
                }
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "gridwhistle",
            "version": "1",
            "description": (
                "The topics of a stack. Read with isolation.level=read_committed. Engine time is in the payload;"
                " timestamps are the broker's."
            ),
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": components,
    }


def _channel(spec: TopicSpec, components: dict[str, dict[str, Any]]) -> dict[str, Any]:
    of_department = department_of(spec.name) is not None
    messages = {}
    for record in spec.records:
        name = f"{spec.name}.{record.__name__}"
        components["messages"][name] = _message(spec, record, name, components["schemas"])
        messages[record.__name__] = {"$ref": f"#/components/messages/{name}"}
    settings = {
        "cleanup.policy": ["compact" if isinstance(spec.clean_up, Compact) else "delete"],
        "max.message.bytes": spec.max_bytes,
    }
    if not isinstance(spec.clean_up, Compact):
        settings["retention.ms"] = spec.clean_up.days * 86_400_000
    return {
        "address": "{prefix}" + (spec.name.replace(".code.", ".{code}.") if of_department else spec.name),
        "parameters": {"prefix": PREFIX} | ({"code": CODE} if of_department else {}),
        "description": f"Key: {spec.key}. Written by {', '.join(spec.written_by)}; read by {', '.join(spec.read_by)}.",
        "messages": messages,
        "bindings": {
            "kafka": (
                {"topicConfiguration": settings, "bindingVersion": "0.5.0"}
                | ({"partitions": spec.partitions} if spec.partitions else {})
            )
        },
    }


def _message(spec: TopicSpec, record: type[Any], name: str, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schema_of(record)
    for inner, definition in schema.pop("$defs", {}).items():
        schemas[f"{name}.{inner}"] = _moved(definition, name)
    root = f"{name}.v1"
    schemas[root] = _moved(schema, name)
    said = {
        "name": record.__name__,
        "payload": {"$ref": f"#/components/schemas/{root}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": spec.key}}},
    }
    kind = {RAW.name: INCIDENT_TYPE, tasks_of("code"): "org.gridwhistle.task.<event>.v1"}.get(spec.name)
    return said | ({"headers": _cloud_event(kind)} if kind else {})


def _cloud_event(kind: str) -> dict[str, Any]:
    """CloudEvents 1.0.2, binary mode: the attributes are headers."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": f"CloudEvents 1.0.2 in binary mode, type {kind}; incoming ones may be structured.",
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": text,
            "ce_source": text,
            "ce_type": text,
            "ce_time": text,
            "content-type": text,
        },
    }


def _moved(schema: Any, name: str) -> Any:
    """Point references at the components."""
    if isinstance(schema, dict):
        return {
            key: (
                value.replace("#/$defs/", f"#/components/schemas/{name}.")
                if key in ("$ref",)
                else _mapped(key, value, name)
            )
            for key, value in schema.items()
        }
    return [_moved(one, name) for one in schema] if isinstance(schema, list) else schema


def _mapped(key: str, value: Any, name: str) -> Any:
    """A discriminator names its schemas by reference too, and AsyncAPI takes its property alone."""
    return value["propertyName"] if key == "discriminator" and isinstance(value, dict) else _moved(value, name)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def text() -> str:
    """Write the document the same way each time."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
