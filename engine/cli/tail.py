"""``gridwhistle tail``: follow incidents, decisions, or a department's tasks, a line for each."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
import typer

from engine.cli import run_async
from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import padded, plain
from engine.views.lists import Town, town_of
from engine.views.told import said_lines
from rules.law.moments import local
from topics import codec
from topics.decision import Decision
from topics.departments import DEPARTMENT_CODE, department_of, tasks_of
from topics.registry import DECISIONS, INCIDENTS
from topics.task_events import TOLD
from topics.unreadable import UNREADABLE


def tail(
    what: Annotated[str, typer.Argument(help="incidents, decisions, or dept:<code>.")],
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Begin with the oldest record.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="End after so many records; 0 goes on.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The records as they are.")] = False,
) -> None:
    """Follow a topic until Ctrl-C. Example: gridwhistle tail dept:chengguan"""
    run_async(_follow(settings_of(data), _topic(what), from_beginning, limit, as_json))


def _topic(what: str) -> str:
    code = what.removeprefix("dept:")
    if what != code and DEPARTMENT_CODE.match(code):
        return tasks_of(code)
    known = {"incidents": INCIDENTS.name, "decisions": DECISIONS.name}
    if what not in known:
        raise InvalidSettings(f"cannot follow {what!r}; choose incidents, decisions or dept:<code>")
    return known[what]


async def _follow(settings: Settings, topic: str, from_beginning: bool, limit: int, as_json: bool) -> None:
    town = await town_of(settings)
    _known(topic, town)
    consumer = clients.watcher(
        settings,
        settings.prefix + topic,
        auto_offset_reset="earliest" if from_beginning else "latest",
        fetch_max_wait_ms=100,
    )
    seen = 0
    try:
        await consumer.start()
        if not as_json:
            print(f"times: {town.zone.key}", flush=True)
        async for record in consumer:
            value = record.value or b""
            print(value.decode(errors="replace") if as_json else "\n".join(_lines(topic, value, town.zone)), flush=True)
            seen += 1
            if limit and seen >= limit:
                return
    finally:
        await consumer.stop()


def _known(topic: str, town: Town) -> None:
    """A department of the pack, or an error that names those there are."""
    code = department_of(topic)
    if code is not None and town.law.department(code) is None:
        raise InvalidSettings(f"there is no department {code!r}; there are {', '.join(sorted(town.law.departments))}")


def _lines(topic: str, value: bytes, zone: ZoneInfo) -> list[str]:
    """Write a record for people; one that cannot be read is shown as it is."""
    try:
        if topic == DECISIONS.name:
            return _decision(codec.decode(value, Decision), zone)
        found = msgspec.json.decode(value)
        return [_incident(found.get("incident", found), zone) if topic == INCIDENTS.name else _task(found, zone)]
    except (*UNREADABLE, KeyError, ValueError, AttributeError, TypeError):
        return [plain(f"not readable: {value[:200]!r}")]


def _incident(inner: dict[str, Any], zone: ZoneInfo) -> str:
    at = local(inner["received_at"], zone)
    return (
        f"{at}  {padded(inner['identity'], 24)} {padded(inner['home'], 18)} {padded(inner.get('category', '-'), 22)}"
        f" placed by {plain(inner['placed_by'])}"
    )


def _decision(found: Decision, zone: ZoneInfo) -> list[str]:
    events = ", ".join(event.type for event in found.events if event.type not in TOLD)
    first = (
        f"{local(found.at, zone)}  {padded(found.ticket or '-', 28)} {padded(found.reason, 20)}"
        f" {plain(events or found.command or '')}"
    )
    return [first.rstrip(), *(f"{'':21}{plain(line)}" for line in said_lines(found))]


def _task(found: dict[str, Any], zone: ZoneInfo) -> str:
    name = padded(found.get("child") or found["ticket"], 36)
    return (
        f"{_moment(found['at'], zone)}  {padded(found['event'], 10)} {name} {padded(found['role'], 6)} due"
        f" {_moment(found.get('deadline'), zone)}  {plain(found.get('category', ''))}"
    )


def _moment(given: str | None, zone: ZoneInfo) -> str:
    return "-" if given is None else local(int(datetime.fromisoformat(given).timestamp()) * 1000, zone)[:16]
