"""The sender, its journal and the auditor's reader on a real broker."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from engine.audit.report import audit
from engine.feed.sender import Sender, TooLarge
from engine.feed.watch import Watch
from engine.kafka.log_reader import NoStack, read_log
from engine.kafka.send_journal import Journal, digest, read_journal
from engine.kafka.topic_admin import apply
from engine.settings import Settings
from tests.support.story import tell
from tests.support.teller import PACK
from topics.incident import MAX_RECORD_BYTES
from topics.reference import EngineClock
from topics.registry import RAW


@pytest.fixture
async def settings(kafka_address: str, tmp_path: Path) -> Settings:
    """A fresh prefix of two partitions on the broker."""
    stack = Settings(
        kafka=kafka_address,
        prefix=f"audit-{uuid4().hex[:8]}.",
        partitions=2,
        replication_factor=1,
        min_insync_replicas=1,
        data_dir=tmp_path,
    )
    await apply(stack, ["cg"])
    return stack


async def write_story(settings: Settings) -> None:
    """Put the story told by hand on the broker: each record a transaction of its own, some aborted, so that offsets
    have holes."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, transactional_id=f"{settings.prefix}teller")
    await producer.start()
    try:
        for entries in tell().entries.values():
            for number, entry in enumerate(entries):
                if number % 5 == 0:
                    await producer.begin_transaction()
                    await (
                        await producer.send(
                            settings.prefix + entry.topic, b"never said", key=b"x", partition=entry.partition
                        )
                    )
                    await producer.abort_transaction()
                async with producer.transaction():
                    await producer.send(
                        settings.prefix + entry.topic,
                        entry.value,
                        key=entry.key,
                        partition=entry.partition,
                        headers=list(entry.headers),
                    )
    finally:
        await producer.stop()


async def test_the_reader_sees_what_was_committed_and_ends(settings: Settings) -> None:
    """Every record of the story comes, in order, past the holes that transactions leave; of a state the newest of each
    key; and the reading ends."""
    await write_story(settings)
    log = await asyncio.wait_for(read_log(settings), 60)
    told = tell()
    for topic, entries in told.entries.items():
        wanted = [
            (entry.key, entry.value)
            for entry in entries
            if topic not in ("intake.state", "fanout.state") or entry.key == b"m:"
        ]
        if topic.endswith(".state"):
            newest = {entry.key: entry for entry in entries}
            wanted = [
                (entry.key, entry.value)
                for entry in entries
                if entry is newest[entry.key] and (entry.key, entry.value) in wanted
            ]
        assert [(entry.key, entry.value) for entry in log.of(topic)] == wanted, topic
    assert set(log.bundles()) == {PACK}
    assert [clock for _, clock in log.clocks()] == [clock for _, clock in told.clocks()]
    assert isinstance(log.clocks()[0][1], EngineClock)
    report = audit(log)
    assert (report.decisions, report.duplicates, report.rungs) == (
        22,
        1,
        {"50.resolve": 1, "80.resolve": 1, "100.resolve": 1},
    )


async def test_without_a_stack_the_reader_says_so(kafka_address: str) -> None:
    """A wrong prefix is told, not reported as an empty and clean log."""
    with pytest.raises(NoStack, match="gridwhistle up"):
        await read_log(Settings(kafka=kafka_address, prefix="nobody."))


async def test_without_a_broker_the_reader_fails() -> None:
    """Nobody listens there."""
    with pytest.raises(KafkaError):
        await asyncio.wait_for(read_log(Settings(kafka="127.0.0.1:1")), 60)


@pytest.mark.alone(reason="measures how many records a second are journalled")
async def test_what_the_journal_holds_is_on_the_broker(settings: Settings, tmp_path: Path) -> None:
    """5,000 records, many in flight: each is journalled where it lies, with its digest; the pace is far above 2,000 a
    second."""
    began = asyncio.get_running_loop().time()
    with Journal(tmp_path / "j.jsonl") as journal:
        sender = Sender(settings, journal)
        await sender.start()
        for n in range(5_000):
            await sender.send(
                "incident",
                f"town:{n}",
                RAW.name,
                n % 2,
                b"town:%d" % n,
                json.dumps({"n": n}).encode(),
                [("ce_source", b"town"), ("ce_id", b"%d" % n)],
            )
        await sender.drain()
        took = asyncio.get_running_loop().time() - began
        assert sender.acked == journal.durable == 5_000
        await sender.stop()
    log = await read_log(settings, [tmp_path / "j.jsonl"])
    there = {(entry.partition, entry.offset): digest(entry.value) for entry in log.of(RAW.name)}
    assert {(entry.partition, entry.offset): entry.sha256 for entry in read_journal(tmp_path / "j.jsonl")} == there
    report = audit(log)
    assert (report.pending, report.lost, report.incidents) == (5_000, 0, 0)
    assert 5_000 / took > 500, "one fsync a record gives less"


async def test_a_record_at_the_limit_passes_and_one_above_is_refused_here(settings: Settings, tmp_path: Path) -> None:
    """What the sender lets through the broker takes; what it refuses is named with the limit and never sent."""
    with Journal(tmp_path / "j.jsonl") as journal:
        sender = Sender(settings, journal)
        await sender.start()
        room = MAX_RECORD_BYTES - 100 - len(b"town:1")
        await sender.send("incident", "town:1", RAW.name, 0, b"town:1", b"x" * room)
        await sender.drain()
        with pytest.raises(TooLarge, match=str(MAX_RECORD_BYTES)):
            await sender.send("incident", "town:1", RAW.name, 0, b"town:1", b"x" * (room + 1))
        assert sender.acked == 1
        await sender.stop()


async def test_the_watch_learns_what_is_there_and_what_comes(settings: Settings) -> None:
    """Tickets, rejections and answers of the story, read from the beginning."""
    await write_story(settings)
    watch = Watch(settings)
    await asyncio.wait_for(watch.start(), 60)
    try:
        assert watch.tickets == {f"hotline:{n}": f"east-20260302-{n}" for n in range(1, 11)}
        assert watch.rejected == {
            "incidents.raw:0:10": "duplicate",
            "incidents.raw:0:11": "missing_field",
            "incidents.raw:0:12": "unreadable",
        }
        assert watch.answers == {f"feed:{n}": "done_as_asked" for n in range(2, 11)}
    finally:
        await watch.stop()
