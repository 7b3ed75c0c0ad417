"""From a coroutine's first step to the end of its loop, however it ends: nobody who swallows its cancellation is waited
for."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

LEFT_SECONDS = 5.0
"""What is left of a loop has so long to end. ``asyncio.run`` waits without an end, and Kafka's driver has tasks that go
on when they are cancelled: a stage whose broker was away as it started hung there and never said why."""

_asked_to_end = False


@contextlib.contextmanager
def ended_by(*numbers: int) -> Iterator[None]:
    """Let these signals end the block as Ctrl-C does, also one that came while nobody could be told.

    What Python raises for a signal is swallowed where it meets a class that pydantic builds: a stack that was told to
    end while it loaded its modules went on to start. So it is kept as well, and no loop begins after it. A signal that
    is ignored (``nohup``) stays so.
    """
    global _asked_to_end
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: found for number in numbers if (found := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in former:
        signal.signal(number, _ask_to_end)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if signal.getsignal(signal.SIGINT) is not _ask_to_end:  # the outermost block
            _asked_to_end = False


def ends() -> tuple[int, ...]:
    """What ends a stack: Ctrl-C, TERM, and a terminal that is closed, unless it was to go on without one."""
    hangup = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return (signal.SIGINT, signal.SIGTERM, *hangup)


def _ask_to_end(number: int, frame: FrameType | None) -> None:
    global _asked_to_end
    _asked_to_end = True
    raise KeyboardInterrupt


def _hand_over_interrupts(work: Coroutine[Any, Any, Any]) -> None:
    """Leave Ctrl-C to the loop that begins, which cancels what runs in it."""
    if signal.getsignal(signal.SIGINT) is _ask_to_end and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _asked_to_end:
        work.close()
        raise KeyboardInterrupt


def run_to_end(
    work: Coroutine[Any, Any, T],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    within: float = LEFT_SECONDS,
) -> T:
    """Run as ``asyncio.run`` does; what does not let go within so many seconds is left to the end of the process."""
    _hand_over_interrupts(work)
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
