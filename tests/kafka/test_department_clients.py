"""The clients of ``docs/clients`` work as they stand: they pass by what was aborted, answer each task once, and read a
refusal."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from engine.kafka.topic_admin import apply
from engine.local.jars import jars
from engine.settings import Settings
from tests.support.rig import eventually
from topics import codec
from topics.envelope import read_reply, task_message
from topics.task import Task

CLIENTS = Path(__file__).resolve().parents[2] / "docs" / "clients"


def needed(program: str) -> str:
    """Find a runtime; where it is missing the test is left out and says so, under ``CI`` it fails."""
    found = shutil.which(program)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is not on this machine")
    return found


def python(folder: Path) -> list[str]:
    """The interpreter of the tests has aiokafka."""
    return [sys.executable, str(CLIENTS / "department.py")]


def node(folder: Path) -> list[str]:
    """Installed as the lock file says, beside a copy."""
    node, npm = needed("node"), needed("npm")
    for name in ("department.mjs", "package.json", "package-lock.json", ".npmrc"):
        shutil.copy(CLIENTS / name, folder)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return [node, str(folder / "department.mjs")]


def java(folder: Path) -> list[str]:
    """From its source, with the jars of the local stack: kafka-clients and Jackson are among them."""
    needed("javac")
    return [
        needed("java"),
        "-Xmx128m",
        "-cp",
        os.pathsep.join(str(jar) for jar in jars()),
        str(CLIENTS / "Department.java"),
    ]


def task(name: str, **fields: object) -> Task:
    """A task of the water department."""
    facts = {
        "id": name,
        "event": "dispatched",
        "department": "water",
        "ticket": "east-20260302-1",
        "role": "lead",
        "at": "2026-03-02T00:00:00.000Z",
    }
    return msgspec.convert(facts | fields, Task)


CHILD = "east-20260302-1/water/1"
REFUSED = {
    "event": "refused",
    "role": "sender",
    "reason": "no_such_child",
    "mend": "send the task's child",
    "child": CHILD,
}


@pytest.mark.parametrize("client", [python, node, java], ids=lambda client: client.__name__)
async def test_a_client_answers_each_committed_task_once(
    client: Callable[[Path], list[str]], stack_settings: Settings, tmp_path: Path
) -> None:
    """An aborted task, one for a child, the same again, one for an owner, a refusal: two replies that our door
    reads."""
    await apply(stack_settings, ["water"])
    prefix, broker = stack_settings.prefix, stack_settings.kafka
    await send_all(broker, prefix)
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [*client(tmp_path), broker, prefix, "water", "water-1"], stdout=out, stderr=subprocess.STDOUT
        )
    records, said = await replies_of(process, broker, prefix, tmp_path / "out")
    replies = [read_reply(record.value, record.headers) for record in records]
    assert [(reply.ticket, reply.action, reply.person) for reply in replies] == [
        (CHILD, "report_in", "water-1"),
        ("east-20260302-1", "accept", "water-1"),
    ]
    assert {record.key for record in records} == {b"east-20260302-1"}
    assert "aborted" not in said and "east-20260302-9" not in said


async def send_all(broker: str, prefix: str) -> None:
    """What fan-out might write: an aborted task, one for a child, the same again, one for an owner, a refusal."""
    fanout = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=f"{prefix}test")
    await fanout.start()
    try:
        await fanout.begin_transaction()
        await send(fanout, prefix, task("aborted", child="east-20260302-9/water/9"))
        await fanout.abort_transaction()
        for one in (task("a", child=CHILD), task("a", child=CHILD), task("b", role="owner"), task("c", **REFUSED)):
            async with fanout.transaction():
                await send(fanout, prefix, one)
    finally:
        await fanout.stop()


async def replies_of(process: "subprocess.Popen[bytes]", broker: str, prefix: str, out: Path) -> tuple[list[Any], str]:
    """Let the client run until it has read the refusal; gives what it replied, and what it said."""
    reader = AIOKafkaConsumer(f"{prefix}dept.water.replies", bootstrap_servers=broker, auto_offset_reset="earliest")
    await reader.start()
    try:
        said = out.read_text
        await eventually(lambda: process.poll() is not None or "no_such_child" in said(), 300, "the refusal is read")
        assert process.poll() is None, said()
        records = [
            record for _ in range(4) for some in (await reader.getmany(timeout_ms=1000)).values() for record in some
        ]
    finally:
        process.kill()
        process.wait()
        await reader.stop()
    return records, said()


async def send(producer: AIOKafkaProducer, prefix: str, one: Task) -> None:
    """Write a task as fan-out does."""
    key, value, headers = task_message(one)
    assert codec.decode(value, Task) == one
    await producer.send_and_wait(f"{prefix}dept.water.tasks", value, key=key, headers=headers, partition=0)
