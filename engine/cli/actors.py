"""``gridwhistle demo-actors``: the people of the demonstration, against a stack that runs."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from engine.settings import Settings


def demo_actors(
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed tells another day.")] = 1234,
) -> None:
    """Tell a seeded working day through the public doors: residents report, parties work, departments answer or do not.

    Started by 'gridwhistle up --demo'; by hand against any stack with an accelerated clock.
    """
    from engine.cli import run_async
    from engine.local.folder import settings_of

    run_async(_run(data, seed, settings_of))


async def _run(data: Path | None, seed: int, settings_of: Callable[[Path | None], "Settings"]) -> None:
    from engine.demo.actors import Actors
    from engine.kafka.reference import Reference

    settings = settings_of(data)
    reference = Reference(settings)
    await reference.refresh()
    actors = asyncio.ensure_future(Actors(settings, reference, seed, line=lambda line: print(line, flush=True)).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, actors.cancel)
    await asyncio.wait({actors})
    if not actors.cancelled():
        actors.result()
