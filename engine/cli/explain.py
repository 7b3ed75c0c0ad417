"""``gridwhistle explain``: why each thing happened to a ticket, or whether everything comes out again as it was
decided."""

import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.progress import Progress

from engine.cli import run_async
from engine.client.commands import ticket_named
from engine.errors import InvalidSettings
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import console, plain
from engine.views.from_state import duties_of, standing
from engine.views.history import cut_partitions, decisions, history, laws, reaches_back
from engine.views.lists import town_of
from engine.views.reason_texts import WORDS
from engine.views.told import known_since
from rules.history.explain_log import Retold
from rules.law.compiled import Law
from topics.decision import Decision
from topics.ids import home_of, partition_of
from topics.vocabulary import Reason

SHOWN = 20


def explain(
    name: Annotated[str | None, typer.Argument(help="Ticket id, or <source>:<id>.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every decision of the log: only what does not agree is printed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --all: one JSON object.")] = False,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """Say why each thing happened: rules, facts, candidates, quotas, clocks; and whether working it out again agrees.

    Examples: gridwhistle explain tawan-20260302-7    gridwhistle explain --all
    """
    settings = settings_of(data)
    if every == (name is not None):
        raise InvalidSettings("name one ticket, or say --all")
    agrees = run_async(_all(settings, as_json)) if name is None else run_async(_one(settings, name))
    if not agrees:
        raise typer.Exit(1)


async def _one(settings: Settings, name: str) -> bool:
    ticket = await ticket_named(settings, name)
    known, past = await laws(settings), await history(settings, ticket, rosters=True)
    retold, disagreed = (
        await _retold(
            settings, known, partition_of(home_of(ticket), settings.partitions), await cut_partitions(settings)
        ),
        0,
    )
    for decision in past:
        told = retold.explain(decision)
        if decision.reason == Reason.DUTY_SET:
            continue
        _print(decision, told.lines)
        disagreed += not told.agrees
    mine = [decision for decision in past if decision.reason != Reason.DUTY_SET]
    if not reaches_back(mine, ticket):
        image = await standing(settings, ticket)
        if image is None and not mine:
            raise InvalidSettings(
                f"there is no ticket {plain(ticket)}; 'gridwhistle ticket list' has those that are open"
            )
        print(known_since(mine, ZoneInfo((await town_of(settings)).law.bundle.timezone)))
        if not mine:
            return True
    print(
        "worked out again, everything agrees"
        if not disagreed
        else f"{disagreed} decisions do not agree when worked out again"
    )
    return not disagreed


async def _retold(settings: Settings, known: dict[str, Law], partition: int, cut: set[int]) -> Retold:
    """Begin a partition; where its log is cut, with the roster's changes as the state has them."""
    return Retold(known, await duties_of(settings, partition) if partition in cut else None)


def _print(decision: Decision, lines: list[str]) -> None:
    print(plain(f"{decision.id}: {decision.reason} — {WORDS[Reason(decision.reason)]}"))
    print("\n".join(f"    {plain(line)}" for line in lines))


async def _all(settings: Settings, as_json: bool) -> bool:
    """Explain every decision; prints the first that do not agree, and the counts."""
    known, cut = await laws(settings), await cut_partitions(settings)
    count = worked_out = disagreed = 0
    unvouched: list[str] = []
    tickets: set[str] = set()
    with Progress(console=console(error=True), transient=True, disable=as_json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("explained", total=None)
        for partition in range(settings.partitions):
            retold = await _retold(settings, known, partition, cut)
            async for decision in decisions(settings, partition):
                told = retold.explain(decision)
                count, worked_out, disagreed = count + 1, worked_out + told.worked_out, disagreed + (not told.agrees)
                tickets.update(change.ticket for change in decision.changes)
                if not told.vouched:
                    unvouched.append(decision.id)
                if not told.agrees and disagreed <= SHOWN and not as_json:
                    _print(decision, told.lines)
                progress.advance(task)
    if as_json:
        counts = {
            "decisions": count,
            "tickets": len(tickets),
            "worked_out": worked_out,
            "disagree": disagreed,
            "not_vouched": len(unvouched),
        }
        print(msgspec.json.encode(counts).decode())
    else:
        verdict = "all agree" if not disagreed else f"{disagreed} decisions do NOT agree"
        print(f"explained {count} decisions of {len(tickets)} tickets, worked out {worked_out} things again: {verdict}")
        _tell_unvouched(unvouched)
    return not disagreed


def _tell_unvouched(names: list[str]) -> None:
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        print(
            f"not vouched for, since roster changes of before have aged away: {plain(', '.join(names[:SHOWN]))}{more}"
        )
