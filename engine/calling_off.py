"""Tasks that are told to end, and waited for."""

import asyncio
from typing import Any

SAID_AGAIN_SECONDS = 12.0
"""A task lets go of its clients within ten: who has not ended by then has not heard."""


async def called_off(*tasks: "asyncio.Future[Any]") -> None:
    """Cancel these and wait until they have ended, whatever they end with.

    A word that is said once can be lost, in a library that takes it for its own or for a time-out: whoever was told
    then goes on for ever, and whoever waits for it as well.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=SAID_AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at: nobody else does
