"""A stage that hangs is ended, with the line at which it hung; one that waits, loads or was stopped is not."""

import subprocess
import sys
import time

from engine.observability.watchdog import HUNG, Standing, Watchdog
from tests.support.swallowing import BEGUN

HANGS = """
import asyncio, sys, time
from engine.observability.json_logging import set_up
from engine.observability.watchdog import Standing, Watchdog

set_up("dispatch-1")
since = time.monotonic()

async def the_broker_never_answers():
    await asyncio.Event().wait()

def a_rule_that_never_ends():
    time.sleep(60)

async def main():
    task = asyncio.create_task(the_broker_never_answers())
    await asyncio.sleep(0)
    Watchdog("dispatch", 0.3, lambda: [Standing("a step of dispatch 3", since, 1, task)], tick=0.05).start()
    a_rule_that_never_ends() if sys.argv[1] == "blocked" else await asyncio.sleep(60)

asyncio.run(main())
"""


def hang(how: str) -> str:
    """Let a process hang; gives what it said."""
    done = subprocess.run([sys.executable, "-c", HANGS, how], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == HUNG, done.stderr
    return done.stderr


def test_a_blocked_event_loop_ends_the_process_and_says_where() -> None:
    """The log names the function that did not return."""
    said = hang("blocked")
    assert "dispatch hangs: a step of dispatch 3 has not come to an end" in said
    assert "a_rule_that_never_ends" in said


def test_a_step_that_never_ends_ends_the_process_and_says_what_it_waits_for() -> None:
    """The loop turns and heartbeats go out: what counts is that nothing has come to an end."""
    assert "the_broker_never_answers" in hang("waiting")


def looked(standing: Standing, times: int, bound: float = 1.0, tick: float = 0.25) -> bool:
    """Whether so many looks find it hung."""
    watchdog = Watchdog("dispatch", bound, lambda: [standing], tick=tick)
    return any(watchdog.look() is not None for _ in range(times))


def test_what_was_stopped_has_not_hung() -> None:
    """After SIGSTOP or a machine's sleep all moments are old at once: only looks that were had count."""
    old = Standing("fetching", time.monotonic() - 1000, 1, task=None)
    assert not looked(old, 4)
    assert looked(old, 5)


def test_loading_a_partition_may_take_longer() -> None:
    """Its bound is a multiple of a step's."""
    loading = Standing("opening dispatch 3", time.monotonic() - 2, 8, task=None)
    assert not looked(loading, 100)
    assert looked(Standing("a step of dispatch 3", time.monotonic() - 2, 1, task=None), 100)


def test_what_moves_is_never_ended() -> None:
    """However often it is looked at."""
    watchdog = Watchdog("dispatch", 0.001, lambda: [Standing("fetching", time.monotonic(), 1, task=None)], tick=1)
    assert [watchdog.look() for _ in range(50)] == [None] * 50


HANGS_AT_ITS_END = f"""{BEGUN}
from engine.observability.farewell import gone_within
from engine.observability.json_logging import set_up

set_up("dispatch-1")

async def main():
    task = await begun()
    gone_within("dispatch", 0.5)
    task.cancel()
    await task

asyncio.run(main())
"""


def test_who_was_asked_to_end_and_hangs_is_cut_off_and_says_where() -> None:
    """The driver has a task that is waited for without an end: seen once in some hundred ends under kills."""
    done = subprocess.run(
        [sys.executable, "-c", HANGS_AT_ITS_END], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == HUNG, done.stderr
    assert "asked to end" in done.stderr and "a_task_that_swallows_its_cancellation" in done.stderr
