"""``gridwhistle top``: the live queues in the terminal, with countdowns in engine time."""

import asyncio
import contextlib
import sys
import termios
import tty
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from redis.exceptions import RedisError
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.cli import run_async
from engine.engine_clock import engine_now
from engine.local.folder import settings_of
from engine.reference import Reference
from engine.settings import Settings
from engine.views.redis_view import RedisView
from topics.ids import Instant
from topics.pack import PackBundle
from topics.reference import EngineClock

REFRESH_SECONDS = 0.5


def top(data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None) -> None:
    """Show the live queues until q or Ctrl-C: counts by tier, and what is due next."""
    with contextlib.suppress(KeyboardInterrupt):
        run_async(_show(settings_of(data)))


async def _show(settings: Settings) -> None:
    reference = Reference(settings)
    await reference.refresh()
    assert reference.clock is not None and reference.current is not None
    bundle = reference.bundles[reference.current]
    view = RedisView(settings)
    quit_asked = asyncio.Event()
    with _keys(quit_asked), Live(screen=True, auto_refresh=False) as live:
        while not quit_asked.is_set():
            try:
                live.update(await _screen(view, bundle, reference.clock, live.console.size.height), refresh=True)
            except (RedisError, OSError) as exc:
                live.update(Text(f"the view does not answer: {exc}", style="bold red"), refresh=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(quit_asked.wait(), REFRESH_SECONDS)
    await view.close()


@contextlib.contextmanager
def _keys(quit_asked: asyncio.Event) -> Iterator[None]:
    """Listen for q; the terminal is given back as it was."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: quit_asked.set() if sys.stdin.read(1) in "qQ\x03" else None)
    try:
        yield
    finally:
        loop.remove_reader(sys.stdin)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


async def _screen(view: RedisView, bundle: PackBundle, clock: EngineClock, height: int) -> Group:
    now = engine_now(clock)
    counts = await view.counts()
    tiers = list(dict.fromkeys(tier.name for steps in bundle.ladders.values() for tier in steps))
    rows: list[dict[str, Any]] = []
    for queue in ["desk", *(f"tier:{tier}" for tier in tiers)]:
        rows += await view.rows(queue, height)
    rows.sort(key=lambda row: (row.get("deadline_at", 2**60), row["id"]))
    local = datetime.fromtimestamp(now / 1000, ZoneInfo(bundle.timezone)).strftime("%a %Y-%m-%d %H:%M")
    open_now = sum(n for name, n in counts.items() if name.startswith("grid:"))
    overdue = sum(bool(row.get("is_overdue")) for row in rows)
    head = Text.assemble((f" {bundle.title_zh or bundle.title} ", "bold reverse"), f"  {local}  ×{clock.speed}   open {open_now}   overdue shown {overdue}   q ends")
    return Group(head, _queues(counts, tiers, bundle), _tickets(rows[: max(3, height - 9)], now))


def _queues(counts: dict[str, int], tiers: list[str], bundle: PackBundle) -> Table:
    labels = {tier.name: tier.label_zh or tier.label for steps in bundle.ladders.values() for tier in steps}
    table = Table(box=None, padding=(0, 2, 0, 0))
    departments = sorted(((n, name[5:]) for name, n in counts.items() if name.startswith("dept:")), reverse=True)[:5]
    for label in ("值班台", *(labels[tier] for tier in tiers), *(f"⚑ {code}" for _, code in departments)):
        table.add_column(label, justify="right", no_wrap=True)
    table.add_row(str(counts.get("desk", 0)), *(str(counts.get(f"tier:{tier}", 0)) for tier in tiers), *(str(n) for n, _ in departments))
    return table


def _tickets(rows: list[dict[str, Any]], now: Instant) -> Table:
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0))
    for name, ratio in (("due", 0), ("ticket", 6), ("status", 3), ("tier", 3), ("category", 5), ("has it", 6), ("departments", 5)):
        table.add_column(name, ratio=ratio or None, min_width=13 if name == "due" else None, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(
            _countdown(row, now), row["id"], row["status"], row.get("tier", "-"), row.get("category", "-"), row["person"],
            " ".join(child.split("/")[0] + {"called": "?", "reported_in": "✓", "finished": "●", "released": "–"}[child.rsplit(":", 1)[1]] for child in row.get("children", [])),
        )  # fmt: skip
    return table


def _countdown(row: dict[str, Any], now: Instant) -> Text:
    """Colour, sign and words, never colour alone."""
    due = row.get("deadline_at")
    if due is None:
        return Text("· no limit", style="dim")
    minutes = abs(due - now) // 60_000
    span = f"{minutes // 60}:{minutes % 60:02d}"
    if due <= now or row.get("is_overdue"):
        return Text(f"▲ {'late ' if due <= now else 'leg '}{span}", style="bold red")
    return Text(f"● {span}", style="yellow") if minutes < 60 else Text(f"  {span}", style="green")
