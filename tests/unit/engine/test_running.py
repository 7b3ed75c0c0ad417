"""Whatever runs in a loop of its own ends when it should, with its own last words."""

import asyncio
import subprocess
import sys
import time

import pytest

from engine.running import run_to_end
from tests.support import trees
from tests.support.swallowing import BEGUN

SWALLOWS = f"""{BEGUN}
import uvloop
from engine.running import run_to_end

async def main():
    task = await begun()
    raise ConnectionError("nobody answers")

run_to_end(main(), uvloop.new_event_loop, within=0.3)
"""


def test_a_task_that_does_not_let_go_keeps_no_process_and_no_last_words() -> None:
    """A stage that began while its broker was away hung for ever, and nobody started it anew."""
    done = subprocess.run([sys.executable, "-c", SWALLOWS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ConnectionError: nobody answers")
    assert "Task was destroyed" not in done.stderr


def test_what_lets_go_is_waited_for_and_the_loop_is_closed() -> None:
    """As ``asyncio.run`` does it; what a task says of its end is no news."""
    ended = list[str]()

    async def farewell() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.append("said farewell")
            raise ValueError("and was not asked")

    async def main() -> asyncio.AbstractEventLoop:
        ended.append("begun")
        asyncio.get_running_loop().call_soon(asyncio.create_task, farewell())
        await asyncio.sleep(0.01)
        return asyncio.get_running_loop()

    began = time.monotonic()
    assert run_to_end(main()).is_closed()
    assert ended == ["begun", "said farewell"]
    assert time.monotonic() - began < 5


def test_an_interrupt_is_one() -> None:
    """Ctrl-C cancels what runs, and then says so."""

    async def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_to_end(main())


def test_nothing_of_ours_runs_otherwise() -> None:
    """One way, so that none waits without an end."""
    others = [
        trees.name(path)
        for path in trees.paths(*trees.PRODUCT)
        if trees.name(path) != "engine/running.py"
        and ("asyncio.run(" in path.read_text() or "asyncio.Runner" in path.read_text())
    ]
    assert others == []
