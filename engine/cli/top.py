"""``gridwhistle top``: the live queues in the terminal, with countdowns in engine time."""

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from engine.cli import run_async
from engine.errors import DependencyDown, InvalidSettings
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import load_clock
from engine.local.folder import settings_of
from engine.security.redis_faults import REDIS_AWAY
from engine.settings import Settings
from engine.terminal import console, plain
from engine.views.board import Board, Keys, screen
from engine.views.lists import Town, town_of
from engine.views.redis_view import RedisView
from topics.reference import EngineClock

REFRESH_SECONDS = 0.5
AT_MOST = 1000
"""Tickets that can be scrolled through; 'ticket list' has the rest."""


def top(data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None) -> None:
    """Show the live queues until q or Ctrl-C: counts by tier, and what is due next. Arrow keys scroll, / filters."""
    if not sys.stdout.isatty():
        raise InvalidSettings("top needs a terminal; 'gridwhistle ticket list' prints queues into a file or a pipe")
    with contextlib.suppress(KeyboardInterrupt):
        run_async(_show(settings_of(data)))


async def _show(settings: Settings) -> None:
    town, clock = await town_of(settings), await load_clock(settings)
    view, keys, wake = RedisView(settings), Keys(), asyncio.Event()
    try:
        with (
            _listening(keys, wake),
            Live(console=console(), screen=True, auto_refresh=False, vertical_overflow="crop") as live,
        ):
            while not keys.quit:
                wake.clear()
                live.update(await _look(view, town, clock, keys, live.console.size), refresh=True)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH_SECONDS):
                        await wake.wait()
    finally:
        await view.close()


async def _look(view: RedisView, town: Town, clock: EngineClock, keys: Keys, size: Any) -> Text:
    try:
        return screen(await _board(view, town, clock), keys, size.width, size.height)
    except (DependencyDown, *REDIS_AWAY) as exc:
        return Text(f"the view does not answer: {plain(exc)}; it is tried again, q ends", style="bold red")


async def _board(view: RedisView, town: Town, clock: EngineClock) -> Board:
    """Read what is to be shown: the desk's queue and every tier's, nearest limit first."""
    tiers = list(dict.fromkeys(tier.name for steps in town.law.bundle.ladders.values() for tier in steps))
    rows = await view.rows("desk", *(f"tier:{tier}" for tier in tiers), limit=AT_MOST)
    return Board(town, engine_now(clock), clock.speed, counts=await view.counts(), rows=rows)


@contextlib.contextmanager
def _listening(keys: Keys, wake: asyncio.Event) -> Iterator[None]:
    """Hear keys as they are pressed; the terminal is given back as it was."""
    if not sys.stdin.isatty():
        yield
        return
    number, loop = sys.stdin.fileno(), asyncio.get_running_loop()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    loop.add_reader(number, _reader(number, keys, wake))
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _reader(number: int, keys: Keys, wake: asyncio.Event) -> Callable[[], None]:
    def read() -> None:
        pressed = os.read(number, 1024)
        keys.take(pressed.decode(errors="ignore") if pressed else "q")
        wake.set()

    return read
