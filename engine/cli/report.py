"""``gridwhistle report``: report an incident by hand, through the same door as everybody."""

import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from aiokafka import ConsumerRecord, TopicPartition

from engine.cli import run_async, with_data
from engine.errors import InvalidSettings
from engine.feed.watch import Told
from engine.kafka import clients
from engine.kafka.broker_time import engine_now
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.newer_records import read_sieved
from engine.kafka.reference import load_clock
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import plain
from topics.envelope import incident_message
from topics.ids import identity, murmur2, record_id
from topics.incident import MAX_RECORD_BYTES
from topics.registry import DECISIONS, RAW, REJECTED
from topics.rejected import Rejected
from topics.vocabulary import Channel


def report(
    category: Annotated[
        str | None, typer.Option(help="Category code, label or alias; without it the duty desk files it.")
    ] = None,
    text: Annotated[str, typer.Option(help="What is the matter.")] = "",
    grid: Annotated[str | None, typer.Option(help="Grid code.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude, WGS-84.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude, WGS-84.")] = None,
    address: Annotated[str | None, typer.Option(help="Street and number.")] = None,
    channel: Annotated[Channel, typer.Option(help="By which way it came in.")] = Channel.HOTLINE,
    phone: Annotated[str | None, typer.Option(help="The reporter's; it is sealed at intake.")] = None,
    external_id: Annotated[
        str | None, typer.Option("--id", help="Its id at the source; the same id twice is one incident.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """Report an incident and print its ticket. Example: gridwhistle report --category bins_full --grid tawan-g1-m1"""
    settings = settings_of(data)
    location = {
        name: value
        for name, value in (("grid", grid), ("lat", lat), ("lon", lon), ("address", address))
        if value is not None
    }
    body: dict[str, Any] = {"channel": channel.value, "text": text, "location": location}
    if category is not None:
        body["category"] = category
    if phone is not None:
        body["reporter"] = {"phone": phone}
    found = run_async(_report(settings, external_id or str(uuid.uuid4()), body))
    if found is None:
        print(with_data("sent; not decided yet, see 'gridwhistle tail decisions'"), file=sys.stderr)
        raise typer.Exit(2)
    if isinstance(found, Rejected):
        print(plain(f"rejected: {found.reason} in {found.field}: {found.message}"))
        raise typer.Exit(1)
    print(found)


async def _report(
    settings: Settings, external_id: str, body: dict[str, Any], within: float = 15
) -> str | Rejected | None:
    """Send it, and wait for its ticket or its rejection."""
    clock = await load_clock(settings)
    body["occurred_at"] = datetime.fromtimestamp(engine_now(clock) / 1000, UTC).isoformat()
    key, value, headers = incident_message("cli", external_id, body)
    if len(value) > MAX_RECORD_BYTES:
        raise InvalidSettings(
            f"the report has {len(value)} bytes; {settings.prefix}{RAW.name} takes at most {MAX_RECORD_BYTES}"
        )
    watcher = clients.watcher(settings, fetch_max_wait_ms=50)
    producer = clients.sender(settings)
    try:
        await watcher.start()
        await producer.start()
        numbers = range(settings.partitions)
        tps = [TopicPartition(settings.prefix + topic.name, p) for topic in (DECISIONS, REJECTED) for p in numbers]
        watcher.assign(tps)
        for tp, end in (await watcher.end_offsets(tps)).items():
            watcher.seek(tp, end)
        partition, topic = (murmur2(key) & 0x7FFFFFFF) % settings.partitions, settings.prefix + RAW.name
        ack = await producer.send_and_wait(topic, value, key=key, headers=headers, partition=partition)
        record = record_id(RAW.name, ack.partition, ack.offset)
        return await _answer(watcher, record, identity("cli", external_id), within)
    finally:
        await watcher.stop()
        await producer.stop()


async def _answer(watcher: LogConsumer, record: str, name: str, within: float) -> str | Rejected | None:
    """Wait for what becomes of a record: its ticket, its rejection, or nothing in so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        for tp, records in (await watcher.getmany(timeout_ms=300)).items():
            for one in records:
                is_rejection = tp.topic.endswith(REJECTED.name)
                found = rejected_in(one, record) if is_rejection else ticket_in(one, name)
                if found is not None:
                    return found
    return None


def ticket_in(record: ConsumerRecord, name: str) -> str | None:
    """Give the ticket of this identity, if the decision is about it: an id within another's, or in its text, is
    none."""
    decision = read_sieved(DECISIONS.name, record, Told)
    return (
        next((one.ticket for one in decision.changes if one.after is not None and one.after.identity == name), None)
        if decision
        else None
    )


def rejected_in(record: ConsumerRecord, position: str) -> Rejected | None:
    """Give the rejection of the record at this position, if it is that."""
    rejected = read_sieved(REJECTED.name, record, Rejected)
    return rejected if rejected is not None and rejected.id == position else None
