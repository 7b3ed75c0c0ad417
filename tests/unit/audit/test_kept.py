"""An audit holds little beside the log that it reads: a decision that has passed is a few words, an image a piece of
its record."""

import tracemalloc
from types import SimpleNamespace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from engine.audit.report import audited
from engine.kafka import log_reader
from engine.kafka.log_snapshot import Log
from tests.support.busy_days import busy_days
from topics.codec import encode
from topics.registry import DECISIONS, STATE
from topics.ticket import Marker, Quota


def test_what_is_kept_of_the_decisions_is_a_part_of_their_bytes() -> None:
    """The audit of 200,000 decisions took 3.2 GB; kept whole and copied they are more than twice their bytes."""
    log = busy_days(3, 40, 12)
    size = sum(len(entry.value or b"") for entry in log.of(DECISIONS.name))
    audited(log)  # whatever is loaded once
    tracemalloc.start()
    try:
        done = audited(log)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.report.clean and done.report.decisions > 200
    assert held < size, (held, size)


async def test_of_a_state_the_newest_record_of_each_key_is_kept() -> None:
    """In each partition; of a log every record."""

    def record(tp: TopicPartition, offset: int, key: bytes, value: bytes) -> ConsumerRecord:
        return ConsumerRecord(tp.topic, tp.partition, offset, 1, 1, key, value, None, -1, -1, ())

    tps = [
        TopicPartition(f"gw.{STATE.name}", 0),
        TopicPartition(f"gw.{STATE.name}", 1),
        TopicPartition("gw.commands", 0),
    ]
    quota, marker = (
        encode(Quota(home="h", window="2026-01", per=2520, counts={}, targets={})),
        encode(Marker(at=1, positions={})),
    )
    records = {tp: [record(tp, n, *((b"m:", marker) if n % 2 else (b"q:h", quota))) for n in range(6)] for tp in tps}

    async def fetched(timeout_ms: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        return {tp: [found.pop(0)] for tp, found in records.items() if found}

    async def position(tp: TopicPartition) -> int:
        return 6 - len(records[tp])

    consumer: Any = SimpleNamespace(fetched=fetched, position=position, pause=lambda tp: None)
    log = Log(entries={STATE.name: [], "commands": []})
    await log_reader._read(consumer, dict.fromkeys(tps, 6), dict.fromkeys(tps, 0), "gw.", log, lambda done, total: None)
    assert sorted((one.partition, one.offset, one.key) for one in log.of(STATE.name)) == [
        (0, 4, b"q:h"),
        (0, 5, b"m:"),
        (1, 4, b"q:h"),
        (1, 5, b"m:"),
    ]
    assert [one.offset for one in log.of("commands")] == list(range(6))
