"""A stage's process that was killed and comes again under its name has its partitions at once; one that leaves gives
them away at once; nobody else is ever taken for it."""

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from engine.kafka import clients
from engine.kafka.log_consumer import LogConsumer
from engine.settings import Settings
from engine.stages.groups import KEEP_THEIR_PLACE, client_id, members, place_of
from tests.support.rig import Rig, eventually

SESSION, WITHIN = 200, 100
"""Seconds: whoever waited for the end of a session would wait longer than any machine is slow."""


@pytest.fixture
async def settings(kafka_address: str) -> AsyncIterator[Settings]:
    """A topic of two partitions under a prefix of its own."""
    found = Settings(
        kafka=kafka_address,
        prefix=f"places-{uuid.uuid4().hex[:6]}.",
        partitions=2,
        replication_factor=1,
        min_insync_replicas=1,
        session_timeout_seconds=SESSION,
    )
    admin = clients.admin(found)
    await admin.start()
    await admin.create_topics([NewTopic(f"{found.prefix}in", 2, 1)])
    yield found
    await admin.close()


async def joined(settings: Settings, client: str, place: str | None) -> LogConsumer:
    """A member that has partitions."""
    member = clients.member(settings, "dispatch", client, place)
    member.subscribe([f"{settings.prefix}in"])
    await member.start()
    await eventually(lambda: bool(member.assignment()), WITHIN, f"{client} has partitions")
    return member


MEMBER = """
import asyncio, os, sys
from engine.kafka import clients
from engine.settings import load_settings

async def main():
    settings = load_settings(os.environ)
    member = clients.member(settings, "dispatch", *sys.argv[1:])
    member.subscribe([settings.prefix + "in"])
    await member.start()
    while True:
        print(*sorted(tp.partition for tp in member.assignment()), flush=True)
        await asyncio.sleep(0.2)

asyncio.run(main())
"""
"""A process under a place that says which partitions it has."""


@contextmanager
def process(
    settings: Settings, said: Path, client: str = "first", place: str = "dispatch-1"
) -> Iterator[subprocess.Popen[bytes]]:
    """It, until it is killed."""
    with said.open("wb") as out:
        words = [sys.executable, "-c", MEMBER, client, place]
        running = subprocess.Popen(words, env=Rig(settings).environment(), stdout=out)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def has(said: Path) -> list[int]:
    """What it said last."""
    lines = said.read_text().splitlines()
    return [int(one) for one in lines[-1].split()] if lines else []


def both(settings: Settings) -> set[TopicPartition]:
    """All there is to read."""
    return {TopicPartition(f"{settings.prefix}in", number) for number in range(2)}


async def test_who_was_killed_has_its_partitions_again_at_once(settings: Settings, tmp_path: Path) -> None:
    """Whoever it shares them with goes on meanwhile: nothing is taken from anybody."""
    said = tmp_path / "said"
    with process(settings, said):
        other = await joined(settings, "other", "dispatch-2")
        await eventually(lambda: len(has(said)) == len(other.assignment()) == 1, WITHIN, "each has one partition")
        had, generation = has(said), other._coordinator.generation
    again = await joined(settings, "again", "dispatch-1")
    assert [tp.partition for tp in again.assignment()] == had
    assert other._coordinator.generation == again._coordinator.generation == generation
    await again.stop()
    await eventually(lambda: set(other.assignment()) == both(settings), WITHIN, "who is left has what another had")
    await other.stop()


async def test_status_names_who_has_a_place_and_not_who_had_it(settings: Settings, tmp_path: Path) -> None:
    """The broker goes on telling what the former called itself, whose pid nobody has any more."""
    place = place_of("dispatch", tmp_path / "run" / "dispatch-1.ready")
    with process(settings, tmp_path / "said", f"dispatch:1:{socket.gethostname()}", str(place)):
        await eventually(lambda: len(has(tmp_path / "said")) == 2, WITHIN, "it has both partitions")
    again = await joined(settings, client_id("dispatch"), place)
    mine = settings.model_copy(update={"data_dir": tmp_path})
    assert [(one.pid, one.is_here) for one in await members(mine)] == [(os.getpid(), True)]
    assert [one.pid for one in await members(settings)] == [None]
    await again.stop()


async def test_who_leaves_gives_up_its_place(settings: Settings) -> None:
    """Nobody waits for the session of one that has said farewell."""
    first = await joined(settings, "first", "dispatch-1")
    await first.stop()
    second = await joined(settings, "second", None)
    assert set(second.assignment()) == both(settings)
    await second.stop()


def test_a_place_is_one_process_alone(tmp_path: Path) -> None:
    """Of two under one name in a folder the second has none, nor has one without a name, nor a stage whose topics are
    found by a pattern."""
    ready = tmp_path / "run" / "dispatch-1.ready"
    place = place_of("dispatch", ready)
    assert place is not None and place.startswith("dispatch-1.") and place.isascii()
    assert place_of("dispatch", ready) is None
    assert place_of("dispatch", None) is None
    assert place_of("dispatch", tmp_path / "other" / "dispatch-1.ready") not in (None, place)
    assert [stage for stage in ("replies", "projector", "archive") if stage in KEEP_THEIR_PLACE] == []
    assert place_of("replies", tmp_path / "run" / "replies-1.ready") is None
