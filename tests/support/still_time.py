"""An event loop whose time stands still while anything can be done and then jumps to the next timer: back-off, holds
and time-outs of minutes pass in milliseconds, the same on any machine."""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any


class Stuck(Exception):
    """Nothing is left that could ever happen, and the test still waits."""


TURN_SECONDS = 1e-6
"""What a turn of the loop takes, as it does on any machine: whoever sleeps for less than a float can tell wakes."""


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found: list[Any] = super().select(0)
        if not found and timeout is None:
            raise Stuck("nothing is left to happen")
        self.now += TURN_SECONDS if found or not timeout else timeout
        return found


class StillLoop(asyncio.SelectorEventLoop):
    """The loop; ``time`` is what it makes of it."""

    def __init__(self) -> None:
        self._still = _Jumping()
        super().__init__(self._still)

    def time(self) -> float:
        return self._still.now


def now() -> float:
    """Seconds by the running loop."""
    return asyncio.get_running_loop().time()


def pass_by(seconds: float) -> None:
    """Let so much time go in which the running loop does nothing, as where somebody reckons."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, StillLoop)
    loop._still.now += seconds


CLOCK = SimpleNamespace(monotonic=now, perf_counter=now, time=now)
"""In the place of the module ``time``, where the loop asks it."""


def still(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a loop of its own whose time stands still."""

    @functools.wraps(test)
    def run(*args: Any, **more: Any) -> None:
        with asyncio.Runner(loop_factory=StillLoop) as runner:
            # who was killed leaves tasks whose errors nobody asks for
            runner.get_loop().set_exception_handler(lambda loop, context: None)
            runner.run(test(*args, **more))

    return run


async def until(wanted: Callable[[], object], within: float = 300.0) -> float:
    """Wait until it is so, by the loop's time; answers the seconds that took."""
    began = now()
    async with asyncio.timeout(within):
        while not wanted():
            await asyncio.sleep(0.025)
    return now() - began
