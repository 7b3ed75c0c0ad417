"""``gridwhistle ticket``: list and show tickets, and give any command of the law by hand."""

import json
import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine.cli import run_async, with_data
from engine.client import commands
from engine.errors import InvalidSettings
from engine.kafka.broker_time import engine_now
from engine.kafka.newer_records import read_own
from engine.kafka.reference import load_clock
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import plain
from engine.views.from_state import standing
from engine.views.history import history, laws, reaches_back
from engine.views.lists import KINDS, Town, rows_of, town_of, written
from engine.views.manual import manual
from engine.views.reason_texts import WORDS
from engine.views.redis_view import RedisView
from engine.views.told import known_since, ticket_lines
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.commands.required_fields import fields_of
from topics import codec
from topics.ids import folded
from topics.registry import STATE
from topics.task_events import TOLD
from topics.ticket import Ticket
from topics.vocabulary import REFUSALS, CommandKind, Reason

ticket = typer.Typer(
    help=(
        "List and show tickets, and give commands.\n\nExample: gridwhistle ticket accept tawan-20260302-7 --as"
        " specialist:specialist-tawan-11"
    ),
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@ticket.command("list")
def list_tickets(
    queue: Annotated[str, typer.Option(help=f"{KINDS}; without it the queues are counted.")] = "",
    mine: Annotated[
        str, typer.Option("--mine", metavar="PERSON", help="What this person has: the same as --queue person:PERSON.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many rows.")] = 50,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List a live queue, nearest limit first.

    Examples: gridwhistle ticket list --queue desk    gridwhistle ticket list --queue approval:principal
    """
    if queue and mine:
        raise typer.BadParameter("give --queue or --mine, not both", param_hint="--mine")
    run_async(_list(settings_of(data), f"person:{mine}" if mine else queue, limit, as_json))


async def _list(settings: Settings, queue: str, limit: int, as_json: bool) -> None:
    view = RedisView(settings)
    try:
        if not queue:
            counts = await view.counts()
            return print(
                json.dumps(counts)
                if as_json
                else "\n".join(f"{n:>6}  {plain(name)}" for name, n in counts.items()) or "no open tickets"
            )
        town, now = await town_of(settings), engine_now(await load_clock(settings))
        rows = await rows_of(view, town.law, queue, limit, now)
    finally:
        await view.close()
    if as_json:
        return print(json.dumps(rows))
    if not rows:
        return print(f"nothing in {queue}")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(f"  {'due':<11}  {'ticket':<28} {'status':<9} who has it       ▲ limit broken; times: {town.zone.key}")
    print("\n".join(line for row in rows for line in written(row, town, now, width)))
    return None


@ticket.command()
def show(
    name: Annotated[str, typer.Argument(help="Ticket id, or <source>:<id>.")], data: Data = None, as_json: Json = False
) -> None:
    """Show a ticket: who has it, its clocks with their deadlines, its children, what was said and what happened so
    far."""
    settings = settings_of(data)
    found = run_async(commands.ticket_named(settings, name.partition("/")[0]))
    told = run_async(history(settings, found))
    after = next(
        (c.after for d in reversed(told) for c in reversed(d.changes) if c.ticket == found and c.after is not None),
        None,
    )
    # its decisions may have aged away, it has not
    image = bytes(after) if after is not None else run_async(standing(settings, found))
    if image is None:
        print(
            with_data(f"there is no ticket {plain(found)}; 'gridwhistle ticket list' has those that are open"),
            file=sys.stderr,
        )
        raise typer.Exit(1)
    now = read_own(f"{STATE.name}/t:{plain(found)}", image, Ticket)
    if as_json:
        return print(image.decode())
    law = run_async(laws(settings))[now.pack]
    print("\n".join(ticket_lines(now, law, told, Town(law, ZoneInfo(law.bundle.timezone)).label(now.category))))
    if not reaches_back(told, found):
        print(f"  {known_since(told, ZoneInfo(law.bundle.timezone))}")
    return None


def _moment(data: Path | None, given: datetime | None) -> int | None:
    """Turn a local date into engine time."""
    if given is None:
        return None
    town = run_async(town_of(settings_of(data)))
    return int((given if given.tzinfo else given.replace(tzinfo=town.zone)).timestamp()) * 1000


Name = Annotated[str, typer.Argument(help="Ticket id, <source>:<id>, or a child <ticket>/<code>/<n>.")]
Acting = Annotated[
    str, typer.Option("--as", help="ROLE:PERSON of the pack's roster; a department is department:CODE:PERSON.")
]
Why = Annotated[str | None, typer.Option(help="Why.")]
Text = Annotated[str | None, typer.Option(help="Answer, note, or result.")]
Proof = Annotated[list[str] | None, typer.Option(help="A photo or paper; may be repeated.")]
Category = Annotated[str | None, typer.Option(help="Category code or alias.")]
Home = Annotated[str | None, typer.Option(help="Another home.")]
Target = Annotated[str | None, typer.Option(help="Another ticket, person, tier or department.")]
Grid = Annotated[str | None, typer.Option(help="A grid code (place).")]
Score = Annotated[int | None, typer.Option(min=1, max=5, help="1 poor to 5 excellent (appraise).")]
Party = Annotated[str | None, typer.Option(help="A party.")]
Departments = Annotated[
    list[str] | None, typer.Option(help="A department to call; may be repeated, the first is lead.")
]
Case = Annotated[str | None, typer.Option(help="street_cannot, joint_enforcement or emergency.")]
Until = Annotated[datetime | None, typer.Option(help="A date in the pack's zone (park).")]
Passed = Annotated[bool | None, typer.Option("--passed/--failed", help="Result of the check.")]
Satisfied = Annotated[bool | None, typer.Option("--satisfied/--unsatisfied", help="The reporter's answer.")]
CommandId = Annotated[str | None, typer.Option("--id", help="Command id; the same id twice is one command.")]


def _command(kind: CommandKind) -> None:
    def give(
        name: Name,
        acting: Acting,
        reason: Why = None,
        text: Text = None,
        proof: Proof = None,
        category: Category = None,
        home: Home = None,
        target: Target = None,
        grid: Grid = None,
        score: Score = None,
        party: Party = None,
        department: Departments = None,
        case: Case = None,
        until: Until = None,
        passed: Passed = None,
        satisfied: Satisfied = None,
        command_id: CommandId = None,
        data: Data = None,
        as_json: Json = False,
    ) -> None:
        given: dict[str, Any] = {"reason": reason, "text": text, "category": category, "home": home, "target": target}
        given |= {"proof": tuple(proof or ()), "departments": tuple(department or ()), "case": case}
        given |= {"until": _moment(data, until), "passed": passed, "satisfied": satisfied, "score": score}
        given |= {"grid": grid, "party": party}
        fields = {k: v for k, v in given.items() if v not in (None, ())}
        _give(settings_of(data), kind, name, acting, command_id, fields, as_json)

    give.__doc__ = manual(kind)
    ticket.command(kind.value.replace("_", "-"))(give)


def _give(
    settings: Settings,
    kind: CommandKind,
    name: str,
    acting: str,
    command_id: str | None,
    fields: dict[str, Any],
    as_json: bool,
) -> None:
    needed = (field for field in fields_of(kind, is_child="/" in name) if not field.endswith("?"))
    missing = ["department" if field == "departments" else field for field in needed if field not in fields]
    if missing:
        raise InvalidSettings(f"'ticket {kind}' needs --{' and --'.join(missing)}")
    actor = commands.actor_of(acting)
    parent, slash, child = name.partition("/")
    if ":" in parent:
        fields["identity"] = folded(parent)
    found = run_async(commands.ticket_named(settings, parent))
    decision = run_async(commands.give(settings, kind, found + slash + child, actor, command_id, fields))
    if decision is None:
        print(
            with_data(
                f"sent; not decided yet. 'gridwhistle ticket show {found}' will tell, or give it again with the same"
                " --id"
            ),
            file=sys.stderr,
        )
        raise typer.Exit(2)
    refused = decision.reason in REFUSALS
    if as_json:
        print(codec.encode(decision).decode())
    elif refused:
        print(with_data(f"refused: {decision.reason} — {WORDS[Reason(decision.reason)]}"))
    else:
        events = [event.type for event in decision.events if event.type not in TOLD]
        print(f"{WORDS[Reason(decision.reason)]}: {', '.join(events) or decision.reason}")
    if refused:
        raise typer.Exit(1)


for _kind in {**TABLE, **CHILD_TABLE}:
    _command(_kind)
