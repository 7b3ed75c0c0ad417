"""``gridwhistle held``: causes that our own fault kept from being decided: list them, have one decided again, or let it
go."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async, with_data
from engine.client import commands
from engine.client.held import end
from engine.client.held import held as held_causes
from engine.local.folder import settings_of
from engine.terminal import plain
from engine.views.reason_texts import WORDS
from topics import codec
from topics.events.types import EventType
from topics.vocabulary import REFUSALS, CommandKind, Reason

held = typer.Typer(
    help=(
        "Causes that our own fault kept from being decided.\n\nExample: gridwhistle held retry incidents:2:17 --reason"
        " 'mended in 0.3.1' --as chief:chief-1"
    ),
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Name = Annotated[str, typer.Argument(help="As 'held list' prints it: incidents:2:17, or clock:…")]
Acting = Annotated[str, typer.Option("--as", help="desk, chief or centre, as ROLE:PERSON of the pack in force.")]
Why = Annotated[str, typer.Option(help="Why.")]
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@held.command("list")
def list_all(data: Data = None, as_json: Json = False) -> None:
    """List what is held, the oldest first, and whether its bytes can still be had."""
    found = run_async(held_causes(settings_of(data)))
    for one in found:
        facts = {
            "id": one.id,
            "at": one.cause.at,
            "home": one.cause.home,
            "size": one.cause.size,
            "bytes": one.bytes_are,
        }
        print(
            json.dumps(facts)
            if as_json
            else plain(f"{one.id}  home {one.cause.home or '-'}  {one.cause.size} bytes, {one.bytes_are}")
        )
    if not as_json:
        print(f"{len(found)} held")


@held.command()
def retry(name: Name, reason: Why, acting: Acting, data: Data = None, as_json: Json = False) -> None:
    """Have it decided again, by its own bytes and as of when it came, after the fault is mended. Once."""
    _end(CommandKind.RETRY_HELD, name, reason, acting, data, as_json)


@held.command()
def drop(name: Name, reason: Why, acting: Acting, data: Data = None, as_json: Json = False) -> None:
    """Let it go: it leaves the desk's queue, the log keeps who said so and why. Once."""
    _end(CommandKind.DROP_HELD, name, reason, acting, data, as_json)


def _end(kind: CommandKind, name: str, reason: str, acting: str, data: Path | None, as_json: bool) -> None:
    decision = run_async(end(settings_of(data), kind, name, commands.actor_of(acting), reason))
    if decision is None:
        print(
            with_data("sent; not decided yet: 'gridwhistle held list' shows whether it is still held"), file=sys.stderr
        )
        raise typer.Exit(2)
    if as_json:
        print(codec.encode(decision).decode())
    else:
        print(
            plain(
                f"{'refused: ' if decision.reason in REFUSALS else ''}{decision.reason} —"
                f" {WORDS[Reason(decision.reason)]} {decision.ticket or ''}".rstrip()
            )
        )
    ended = any(event.type in (EventType.HELD_RETRIED, EventType.HELD_DROPPED) for event in decision.events)
    if not ended:
        raise typer.Exit(1)
