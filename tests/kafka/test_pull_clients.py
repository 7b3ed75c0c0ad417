"""The pulling clients of ``docs/clients`` work as they stand: each task is signed in to once, and a refusal is read."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.doors.pull import Pull
from engine.local.jars import jars
from tests.kafka.test_department_clients import CLIENTS, needed
from tests.support.house import House, house
from tests.support.served import environment, key_of, served
from topics.vocabulary import CommandKind


def python() -> list[str]:
    """Its standard library is enough."""
    return [sys.executable, str(CLIENTS / "pull.py")]


def node() -> list[str]:
    """So is Node's own."""
    return [needed("node"), str(CLIENTS / "pull.mjs")]


def java() -> list[str]:
    """From its source; Jackson is among the jars of the local stack."""
    needed("javac")
    return [needed("java"), "-Xmx128m", "-cp", os.pathsep.join(map(str, jars())), str(CLIENTS / "Pull.java")]


async def read_until(process: asyncio.subprocess.Process, word: str) -> list[str]:
    """What it says up to a line with a word."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(120):
        while not lines or word not in lines[-1]:
            line = await process.stdout.readline()
            assert line, lines
            lines.append(line.decode().strip())
    return lines


async def settled(pull: Pull) -> None:
    """Everything was acknowledged."""
    async with asyncio.timeout(60):
        while any(one.leased + one.waiting + one.unread for one in await pull.readers()):
            await asyncio.sleep(0.02)


async def told_again(here: House, ticket: str) -> None:
    """The first event comes a second time, as after a crash between reply and acknowledgement."""
    doors = await here.world.doors()
    async with doors.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO leases SELECT department, 'main', seq, ticket, NULL, now(), 1, false FROM"
                 " department_events WHERE department = 'fire' AND ticket = :ticket ORDER BY seq LIMIT 1"),
            {"ticket": ticket},
        )  # fmt: skip


@pytest.mark.parametrize("client", [python, node, java], ids=lambda client: client.__name__)
async def test_a_client_signs_in_to_each_task_once(
    client: Callable[[], list[str]], redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """A task for a child, the same again, and a refusal: one report-in, and nothing is left."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _), served(here) as address:
        pull = Pull(await here.world.doors(), "fire")
        await pull.put("main")
        ticket = await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        process = await asyncio.create_subprocess_exec(
            *client(), address, "fire", env=environment(key_of(here, "fire")), stdout=asyncio.subprocess.PIPE
        )
        try:
            said = await read_until(process, "dispatched")
            await settled(pull)
            await told_again(here, ticket)
            said += await read_until(process, "dispatched")
            await here.ask(CommandKind.FINISH, "F", "department:fire", child="fire/9")
            said += await read_until(process, "no_such_child")
            await settled(pull)
        finally:
            process.kill()
            await process.wait()
        assert said[0] == f"dispatched {ticket}/fire/1 done_as_asked" and said[1] == f"dispatched {ticket}/fire/1"
        assert len(said[-1].split(maxsplit=3)[3]) > 10, said  # what to send instead
        (child,) = (one for one in here.city["F"].children if one.code == "fire")
        assert child.reported_in_at is not None
