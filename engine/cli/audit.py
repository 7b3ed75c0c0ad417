"""``gridwhistle audit``: read the whole log, work out what should have happened, and compare."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from engine.audit import figures
from engine.audit.render import render
from engine.audit.report import Audited, audited
from engine.audit.signoff import NAME, SignOff, begun_at, keys_by_id, load, made_of, save
from engine.cli import with_data
from engine.errors import GridwhistleError, InvalidSettings
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.log_reader import NoStack, ReadingStalled, read_log
from engine.kafka.log_snapshot import Log
from engine.kafka.send_journal import JournalDamaged
from engine.running import run_to_end
from engine.security.vault import key_id, load_keys
from engine.settings import Settings
from engine.terminal import console
from topics.codec import encode

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Journals = Annotated[
    list[Path] | None,
    typer.Option(help="A sender's journal, to find what was acknowledged and lost. May be given several times."),
]
SignOffToo = Annotated[
    bool,
    typer.Option(
        "--sign-off",
        help=(
            "If all is clean, keep how everything stands, sealed by the master key: the audit of a cut log begins"
            " there."
        ),
    ),
]
Snapshot = Annotated[
    Path | None,
    typer.Option(help="The signed-off snapshot to begin with, and to write; in the data folder otherwise."),
]
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
MetricsFile = Annotated[
    Path | None,
    typer.Option(
        help=(
            "Write the figures to this file as well, e.g. DIR/gridwhistle.prom of node_exporter's textfile collector."
        )
    ),
]


def audit(
    as_json: Json = False,
    journal: Journals = None,
    sign_off: SignOffToo = False,
    snapshot: Snapshot = None,
    data: Data = None,
    metrics: MetricsFile = None,
) -> None:
    """Check that the log alone explains every ticket: nothing lost, doubled, early or missing.

    Exit code 0: clean. 1: something is wrong, and named. 2: there is no stack to read, or a journal or a snapshot
    cannot be read.

    Example: gridwhistle audit --json --journal .gridwhistle/journals/feed-1.jsonl
    """
    from engine.local.folder import settings_of

    try:
        settings = settings_of(data)
        path = snapshot or settings.data_dir / NAME
        if snapshot is not None and not sign_off and not path.exists():
            raise InvalidSettings(f"there is no signed-off snapshot {path}; 'gridwhistle audit --sign-off' writes one")
        done, log = run_to_end(_audit(settings, journal or [], path, show=not as_json and sys.stderr.isatty()))
    except (KafkaFault, NoStack, ReadingStalled, GridwhistleError, JournalDamaged, OSError) as error:
        typer.echo(f"gridwhistle audit: {with_data(str(error))}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(encode(done.report).decode())
    else:
        render(done.report, console())
    try:  # what was found is told before anything of it is written
        if metrics is not None:
            figures.write(metrics, done.report, time.time())
        if sign_off:
            _sign(settings, path, done, log)
    except (GridwhistleError, OSError) as error:
        typer.echo(f"gridwhistle audit: {with_data(str(error))}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(0 if done.report.clean else 1)


def _sign(settings: Settings, path: Path, done: Audited, log: Log) -> None:
    if not done.report.clean:
        typer.echo("gridwhistle audit: not signed off, since it is not clean", err=True)
        return
    master, _ = load_keys(settings.key_file)
    save(path, made_of(done, log, settings.prefix, key_id(master)), master)
    typer.echo(f"signed off: {path}; keep a copy elsewhere", err=True)


async def _audit(settings: Settings, journals: list[Path], path: Path, show: bool) -> tuple[Audited, Log]:
    for journal in journals:
        if b"\n" not in journal.read_bytes():
            raise InvalidSettings(
                f"the journal {journal} holds nothing that was acknowledged; name the one that 'feed' wrote, or go on"
                " without --journal"
            )
    signed = _signed(settings, path)
    with Progress(console=console(error=True), disable=not show, transient=True) as bar:
        task = bar.add_task("reading the log", total=None)
        log = await read_log(settings, journals, lambda done, total: bar.update(task, completed=done, total=total))
    if signed is not None and (why := begun_at(log, signed)) is not None:
        typer.echo(f"the signed-off snapshot {path} is not used: {why}", err=True)
        signed = None
    return audited(log, signed), log


def _signed(settings: Settings, path: Path) -> SignOff | None:
    if not path.exists():
        return None
    master, former = load_keys(settings.key_file)
    return load(path, settings.prefix, keys_by_id([master, *former]))
