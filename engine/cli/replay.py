"""``gridwhistle replay``: decide the recorded causes once more, by the recorded packs or by another one."""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import Progress

from engine.audit.log import Log
from engine.audit.read import NoStack, ReadingStalled, read_log
from engine.errors import GridwhistleError
from engine.packs import prove
from engine.replay.again import laws_of, verify_history
from engine.replay.render import render, simulated_json, verdict_json, verdict_lines
from engine.replay.sequence import TOPICS, history_of
from engine.replay.simulated import simulate
from engine.replay.table import write_rows
from engine.settings import Settings
from rules.law import Law
from rules.pack import pack_ref
from rules.replay import Told

LINE_EVERY = 20_000
"""Decisions between two updates of the progress line."""


def replay(
    pack: Annotated[str | None, typer.Option(help="Another pack: a shipped one's name or a folder. The history is then told under it, and compared.")] = None,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    csv: Annotated[Path | None, typer.Option(help="With --pack: write every ticket that fares differently.", dir_okay=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Decide the whole log once more: it must come out the same, byte by byte; or, with --pack, see what another law would have done.

    Exit code 0: identical, or told under the other pack. 1: a decision differs; the first is shown with both sides.
    2: the log has a gap, there is no stack to read, or the pack has faults.

    Example: gridwhistle replay --pack ./my-city --csv moved.csv
    """
    from engine.local.folder import settings_of

    if csv is not None and pack is None:
        raise typer.BadParameter("it goes with --pack: the recorded packs leave nothing to compare", param_hint="--csv")
    try:
        fault = _replay(settings_of(data), pack, csv, as_json)
    except (KafkaError, NoStack, ReadingStalled, GridwhistleError, OSError) as error:
        typer.echo(f"replay: {error}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(1 if fault else 0)


def _replay(settings: Settings, pack: str | None, csv: Path | None, as_json: bool) -> bool:
    bundle = prove(pack) if pack is not None else None
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        log = asyncio.run(_read(settings, bar))
        history, laws = history_of(log), laws_of(log)
        advance = _Advance(bar, history.decisions)
        if bundle is None:
            verdict = verify_history(history, laws, lambda told: _tracked(told, advance))
        else:
            told = simulate(history, laws, Law(pack_ref(bundle), bundle), settings.partitions, advance)
    if bundle is None:
        print(verdict_json(verdict) if as_json else "\n".join(verdict_lines(verdict)))
        return bool(verdict.mismatches)
    if csv is not None:
        write_rows(csv, told.difference.rows)
    if as_json:
        print(simulated_json(told))
    else:
        render(told, Console())
    return False


async def _read(settings: Settings, bar: Progress) -> Log:
    task = bar.add_task("reading the log", total=None)
    return await read_log(settings, progress=lambda done, total: bar.update(task, completed=done, total=total), only=TOPICS)


class _Advance:
    """Counts decisions, and moves the progress line now and then."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar, self._done = bar, 0
        self._task = bar.add_task("deciding again", total=total)

    def __call__(self) -> None:
        self._done += 1
        if self._done % LINE_EVERY == 0:
            self._bar.update(self._task, completed=self._done)


def _tracked(told: Iterable[Told], advance: _Advance) -> Iterator[Told]:
    for one in told:
        advance()
        yield one
