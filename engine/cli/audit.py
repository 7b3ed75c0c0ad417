"""``gridwhistle audit``: read the whole log, work out what should have happened, and compare."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.progress import Progress

from engine.audit import figures
from engine.audit.read import NoStack, ReadingStalled, read_log
from engine.audit.render import render
from engine.audit.report import Report
from engine.audit.report import audit as audit_log
from engine.cli import with_data
from engine.errors import GridwhistleError
from engine.journal import JournalDamaged
from engine.screen import console
from engine.settings import Settings
from topics.codec import encode


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    journal: Annotated[list[Path] | None, typer.Option(help="A sender's journal, to find what was acknowledged and lost. May be given several times.")] = None,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="Write the figures to this file as well, e.g. DIR/gridwhistle.prom of node_exporter's textfile collector.")] = None,
) -> None:
    """Check that the log alone explains every ticket: nothing lost, doubled, early or missing.

    Exit code 0: clean. 1: something is wrong, and named. 2: there is no stack to read, or a journal cannot be read.

    Example: gridwhistle audit --json --journal .gridwhistle/journals/feed-1.jsonl
    """
    from engine.local.folder import settings_of

    try:
        report = asyncio.run(_audit(settings_of(data), journal or [], show=not as_json and sys.stderr.isatty()))
        if metrics is not None:
            figures.write(metrics, report, time.time())
    except (KafkaError, NoStack, ReadingStalled, GridwhistleError, JournalDamaged, OSError) as error:
        typer.echo(f"gridwhistle audit: {with_data(str(error))}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(encode(report).decode())
    else:
        render(report, console())
    raise typer.Exit(0 if report.clean else 1)


async def _audit(settings: Settings, journals: list[Path], show: bool) -> Report:
    with Progress(console=console(error=True), disable=not show, transient=True) as bar:
        task = bar.add_task("reading the log", total=None)
        log = await read_log(settings, journals, lambda done, total: bar.update(task, completed=done, total=total))
    return audit_log(log)
