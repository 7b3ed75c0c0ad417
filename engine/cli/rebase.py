"""Puts every open ticket of a stack under the pack in force, one decision each."""

import difflib
import sys
from collections import Counter
from collections.abc import Iterable

import typer
from rich.progress import Progress

from engine.client import commands as commands_door
from engine.client.command_batches import give_many, open_tickets
from engine.errors import InvalidSettings
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import Reference, load_clock
from engine.settings import Settings
from engine.terminal import console
from rules.law.compiled import Law
from topics.command import Command
from topics.vocabulary import REFUSALS, CommandKind


async def rebase_all(
    settings: Settings, acting: str, reason: str, home: str | None, category: str | None, dry_run: bool
) -> None:
    """Ask for each; prints how many were put under the pack, and how many were refused for which reason.

    Raises:
        InvalidSettings: There is no such home or category.
        typer.Exit: Some were refused (1), or not all are decided yet (2).
    """
    reference = Reference(settings)
    await reference.refresh()
    actor, at = commands_door.actor_of(acting), engine_now(await load_clock(settings))
    law = Law("pack@0", reference.in_force())
    homes, categories, commands = set(law.homes), set(law.categories), list[tuple[int, Command]]()
    async for partition, one in open_tickets(settings):
        homes.add(one.home)
        if one.category is not None:
            categories.add(one.category)
        if (
            one.filed_at is not None
            and one.pack != reference.current
            and home in (None, one.home)
            and category in (None, one.category)
        ):
            name, kind = f"rebase:{reference.current}:{one.id}:{one.version}", CommandKind.REBASE
            command = Command(id=name, kind=kind, actor=actor, accepted_at=at, ticket=one.id, reason=reason)
            commands.append((partition, command))
    demand_known("--home", home, homes)
    demand_known("--category", category, categories)
    print(f"{len(commands)} open tickets are under another pack than {reference.current}")
    if dry_run or not commands:
        return
    reasons = await _reasons(settings, commands)
    for why, count in reasons.most_common():
        print(f"{count:>6}  {'refused: ' if why in REFUSALS else ''}{why}")
    if reasons.total() < len(commands):
        print("not all are decided yet; run it again, nothing is done twice", file=sys.stderr)
        raise typer.Exit(2)
    if any(why in REFUSALS for why in reasons):
        raise typer.Exit(1)


async def _reasons(settings: Settings, commands: list[tuple[int, Command]]) -> Counter[str]:
    """Give the commands; answers how many came out how."""
    reasons: Counter[str] = Counter()
    with Progress(console=console(error=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("rebase", total=len(commands))
        async for decision in give_many(settings, commands):
            reasons[decision.reason] += 1
            progress.advance(task)
    return reasons


def demand_known(option: str, given: str | None, known: Iterable[str]) -> None:
    """Refuse what neither the pack in force nor an open ticket has: a slip of the finger would say that there is
    nothing to do.

    Raises:
        InvalidSettings: Names the nearest.
    """
    if given is None or given in (names := sorted(known)):
        return
    near = difflib.get_close_matches(given, names, 3, 0.5) or names[:3]
    more = f" and {len(names) - len(near)} more" if len(names) > len(near) else ""
    raise InvalidSettings(
        f"{option} {given!r} is in neither the pack in force nor an open ticket; there are {', '.join(near)}{more}"
    )
