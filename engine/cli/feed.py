"""``gridwhistle feed FILE``: send a file of recorded incidents through the public doors."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.errors import GridwhistleError
from engine.feed.feedmap import FeedMap, folder_of_pack, load_feed_map
from engine.feed.mapped import Mapped
from engine.feed.mapping import map_rows, wanted_of
from engine.feed.plan import Plan, make_plan
from engine.feed.rows import read_rows
from engine.feed.run import Outcome, feed_plan
from engine.feed.trial import tried
from engine.feed.words import outcome_facts, outcome_lines, rejected_of, trial_facts, trial_lines
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.reference import load_clock
from engine.kafka.send_journal import Journal
from engine.running import run_to_end
from topics.codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.settings import Settings

LINE_EVERY_SECONDS = 5.0
"""Without a terminal, progress is a line so often."""

NO_SPEED = "give 0, or leave it out; the pace of the stack's clock is set by 'gridwhistle up --clock START@SPEED'"

MANY = 50_000
"""Rows from which on it is said that reading takes a while."""


File = Annotated[Path, typer.Argument(help="CSV with a header, JSON lines, or a JSON list; gzip is unpacked.")]
FeedPack = Annotated[str, typer.Option(help="Pack whose feed.yaml maps the columns: a name, or a folder.")]
Speed = Annotated[
    int | None,
    typer.Option(
        help=("0: everything at once. Left out: at the pace of the stack's engine clock; a live one waits for no row.")
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Feed the first so many rows, in order of time.")]
Until = Annotated[
    str | None, typer.Option(help="Feed what happened until this time, e.g. 2018-01-02T00:00:00 (the pack's zone).")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say what would be sent, what rejected and why; send nothing. Needs no stack."),
]
AllowRejects = Annotated[int, typer.Option(min=0, help="Exit 0 although so many rows were rejected.")]
JournalFile = Annotated[Path | None, typer.Option(help="Where to note what the broker acknowledged.")]
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object.")]


def feed(
    file: File,
    pack: FeedPack,
    speed: Speed = None,
    limit: Limit = None,
    until: Until = None,
    dry_run: DryRun = False,
    allow_rejects: AllowRejects = 0,
    journal: JournalFile = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Send the rows of a file as incidents, and their closings as commands, in order of events.

    A file whose shape is broken is refused whole. A row that came before is no fault: feeding a file again adds
    nothing.

    Exit code 0: all that was sent is decided. 1: a row was rejected (more than --allow-rejects), or something is not
    decided. 2: it could not be fed.

    Example: gridwhistle feed la311-2018.csv --pack los-angeles --speed 0
    """
    if speed not in (None, 0):
        raise typer.BadParameter(NO_SPEED, param_hint="--speed")
    try:
        folder = folder_of_pack(pack)
        mapping = load_feed_map(folder)
        rows = _read(file, mapping)
        plan = make_plan([row for row in rows if row.id], limit, _moment(until, mapping))
        if dry_run:
            sound = _try(folder, rows, plan, as_json, allow_rejects)
        else:
            sound = _feed(plan, rows, speed is None, journal, data, as_json, allow_rejects)
    except (GridwhistleError, KafkaFault, OSError) as error:
        typer.echo(f"feed: {error}", err=True)
        raise typer.Exit(2) from error
    except KeyboardInterrupt:
        typer.echo("feed: stopped while reading; nothing was sent.", err=True)
        raise typer.Exit(130) from None
    raise typer.Exit(0 if sound else 1)


def _read(file: Path, mapping: FeedMap) -> list[Mapped]:
    """Read and map a file; on the way it is said that it takes a while."""
    found = read_rows(file, wanted_of(mapping))
    if len(found) > MANY:
        typer.echo(f"feed: {len(found)} rows read; mapping them", err=True)
    if not found:
        typer.echo(f"feed: {file} has a header and no rows; there is nothing to send", err=True)
    return map_rows(mapping, found)


def _try(folder: Path, rows: list[Mapped], plan: Plan, as_json: bool, allowed: int) -> bool:
    """Say what would become of the rows that are meant; whether few enough would be rejected."""
    from engine.client.publish_pack import prove

    chosen = {id(step.row) for step in plan.steps}
    rows = [row for row in rows if not row.id or id(row) in chosen]
    every = _every()
    found = list(tried(prove(str(folder)), rows, progress=lambda n: every(f"{n} of {len(rows)} tried")))
    typer.echo(encode(trial_facts(found, rows, plan)).decode() if as_json else trial_lines(found, rows, plan))
    return sum(one.is_rejected for one in found) <= allowed


def _feed(
    plan: Plan,
    rows: list[Mapped],
    paced: bool,
    journal: Path | None,
    data: Path | None,
    as_json: bool,
    allowed: int,
) -> bool:
    """Send a plan and say what became of it; whether all is decided and few enough rejected."""
    from engine.local.folder import settings_of

    settings = settings_of(data)
    path = journal or _free_journal(settings.data_dir)
    last = Outcome()
    with _progress(plan, quiet=as_json) as tell:

        def seen(outcome: Outcome) -> None:
            nonlocal last
            last = outcome
            tell(outcome)

        try:
            outcome = run_to_end(_run(settings, plan, paced=paced, path=path, progress=seen))
        except (KeyboardInterrupt, asyncio.CancelledError):
            where = f"{last.acked} of {plan.rows + plan.closings} records are safe and journalled in {path}"
            typer.echo(f"feed: stopped; {where}. Feeding the file again adds none twice.", err=True)
            raise typer.Exit(130) from None
    fed = {id(step.row) for step in plan.steps}
    unnamed, told = [row for row in rows if not row.id], [row for row in rows if not row.id or id(row) in fed]
    if as_json:
        typer.echo(encode(outcome_facts(outcome, plan, unnamed, told, path)).decode())
    else:
        typer.echo(outcome_lines(outcome, plan, unnamed, told, path))
    return not outcome.undecided and rejected_of(outcome, unnamed) <= allowed


async def _run(
    settings: "Settings", plan: Plan, paced: bool, path: Path, progress: Callable[[Outcome], None]
) -> Outcome:
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    return await feed_plan(settings, plan, await load_clock(settings), paced, Journal(path), progress)


def _moment(text: str | None, mapping: FeedMap) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no time; one looks like 2018-01-02T00:00:00", param_hint="--until"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=mapping.zone())).timestamp() * 1000)


def _free_journal(folder: Path) -> Path:
    """``journals/feed-<n>.jsonl`` with the first n that is free."""
    return next(path for n in range(1, 1_000_000) if not (path := folder / "journals" / f"feed-{n}.jsonl").exists())


@contextmanager
def _progress(plan: Plan, quiet: bool) -> "Iterator[Callable[[Outcome], None]]":
    """A bar on a terminal, else a line every few seconds, on standard error."""
    total = plan.rows + plan.closings
    if sys.stderr.isatty() and not quiet:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("feeding", total=total)
            yield lambda outcome: bar.update(task, completed=outcome.acked, description=_phase(outcome, plan))
        return
    every = _every()
    yield lambda outcome: every(
        f"{_phase(outcome, plan)}: {outcome.acked} of {total} sent"
        + (f", {outcome.decided} decided" if outcome.decided else "")
    )


def _every() -> "Callable[[str], None]":
    """Say something on standard error, but only every few seconds."""
    told = time.monotonic()

    def line(text: str) -> None:
        nonlocal told
        if time.monotonic() - told >= LINE_EVERY_SECONDS:
            told = time.monotonic()
            typer.echo(f"feed: {text}", err=True)

    return line


def _phase(outcome: Outcome, plan: Plan) -> str:
    if outcome.next_at is not None:
        return f"waiting for {datetime.fromtimestamp(outcome.next_at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "feeding" if outcome.sent < plan.rows else "waiting for decisions"
