"""How clients are let go of (aiokafka 0.14.0).

The library awaits tasks that it has just cancelled: where one was at rest between two tries, that cancellation comes
out of its farewell, as if it were meant for whoever waits; and one of its tasks swallows its own, and is waited for
without an end.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

FAREWELL_SECONDS = 5.0
"""A reader that has not let go by then never will: what is left of it is cut off."""


async def stopped(reader: Any, farewell: Coroutine[Any, Any, None]) -> None:
    """Let a reader go by its own farewell; where that hangs, cancels itself or stumbles over what fetched and died of
    its own, cut off what is left of it."""
    fetcher = reader._fetcher
    died = has_died(fetcher)
    ending = asyncio.ensure_future(farewell)
    _, hangs = await asyncio.wait({ending}, timeout=FAREWELL_SECONDS)
    if not hangs and not ending.cancelled() and not died:
        ending.result()
        return
    left = {ending} if fetcher is None else {ending, fetcher._fetch_task, *fetcher._pending_tasks}
    for task in left:
        task.cancel()
    await asyncio.wait(left, timeout=FAREWELL_SECONDS)
    await at_most(FAREWELL_SECONDS, reader._client.close())


def has_died(fetcher: Any) -> BaseException | None:
    """Why what fetches has ended by itself; whoever waits for it is never told, and it is raised where it is closed."""
    task = None if fetcher is None else fetcher._fetch_task
    return task.exception() if task is not None and task.done() and not task.cancelled() else None


async def at_most(seconds: float, farewell: Coroutine[Any, Any, Any] | asyncio.Task[Any]) -> None:
    """Wait so long for a farewell, whatever comes of it."""
    ending = asyncio.ensure_future(farewell)
    await asyncio.wait({ending}, timeout=seconds)
    if not ending.done():
        ending.cancel()
    elif not ending.cancelled():
        ending.exception()  # looked at: nobody else does
