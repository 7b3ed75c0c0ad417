"""``gridwhistle tail``: follow incidents, decisions, or a department's tasks, a line for each."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import run_async
from engine.errors import InvalidSettings
from engine.local.folder import settings_of
from engine.reading import LogConsumer
from engine.settings import Settings
from topics.registry import DECISIONS, DEPARTMENT_CODE, INCIDENTS, department_topics


def tail(
    what: Annotated[str, typer.Argument(help="incidents, decisions, or dept:<code>.")],
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Begin with the oldest record.")] = False,
    limit: Annotated[int, typer.Option(help="End after so many records; 0 goes on.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The records as they are.")] = False,
) -> None:
    """Follow a topic until Ctrl-C. Example: gridwhistle tail dept:chengguan"""
    run_async(_follow(settings_of(data), _topic(what), from_beginning, limit, as_json))


def _topic(what: str) -> str:
    code = what.removeprefix("dept:")
    if what != code and DEPARTMENT_CODE.match(code):
        return department_topics(code)[0].name
    known = {"incidents": INCIDENTS.name, "decisions": DECISIONS.name}
    if what not in known:
        raise InvalidSettings(f"cannot follow {what!r}; choose incidents, decisions or dept:<code>")
    return known[what]


async def _follow(settings: Settings, topic: str, from_beginning: bool, limit: int, as_json: bool) -> None:
    consumer = LogConsumer(
        settings.prefix + topic, bootstrap_servers=settings.kafka, isolation_level="read_committed",
        auto_offset_reset="earliest" if from_beginning else "latest", fetch_max_wait_ms=100,
    )  # fmt: skip
    await consumer.start()
    seen = 0
    try:
        async for record in consumer:
            found = json.loads(record.value)
            print(record.value.decode() if as_json else _line(topic, found), flush=True)
            seen += 1
            if limit and seen >= limit:
                return
    finally:
        await consumer.stop()


def _line(topic: str, found: dict[str, Any]) -> str:
    if topic == INCIDENTS.name:
        inner = found.get("incident", found)
        return f"{_at(inner['received_at'])}  {inner['identity']:<24} {inner['home']:<18} {inner.get('category', '-'):<22} placed by {inner['placed_by']}"
    if topic == DECISIONS.name:
        events = ", ".join(e["type"] for e in found.get("events", []) if e["type"] != "TaskDispatched")
        return f"{_at(found['at'])}  {found.get('ticket') or '-':<34} {found['reason']:<20} {events}"
    return f"{found['at'][:19]}  {found['event']:<10} {found.get('child') or found['ticket']:<40} {found['role']:<6} due {found.get('deadline', '-')[:16]}  {found.get('category', '')}"


def _at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
