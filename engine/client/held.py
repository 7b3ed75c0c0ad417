"""The door for held causes: lists them from the state, sends one again with its own bytes, or lets it go
(docs/decisions/0012)."""

import hashlib
import time
import uuid
from typing import NamedTuple

from aiokafka import TopicPartition

from engine.client.command_batches import give_many
from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import load_clock
from engine.settings import Settings
from engine.views.from_state import image_of, partition_in
from engine.views.history import decisions
from rules.masking.masker import masked_command
from topics import codec
from topics.command import AGAIN, Actor, Command
from topics.decision import Decision
from topics.ids import DecisionId
from topics.ticket import HeldCause
from topics.vocabulary import CommandKind

WAIT_SECONDS = 30.0


class Found(NamedTuple):
    """One held cause."""

    id: str
    cause: HeldCause
    bytes_are: str
    """``there``, ``aged away``, ``altered``; of a clock ``none``."""


async def held(settings: Settings) -> list[Found]:
    """List what is held, the oldest first, and whether its bytes can still be had."""
    found = [
        (name, cause) for p in range(settings.partitions) for name, cause in (await image_of(settings, p)).held.items()
    ]
    return [
        Found(name, cause, (await _bytes(settings, name, cause))[0])
        for name, cause in sorted(found, key=lambda one: (one[1].at, one[0]))
    ]


async def _bytes(settings: Settings, name: str, cause: HeldCause) -> tuple[str, bytes | None, bytes | None]:
    """Read a held record back from its position: what is to be said of it, key and value."""
    if name.startswith("clock:"):
        return "none", None, None
    topic, partition, offset = name.rsplit(":", 2)
    tp = TopicPartition(settings.prefix + topic, int(partition))
    reader = clients.watcher(settings, auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([tp])
        if (await reader.beginning_offsets([tp]))[tp] > int(offset):
            return "aged away", None, None
        reader.seek(tp, int(offset))
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            for record in (await reader.getmany(tp, timeout_ms=500)).get(tp, ()):
                same = record.offset == int(offset) and hashlib.sha256(record.value or b"").hexdigest() == cause.sha256
                return ("there", record.key, record.value) if same else ("altered", None, None)
        return "aged away", None, None
    finally:
        await reader.stop()


async def end(settings: Settings, kind: CommandKind, name: str, actor: Actor, reason: str) -> Decision | None:
    """Have a held cause decided again, or let it go; ``None`` when that is not decided yet.

    Raises:
        InvalidSettings: Nothing of that name is held, or its bytes are gone.
    """
    try:
        partition = partition_in(name, settings.partitions)
        cause = (await image_of(settings, partition)).held[name]
    except (KeyError, ValueError, IndexError) as exc:
        raise InvalidSettings(f"no cause {name!r} is held; 'gridwhistle held list' has those that are") from exc
    command = masked_command(
        Command(
            id=f"held:{uuid.uuid4()}",
            kind=kind,
            actor=actor,
            accepted_at=engine_now(await load_clock(settings)),
            reason=reason,
            target=name,
        )
    )
    if kind is CommandKind.DROP_HELD or name.startswith("clock:"):
        decided = [one async for one in give_many(settings, [(partition, command)], WAIT_SECONDS)]
        return decided[0] if decided else None
    state, key, value = await _bytes(settings, name, cause)
    if state != "there":
        raise InvalidSettings(
            f"the bytes of {name} are {state}: retention or somebody has taken them. Report it again if it is still so,"
            " and 'gridwhistle held drop' this one"
        )
    return await _send_again(settings, name, key, value, command)


async def _send_again(
    settings: Settings, name: str, key: bytes | None, value: bytes | None, command: Command
) -> Decision | None:
    """Write the record to its topic once more, in a transaction as our stages do, and wait for what becomes of it."""
    topic, partition, _ = name.rsplit(":", 2)
    producer = clients.transactional(settings, f"held.p{partition}")
    await producer.start()
    try:
        async with producer.transaction():
            sent = await producer.send_and_wait(
                settings.prefix + topic,
                value,
                key=key,
                partition=int(partition),
                headers=[(AGAIN, codec.encode(command))],
            )
    finally:
        await producer.stop()
    wanted, until = DecisionId(f"{topic}:{partition}:{sent.offset}"), time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        async for decision in decisions(settings, int(partition), (f'"{wanted}"'.encode(),)):
            if decision.id == wanted:
                return decision
    return None
