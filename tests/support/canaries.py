"""Reports that are full of canaries, and a search for these in all that a stack keeps or gives, by code of its own.

Every canary has a stem by which it is known wherever it turns up, and a number that makes it one report's. What is
searched must also hold what it should (``CONTROL``): a search that saw nothing has failed.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from engine.settings import Settings
from topics.envelope import incident_message
from topics.ids import murmur2
from topics.registry import RAW, VAULT
from topics.rejected import Sealed

SOURCE = "flock"
STEMS = re.compile(
    "金丝雀|canary[0-9]|zq[0-9]{5}xk|(?<![0-9A-Za-z])1397000[0-9]{4}(?![0-9A-Za-z])|139[ -]7000[ -][0-9]{4}"
    "|41010519900[0-9]{6}|0371-69[0-9]{6}|豫A9[0-9]{4}"
)
"""Name and address; mail; a note and an attribute that no pack lists; a mobile, and spaced otherwise; card; landline;
plate."""
CONTROL = re.compile(rb"flock|tawan-[0-9]{8}-[0-9]+")
"""The reports' source, or the ticket of one: departments are told no source."""
BASE64 = re.compile(rb'"([A-Za-z0-9+/]{16,}={0,2})"')
REJECTED_EVERY, TWICE_EVERY = 50, 80
"""Every so many is turned away, or comes twice."""


def mobile(n: int) -> str:
    """A number of nobody's; four reports in a row are one person's."""
    return f"1397000{n // 4:04d}"


def report(n: int) -> dict[str, Any]:
    """One report with a canary in every field that a reporter has, and in the text, the address and what is listed."""
    number = mobile(n)
    card = f"41010519900{n:06d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    card += "10X98765432"[sum(int(digit) * by for digit, by in zip(card, weights, strict=True)) % 11]
    return {
        "occurred_at": "2026-11-26T08:00:00+08:00",
        "channel": "hotline",
        "category": "gas_leak" if n % 40 == 7 else "bins_full",
        "text": f"第{n}件：{number[:3]} {number[3:7]} {number[7:]}，找金丝雀{n:05d}，{card}，canary{n}@example.org",
        "location": {"grid": "tawan-g1-m1", "address": f"金丝雀{n:05d}家门口, 0371-69{n:06d}"},
        "reporter": {
            "name": f"金丝雀{n:05d}",
            "phone": number,
            "phone2": f"0371-69{n:06d}",
            "id": card,
            "mail": f"canary{n}@example.org",
            "plate": f"豫A9{n % 10000:04d}",
            "more": {"note": f"zq{n:05d}xk"},
        },
        "attributes": {"called_from": f"zq{n:05d}xk", "building": f"金丝雀{n:05d}"},
    } | ({"location": {"lat": 999.0}} if n % REJECTED_EVERY == 13 else {})


def counts(count: int) -> tuple[int, int]:
    """How many become tickets, and how many are turned away."""
    bad = sum(n % REJECTED_EVERY == 13 for n in range(count))
    return count - bad, bad


async def send(settings: Settings, count: int) -> None:
    """Send them past every door that could have masked them."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", linger_ms=20)
    await producer.start()
    try:
        for n in range(count):
            key, value, headers = incident_message(SOURCE, f"c-{n}", report(n), structured=n % 3 == 0)
            partition = (murmur2(key) & 0x7FFFFFFF) % settings.partitions
            for _ in range(2 if n % TWICE_EVERY == 5 else 1):
                await producer.send(settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition)
        await producer.flush()
    finally:
        await producer.stop()


def hits(text: str) -> list[str]:
    """Every canary in a text, escapes undone."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return STEMS.findall(plain)


def hits_in(data: bytes) -> list[str]:
    """Every canary in bytes, and in what they hold as base64."""
    found = hits(data.decode("utf-8", errors="replace"))
    for inner in BASE64.findall(data):
        if len(inner) % 4 == 0:
            found += hits(base64.b64decode(inner).decode("utf-8", errors="replace"))
    return found


class Searched:
    """What was looked at, by place, and how often something turned up."""

    def __init__(self) -> None:
        self.found: dict[str, Counter[str]] = {}
        self.seen: Counter[str] = Counter()
        self.controls: set[str] = set()

    def look(self, place: str, data: bytes) -> None:
        """Look at some bytes of a place."""
        self.seen[place] += len(data)
        if CONTROL.search(data):
            self.controls.add(place)
        if found := hits_in(data):
            self.found.setdefault(place, Counter()).update(found)


async def in_kafka(settings: Settings, searched: Searched) -> None:
    """Every record of every topic, aborted ones too, as they stand; each partition is read to its end."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    names = [name for name in await admin.list_topics() if name.startswith(settings.prefix)]
    numbers = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics(names)}
    await admin.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        tps = [TopicPartition(topic, number) for topic, count in numbers.items() for number in range(count)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                for one in records:
                    parts = [one.key or b"", one.value or b"", *(text or b"" for _, text in one.headers)]
                    searched.look(f"topic {tp.topic.removeprefix(settings.prefix)}", b"\n".join(parts))
    finally:
        await consumer.stop()


def in_redis(settings: Settings, searched: Searched) -> None:
    """Every key by its own kind of reading: a dump would be compressed."""
    client = redis.Redis.from_url(settings.redis_url)
    for key in client.scan_iter(count=1000):
        searched.look("redis", key)
        match client.type(key):
            case b"string":
                parts = [client.get(key) or b""]
            case b"hash":
                parts = [part for pair in client.hgetall(key).items() for part in pair]
            case b"zset":
                parts = list(client.zrange(key, 0, -1))
            case b"set":
                parts = list(client.smembers(key))
            case b"list":
                parts = list(client.lrange(key, 0, -1))
            case b"stream":
                entries = client.xrange(key)
                parts = [part for _, fields in entries for pair in fields.items() for part in pair]
            case b"none":
                continue  # its time was over since it was named
            case kind:
                raise AssertionError(f"{kind!r} is not read here")
        searched.look("redis", b"\n".join(parts))
    client.close()


def in_postgres(settings: Settings, searched: Searched) -> None:
    """Every row of every table, as text."""
    with psycopg.connect(settings.database_url) as connection:
        tables = connection.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename), schemaname FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for table, schema in tables:
            if schema.startswith(settings.prefix):
                for (row,) in connection.execute(f"SELECT t::text FROM ONLY {table} t"):  # type: ignore[call-overload]
                    searched.look("postgres", row.encode())


def archived(settings: Settings) -> int:
    """How many of these reports have a ticket in the archive."""
    wanted = f'SELECT count(*) FROM "{settings.prefix}archive".tickets WHERE identity ^@ %s'
    with psycopg.connect(settings.database_url) as connection:
        found = connection.execute(wanted, (f"{SOURCE}:",)).fetchone()  # type: ignore[call-overload]
        return int(found[0]) if found else 0


def in_files(folder: Path, searched: Searched, without: tuple[str, ...] = ("kafka", "postgres")) -> None:
    """Every file of a data folder but the servers' own stores, which were read through the servers."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).parts[0] not in without:
            searched.look(f"files {path.relative_to(folder).parts[0]}", path.read_bytes())


def open_all(vault: Any, records: Iterator[tuple[bytes, bytes | None]]) -> list[str]:
    """Whatever of the vault's records a holder of the master key can open, as text."""
    found = []
    for key, value in records:
        entry = msgspec.json.decode(value, type=Sealed) if value is not None else None
        if entry is not None and entry.sealed is not None:
            found.append(json.dumps(json.loads(vault.open(key.decode(), entry)), ensure_ascii=False))
    return found


async def committed(settings: Settings, topic: str, partitions: int = 0) -> list[tuple[bytes, bytes | None]]:
    """Every committed record of a topic, as keys and values; it has so many partitions, else as many as the stack."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, isolation_level="read_committed")
    await consumer.start()
    try:
        tps = [TopicPartition(settings.prefix + topic, n) for n in range(partitions or settings.partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends, found = await consumer.end_offsets(tps), list[tuple[bytes, bytes | None]]()
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [(one.key, one.value) for one in records]
        return found
    finally:
        await consumer.stop()


async def last_of_vault(settings: Settings, physical: bool = False) -> list[tuple[bytes, bytes | None]]:
    """The last record of each key, as compaction leaves it; or every record that stands on the brokers' disks."""
    found = await committed(settings, VAULT.name)
    return found if physical else list(dict(found).items())
