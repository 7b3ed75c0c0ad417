"""``gridwhistle feed FILE``: send a file of recorded incidents through the public doors."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.errors import GridwhistleError, InvalidSettings
from engine.feed.feedmap import FeedMap, load_feed_map
from engine.feed.mapping import map_row
from engine.feed.plan import Plan, make_plan
from engine.feed.rows import read_rows
from engine.feed.run import Outcome, feed_plan
from engine.journal import Journal
from engine.reference import load_clock
from topics.codec import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.settings import Settings

LINE_EVERY_SECONDS = 5.0
"""Without a terminal, progress is a line so often."""

PACKS = Path(__file__).parents[2] / "rules" / "packs"


def feed(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or JSON lines (.jsonl, .ndjson, .json).", exists=True, dir_okay=False)],
    pack: Annotated[str, typer.Option(help="Pack whose feed.yaml maps the columns: a name, or a folder.")],
    speed: Annotated[int | None, typer.Option(help="0: everything at once. Left out: at the pace of the stack's engine clock.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Feed the first so many rows, in order of time.")] = None,
    until: Annotated[str | None, typer.Option(help="Feed what happened until this time, e.g. 2018-01-02T00:00:00 (the pack's zone).")] = None,
    journal: Annotated[Path | None, typer.Option(help="Where to note what the broker acknowledged.")] = None,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object.")] = False,
) -> None:
    """Send the rows of a file as incidents, and their closings as commands, in order of events.

    Exit code 0: all that was sent is decided. 1: something is not, or was too large. 2: it could not be fed.

    Example: gridwhistle feed la311-2018.csv --pack los-angeles --speed 0
    """
    from engine.local.folder import settings_of

    if speed not in (None, 0):
        raise typer.BadParameter("give 0, or leave it out; the pace of the stack's clock is set by 'gridwhistle up --clock START@SPEED'", param_hint="--speed")
    last = Outcome()
    try:
        settings = settings_of(data)
        mapping = load_feed_map(_folder(pack))
        plan = make_plan((map_row(mapping, row) for row in read_rows(file)), limit, _moment(until, mapping))
        path = journal or _free_journal(settings.data_dir)
        with _progress(plan, quiet=as_json) as tell:

            def seen(outcome: Outcome) -> None:
                nonlocal last
                last = outcome
                tell(outcome)

            outcome = asyncio.run(_run(settings, plan, paced=speed is None, path=path, progress=seen))
    except (GridwhistleError, KafkaError, OSError) as error:
        typer.echo(f"feed: {error}", err=True)
        raise typer.Exit(2) from error
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo(f"feed: stopped; {last.acked} records are safe and journalled in {path}. Feeding the file again adds none twice.", err=True)
        raise typer.Exit(130) from None
    typer.echo(encode(_facts(outcome, plan, path)).decode() if as_json else _sentences(outcome, plan, path))
    raise typer.Exit(1 if outcome.undecided or outcome.too_large else 0)


async def _run(settings: "Settings", plan: Plan, paced: bool, path: Path, progress: Callable[[Outcome], None]) -> Outcome:
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    return await feed_plan(settings, plan, await load_clock(settings), paced, Journal(path), progress)


def _folder(pack: str) -> Path:
    """A pack's folder: one of ours by name, else the path as given."""
    folder = PACKS / pack if (PACKS / pack).is_dir() else Path(pack)
    if not folder.is_dir():
        names = ", ".join(sorted(path.name for path in PACKS.iterdir() if path.is_dir()))
        raise InvalidSettings(f"no pack {pack!r}; there are {names}, or give a folder")
    return folder


def _moment(text: str | None, mapping: FeedMap) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time; one looks like 2018-01-02T00:00:00", param_hint="--until") from error
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
    told = time.monotonic()

    def line(outcome: Outcome) -> None:
        nonlocal told
        if time.monotonic() - told >= LINE_EVERY_SECONDS:
            told = time.monotonic()
            typer.echo(f"feed: {_phase(outcome, plan)}: {outcome.acked} of {total} sent" + (f", {outcome.decided} decided" if outcome.decided else ""), err=True)

    yield line


def _phase(outcome: Outcome, plan: Plan) -> str:
    if outcome.next_at is not None:
        return f"waiting for {datetime.fromtimestamp(outcome.next_at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "feeding" if outcome.sent < plan.rows else "waiting for decisions"


def _facts(outcome: Outcome, plan: Plan, path: Path) -> dict[str, Any]:
    return {
        "rows": outcome.rows, "sent": outcome.sent, "acked": outcome.acked, "tickets": outcome.tickets, "rejected": dict(outcome.rejected),
        "closings": outcome.closings, "commands": outcome.commands, "refused": dict(outcome.refused), "repeated": outcome.repeated,
        "dropped": outcome.dropped, "too_large": outcome.too_large, "undecided": outcome.undecided, "beyond": plan.beyond,
        "left_out": plan.left_out, "journal": str(path),
    }  # fmt: skip


def _sentences(outcome: Outcome, plan: Plan, path: Path) -> str:
    """The outcome for people."""
    rejected = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.rejected.items())) or "0"
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.refused.items())) or "0"
    lines = [
        f"{outcome.sent} rows sent: {outcome.tickets} have a ticket; rejected: {rejected}.",
        f"{outcome.commands} closings sent; refused: {refused}; sent before: {outcome.repeated}. {plan.beyond} closings lie beyond the end.",
    ]
    if plan.left_out:
        lines.append(f"{plan.left_out} rows lie after --until.")
    if outcome.dropped:
        lines.append(f"{outcome.dropped} closings belong to rejected rows and were not sent.")
    lines += [f"Not sent, too large: {one}." for one in outcome.too_large]
    if outcome.undecided:
        lines.append(f"{outcome.undecided} are not decided yet; are the stages running? 'gridwhistle status' tells.")
    return "\n".join([*lines, f"Journal: {path}"])
