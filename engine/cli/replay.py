"""``gridwhistle replay``: decide the recorded causes once more, by the recorded packs or by another one."""

import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from engine.cli import with_data
from engine.client.publish_pack import prove
from engine.errors import GridwhistleError
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.log_reader import NoStack, ReadingStalled
from engine.replay.csv_export import write_rows
from engine.replay.history_reader import read_history
from engine.replay.recorded_history import History
from engine.replay.render import render, simulated_json, verdict_json, verdict_lines
from engine.replay.start_moment import read_when
from engine.replay.verify import verify_history
from engine.replay.what_if import simulate
from engine.running import run_to_end
from engine.settings import Settings
from engine.terminal import console
from rules.history.replay import Told
from rules.law.compiled import Law
from rules.rulepack.compiler import pack_ref

LINE_EVERY = 20_000
"""Decisions between two updates of the progress line."""

SLICE = 1_000
"""Decisions counted at once."""


OtherPack = Annotated[
    str | None,
    typer.Option(
        help="Another pack: a shipped one's name or a folder. The history is then told under it, and compared."
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--from",
        help=(
            "Begin with the state at this day (yyyy-mm-dd, the pack's zone) or moment (RFC 3339), not at the beginning."
        ),
    ),
]
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
CsvFile = Annotated[
    Path | None, typer.Option(help="With --pack: write every ticket that fares differently.", dir_okay=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def replay(
    pack: OtherPack = None,
    since: Since = None,
    data: Data = None,
    csv: CsvFile = None,
    as_json: Json = False,
) -> None:
    """Decide the whole log once more: it must come out the same, byte by byte; or, with --pack, see what another law
    would have done.

    Exit code 0: identical, or told under the other pack. 1: a decision differs; the first is shown with both sides.
    2: the log has a gap, there is no stack to read, or the pack has faults.

    With --from the state at that moment is put together from the decisions before it and kept as a checkpoint of its
    day in the data folder: the next time only what came after is read, even if retention has taken the rest. Under
    another
    pack, what stands open then keeps the law it was filed under. A checkpoint that does not fit the log is not used.

    Example: gridwhistle replay --from 2026-03-01 --pack ./my-city --csv moved.csv
    """
    from engine.local.folder import settings_of

    if csv is not None and pack is None:
        raise typer.BadParameter("it goes with --pack: the recorded packs leave nothing to compare", param_hint="--csv")
    try:
        when = read_when(since) if since is not None else None
    except ValueError as error:
        raise typer.BadParameter(
            f"{error}; give a day like 2026-03-01, or a moment like 2026-03-01T08:00:00+08:00", param_hint="--from"
        ) from error
    try:
        fault = _replay(settings_of(data), pack, when, csv, as_json)
    except (KafkaFault, NoStack, ReadingStalled, GridwhistleError, OSError) as error:
        typer.echo(f"gridwhistle replay: {with_data(str(error))}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(1 if fault else 0)


def _replay(
    settings: Settings, pack: str | None, when: date | datetime | None, csv: Path | None, as_json: bool
) -> bool:
    bundle = prove(pack) if pack is not None else None
    with Progress(console=console(error=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        history, laws = _history(settings, when, bar)
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
        render(told, console())
    return False


def _history(settings: Settings, when: date | datetime | None, bar: Progress) -> tuple[History, dict[str, Law]]:
    """Read the log: all of it, or from the newest checkpoints that fit it on."""
    task = bar.add_task("reading the log", total=None)
    return run_to_end(
        read_history(
            settings,
            when,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            note=lambda line: typer.echo(f"gridwhistle replay: {line}", err=True),
        )
    )


class _Advance:
    """Counts decisions, and moves the progress line now and then."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar, self._done = bar, 0
        self._task = bar.add_task("deciding again", total=total)

    def __call__(self, by: int = 1) -> None:
        before, self._done = self._done, self._done + by
        if before // LINE_EVERY != self._done // LINE_EVERY:
            self._bar.update(self._task, completed=self._done)


def _tracked(told: Iterable[Told], advance: _Advance) -> Iterator[Told]:
    """Pass decisions on, and count them by the slice: a call for each would show in the time it takes."""
    rest = iter(told)
    while some := list(islice(rest, SLICE)):
        yield from some
        advance(len(some))
