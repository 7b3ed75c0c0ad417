"""From a coroutine's first step to the end of its loop, however it ends: nobody who swallows its cancellation is waited
for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LEFT_SECONDS = 5.0
"""What is left of a loop has so long to end. ``asyncio.run`` waits without an end, and Kafka's driver has tasks that go
on when they are cancelled: a stage whose broker was away as it started hung there and never said why."""


def run_to_end(
    work: Coroutine[Any, Any, T],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    within: float = LEFT_SECONDS,
) -> T:
    """Run as ``asyncio.run`` does; what does not let go within so many seconds is left to the end of the process."""
    runner = asyncio.Runner(loop_factory=loop_factory)
    try:
        return runner.run(work)
    finally:
        if _has_let_go(runner.get_loop(), within):
            runner.close()


def _has_let_go(loop: asyncio.AbstractEventLoop, within: float) -> bool:
    left = asyncio.all_tasks(loop)
    if not left:
        return True
    for task in left:
        task.cancel()
    ended, hung = loop.run_until_complete(asyncio.wait(left, timeout=within))
    for task in ended:
        if not task.cancelled():
            task.exception()  # what it says of an end that was asked for is no news
    for task in hung:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    return not hung
