"""``gridwhistle duty``: who is on duty, stands in, comes or goes, without a new pack."""

import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from engine.cli import run_async, with_data
from engine.client import commands as commands_door
from engine.client.command_batches import give_many
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import Reference, load_clock, read_partition
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import padded, plain
from engine.views.reason_texts import WORDS
from rules.state.duty_roster import standing
from topics import codec
from topics.command import Command, Duty
from topics.registry import STATE
from topics.ticket import Duties
from topics.unreadable import UNREADABLE
from topics.vocabulary import REFUSALS, CommandKind, Reason, Role

duty = typer.Typer(
    help=(
        "Change the roster without a new pack: duty, stand-ins, swaps, people who come and go. Every partition decides"
        " it, and replay knows it.\n\nExample: gridwhistle duty off specialist-tawan-11 --role specialist --until"
        " 2026-03-03T08:00 --as chief:chief-1"
    ),
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Person = Annotated[str, typer.Argument(help="The person's id on the roster.")]
InRole = Annotated[Role, typer.Option("--role", help="In which role.")]
Acting = Annotated[str, typer.Option("--as", help="chief, centre or supervisor, as ROLE:PERSON.")]
Since = Annotated[datetime | None, typer.Option(help="Local time of the pack's zone; without it from now on.")]
Until = Annotated[
    datetime | None, typer.Option(help="Local time of the pack's zone; without it until it is changed again.")
]
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]


@duty.command()
def on(
    person: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None
) -> None:
    """Put somebody on duty for a while, whatever the pack says."""
    _change(data, acting, [("on", person, role, {})], since, until)


@duty.command()
def off(
    person: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None
) -> None:
    """Take somebody off duty for a while: nothing is offered to them, and they accept nothing."""
    _change(data, acting, [("off", person, role, {})], since, until)


@duty.command()
def add(
    person: Person,
    role: InRole,
    acting: Acting,
    name: Annotated[str, typer.Option(help="As people call them.")] = "",
    instead_of: Annotated[
        str | None, typer.Option(help="Whose places, skills and hours they take; that person is off meanwhile.")
    ] = None,
    node: Annotated[
        list[str] | None, typer.Option(help="A grid, with all below; may be repeated; none: everywhere.")
    ] = None,
    skill: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    org: Annotated[str | None, typer.Option(help="Department code, for role department.")] = None,
    hours: Annotated[str, typer.Option(help="always, work, or HH:MM-HH:MM.")] = "always",
    since: Since = None,
    until: Until = None,
    data: Data = None,
) -> None:
    """Put somebody on the roster, for a while or for good."""
    fields: dict[str, Any] = {
        "name": name,
        "instead_of": instead_of,
        "nodes": tuple(node or ()),
        "skills": tuple(skill or ()),
        "org": org,
        "on_duty": hours,
    }
    _change(data, acting, [("add", person, role, fields)], since, until)


@duty.command()
def remove(
    person: Person, role: InRole, acting: Acting, since: Since = None, until: Until = None, data: Data = None
) -> None:
    """Take somebody off the roster, for a while or for good."""
    _change(data, acting, [("remove", person, role, {})], since, until)


@duty.command()
def swap(
    person: Person,
    other: Person,
    role: InRole,
    acting: Acting,
    since: Since = None,
    until: Until = None,
    data: Data = None,
) -> None:
    """Let two people of a role have each other's places for a while."""
    _change(
        data,
        acting,
        [("add", person, role, {"instead_of": other}), ("add", other, role, {"instead_of": person})],
        since,
        until,
    )


@duty.command()
def show(data: Data = None) -> None:
    """List what is changed beside the pack, and which partitions have not been told of it."""
    settings = settings_of(data)
    zone, _, told = run_async(_standing(settings))
    for one, partitions in told.items():
        what = f"{one.change} instead of {one.instead_of}" if one.instead_of else one.change
        lacks = sorted(set(range(settings.partitions)) - set(partitions))
        where = (
            f"  ONLY in partitions {_listed(sorted(partitions))} of {settings.partitions}; 'gridwhistle duty complete'"
            " tells the others"
            if lacks
            else ""
        )
        print(
            f"{one.role:<13} {padded(one.person, 28)} {_local(one.since, zone)} to {_local(one.until, zone)} "
            f" {plain(what)}{with_data(where)}"
        )
    print(f"times: {zone.key}" if told else "the roster is the pack's")


@duty.command()
def complete(acting: Acting, data: Data = None) -> None:
    """Tell every change that some partitions lack to those that lack it.

    Example: gridwhistle duty complete --as chief:chief-1
    """
    settings = settings_of(data)
    _, at, told = run_async(_standing(settings))
    wanted = [
        (one, partition)
        for one, partitions in told.items()
        for partition in range(settings.partitions)
        if partition not in partitions
    ]
    if not wanted:
        return print("nothing to complete: every partition has every change")
    actor = commands_door.actor_of(acting)
    commands = [
        (
            partition,
            Command(id=f"duty:{uuid.uuid4()}", kind=CommandKind.SET_DUTY, actor=actor, accepted_at=at, duty=one),
        )
        for one, partition in wanted
    ]
    return _said(run_async(_decided(settings, commands)))


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))


async def _standing(settings: Settings) -> tuple[ZoneInfo, int, dict[Duty, list[int]]]:
    """Read the changes of all partitions, each with those that have it; also the city's zone, and now."""
    zone, at = await _zone(settings), engine_now(await load_clock(settings))
    partitions = [
        dict((await read_partition(settings, STATE.name, number))[0]) for number in range(settings.partitions)
    ]
    return zone, at, changes_told(partitions, at)


def changes_told(partitions: Sequence[Mapping[str, bytes | None]], at: int) -> dict[Duty, list[int]]:
    """Bring together what each partition's state says of the roster; what cannot be read is left out, and said."""
    return standing([_changes(number, newest) for number, newest in enumerate(partitions)], at)


def _changes(number: int, newest: Mapping[str, bytes | None]) -> list[Duty]:
    found: list[Duty] = []
    for key, value in newest.items():
        if not key.startswith("d:") or value is None:
            continue
        try:
            found += codec.decode(value, Duties).changes
        except UNREADABLE:
            print(f"partition {number}: the record {key[:60]!r} of {STATE.name} cannot be read", file=sys.stderr)
    return found


def _local(at: int | None, zone: ZoneInfo) -> str:
    return "it is changed again" if at is None else datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")


async def _zone(settings: Settings) -> ZoneInfo:
    reference = Reference(settings)
    await reference.refresh()
    return ZoneInfo(reference.in_force().timezone)


Change = tuple[Literal["on", "off", "add", "remove"], str, Role, dict[str, Any]]


def _change(
    data: Path | None, acting: str, changes: list[Change], since: datetime | None, until: datetime | None
) -> None:
    _said(run_async(_tell(settings_of(data), acting, changes, since, until)))


def _said(refused: list[str] | None) -> None:
    """Say how it went; exit 1 when it was refused, 2 when it is not decided everywhere."""
    if refused is None:
        print(with_data("sent; not decided everywhere yet. 'gridwhistle duty show' will tell"), file=sys.stderr)
        raise typer.Exit(2)
    if refused:
        print(with_data(f"refused: {refused[0]} — {WORDS[Reason(refused[0])]}"))
        raise typer.Exit(1)
    print("changed in every partition")


async def _tell(
    settings: Settings, acting: str, changes: list[Change], since: datetime | None, until: datetime | None
) -> list[str] | None:
    """Tell every partition; answers the reasons of refusals, ``None`` when not all have decided in time."""
    zone, at = await _zone(settings), engine_now(await load_clock(settings))
    window = {
        name: int(when.replace(tzinfo=zone).timestamp()) * 1000
        for name, when in (("since", since), ("until", until))
        if when is not None
    }
    actor, refused = commands_door.actor_of(acting), list[str]()
    for change, person, role, fields in changes:
        given = {k: v for k, v in fields.items() if v}
        said = Duty(person=person, role=role, change=change, **{"since": at, **window, **given})  # type: ignore[arg-type]
        name = f"duty:{uuid.uuid4()}"
        commands = [
            (partition, Command(id=name, kind=CommandKind.SET_DUTY, actor=actor, accepted_at=at, duty=said))
            for partition in range(settings.partitions)
        ]
        reasons = await _decided(settings, commands)
        if reasons is None:
            return None
        refused += reasons
    return refused


async def _decided(settings: Settings, commands: list[tuple[int, Command]]) -> list[str] | None:
    """Give commands; answers the reasons of refusals, ``None`` when not all are decided in time."""
    decided = [decision async for decision in give_many(settings, commands, 15)]
    return (
        [decision.reason for decision in decided if decision.reason in REFUSALS]
        if len(decided) == len(commands)
        else None
    )
