"""Work that takes a core for seconds: done by a program of ours in a process of its own."""

import asyncio
import sys
from collections.abc import Sequence


def program(module: str) -> tuple[str, ...]:
    """Name a module of ours as a command; ``-P``: nothing is imported from the folder it happens to start in."""
    return sys.executable, "-P", "-m", module


async def told_by(command: Sequence[str], folder: str, seconds: float, given: bytes = b"") -> bytes:
    """Give a program a folder and what it reads, and answer what it says.

    Raises:
        TimeoutError: It has not ended in so many seconds; it is killed.
        RuntimeError: It has failed, which is our fault.
    """
    process = await asyncio.create_subprocess_exec(
        *command, folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds):
            told, _ = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError(f"{command[-1]} ended with {process.returncode}")
    return told
