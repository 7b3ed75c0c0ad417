"""``gridwhistle duty``: who is on duty, stands in, comes or goes, without a new pack."""

import sys
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from engine import commands_door
from engine.cli import run_async, with_data
from engine.engine_clock import engine_now
from engine.local.folder import settings_of
from engine.many_commands import give_many
from engine.reference import Reference, load_clock, read_partition
from engine.screen import padded, plain
from engine.settings import Settings
from engine.views.words import WORDS
from topics import codec
from topics.command import Command, Duty
from topics.registry import STATE
from topics.ticket import Duties
from topics.vocabulary import REFUSALS, CommandKind, Reason, Role

duty = typer.Typer(
    help="Change the roster without a new pack: duty, stand-ins, swaps, people who come and go. Every partition decides it, and replay knows it.\n\n"
    "Example: gridwhistle duty off specialist-tawan-11 --role specialist --until 2026-03-03T08:00 --as chief:chief-1",
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
)  # fmt: skip
Person = Annotated[str, typer.Argument(help="The person's id on the roster.")]
InRole = Annotated[Role, typer.Option("--role", help="In which role.")]
Acting = Annotated[str, typer.Option("--as", help="chief, centre or supervisor, as ROLE:PERSON.")]
Since = Annotated[datetime | None, typer.Option(help="Local time of the pack's zone; without it from now on.")]
Until = Annotated[datetime | None, typer.Option(help="Local time of the pack's zone; without it until it is changed again.")]
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]


@duty.command()
def on(person: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None) -> None:
    """Put somebody on duty for a while, whatever the pack says."""
    _change(data, acting, [("on", person, role, {})], since, until)


@duty.command()
def off(person: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None) -> None:
    """Take somebody off duty for a while: nothing is offered to them, and they accept nothing."""
    _change(data, acting, [("off", person, role, {})], since, until)


@duty.command()
def add(
    person: Person, role: InRole, acting: Acting,
    name: Annotated[str, typer.Option(help="As people call them.")] = "",
    instead_of: Annotated[str | None, typer.Option(help="Whose places, skills and hours they take; that person is off meanwhile.")] = None,
    node: Annotated[list[str] | None, typer.Option(help="A grid, with all below; may be repeated; none: everywhere.")] = None,
    skill: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    org: Annotated[str | None, typer.Option(help="Department code, for role department.")] = None,
    hours: Annotated[str, typer.Option(help="always, work, or HH:MM-HH:MM.")] = "always",
    since: Since = None, until: Until = None, data: Data = None,
) -> None:  # fmt: skip
    """Put somebody on the roster, for a while or for good."""
    fields: dict[str, Any] = {"name": name, "instead_of": instead_of, "nodes": tuple(node or ()), "skills": tuple(skill or ()), "org": org, "on_duty": hours}
    _change(data, acting, [("add", person, role, fields)], since, until)


@duty.command()
def remove(person: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None) -> None:
    """Take somebody off the roster, for a while or for good."""
    _change(data, acting, [("remove", person, role, {})], since, until)


@duty.command()
def swap(person: Person, other: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None) -> None:
    """Let two people of a role have each other's places for a while."""
    _change(data, acting, [("add", person, role, {"instead_of": other}), ("add", other, role, {"instead_of": person})], since, until)


@duty.command()
def show(data: Data = None) -> None:
    """List what is changed beside the pack."""
    settings = settings_of(data)
    zone = run_async(_zone(settings))
    records, _ = run_async(read_partition(settings, STATE.name, 0))
    newest = {key: value for key, value in records if key.startswith("d:") and value is not None}
    for value in newest.values():
        for one in codec.decode(value, Duties).changes:
            what = f"{one.change} instead of {one.instead_of}" if one.instead_of else one.change
            print(f"{one.role:<13} {padded(one.person, 28)} {_local(one.since, zone)} to {_local(one.until, zone)}  {plain(what)}")
    print(f"times: {zone.key}" if newest else "the roster is the pack's")


def _local(at: int | None, zone: ZoneInfo) -> str:
    return "it is changed again" if at is None else datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")


async def _zone(settings: Settings) -> ZoneInfo:
    reference = Reference(settings)
    await reference.refresh()
    return ZoneInfo(reference.in_force().timezone)


Change = tuple[Literal["on", "off", "add", "remove"], str, Role, dict[str, Any]]


def _change(data: Path | None, acting: str, changes: list[Change], since: datetime | None, until: datetime | None) -> None:
    refused = run_async(_tell(settings_of(data), acting, changes, since, until))
    if refused is None:
        print(with_data("sent; not decided everywhere yet. 'gridwhistle duty show' will tell"), file=sys.stderr)
        raise typer.Exit(2)
    if refused:
        print(with_data(f"refused: {refused[0]} — {WORDS[Reason(refused[0])]}"))
        raise typer.Exit(1)
    print("changed in every partition")


async def _tell(settings: Settings, acting: str, changes: list[Change], since: datetime | None, until: datetime | None) -> list[str] | None:
    """Tell every partition; answers the reasons of refusals, ``None`` when not all have decided in time."""
    zone, at = await _zone(settings), engine_now(await load_clock(settings))
    window = {name: int(when.replace(tzinfo=zone).timestamp()) * 1000 for name, when in (("since", since), ("until", until)) if when is not None}
    actor, refused = commands_door.actor_of(acting), list[str]()
    for change, person, role, fields in changes:
        said = Duty(person, role, change, **{"since": at, **window, **{k: v for k, v in fields.items() if v}})  # type: ignore[arg-type]
        name = f"duty:{uuid.uuid4()}"
        commands = [(partition, Command(name, CommandKind.SET_DUTY, actor, at, duty=said)) for partition in range(settings.partitions)]
        decided = [decision async for decision in give_many(settings, commands, 15)]
        if len(decided) < len(commands):
            return None
        refused += [decision.reason for decision in decided if decision.reason in REFUSALS]
    return refused
