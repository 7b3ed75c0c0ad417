"""A house's gateway on a socket of its own, for clients that know nothing of us."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.gateway.process import Server, bound, config_of
from tests.support.house import House


@asynccontextmanager
async def served(here: House, port: int = 0) -> AsyncIterator[str]:
    """Answer on the loopback; yields the address."""
    taken = bound(("127.0.0.1", port))
    server = Server(config_of(here.world))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        taken.close()


def key_of(here: House, code: str) -> str:
    """The key of a department's system."""
    return here.key("department", f"{code}-1", "department", code)["authorization"].partition(" ")[2]


def environment(key: str) -> dict[str, str]:
    """What a client is given: the key, and no proxy between."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return clean | {"GRIDWHISTLE_API_KEY": key, "PYTHONUNBUFFERED": "1"}


async def cli(*words: str, key: str) -> asyncio.subprocess.Process:
    """Run a command as a person at a terminal does."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine.cli", *words, env=environment(key), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
