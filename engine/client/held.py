"""The door for held causes: lists them from the state, sends one again with its own bytes, or lets it go
(docs/decisions/0012)."""

import time
import uuid
from typing import NamedTuple

from engine.client.command_batches import give_many
from engine.errors import InvalidSettings
from engine.kafka.broker_time import engine_now
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.reference import load_clock
from engine.settings import Settings
from engine.stream.held_records import bytes_of, demand_there, written_again
from engine.views.from_state import image_of, partition_in
from engine.views.history import decisions
from rules.masking.masker import masked_command
from topics.command import Actor, Command
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
    """As ``Bytes.state``."""


async def held(settings: Settings) -> list[Found]:
    """List what is held, the oldest first, and whether its bytes can still be had."""
    found = [
        (name, cause) for p in range(settings.partitions) for name, cause in (await image_of(settings, p)).held.items()
    ]
    return [
        Found(name, cause, (await bytes_of(KafkaLog(settings), name, cause, WAIT_SECONDS)).state)
        for name, cause in sorted(found, key=lambda one: (one[1].at, one[0]))
    ]


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
    log = KafkaLog(settings)
    found = await bytes_of(log, name, cause, WAIT_SECONDS)
    demand_there(name, found)
    return await _decided(settings, partition, await written_again(log, name, found, command))


async def _decided(settings: Settings, partition: int, wanted: DecisionId) -> Decision | None:
    """Wait for what becomes of it."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        async for decision in decisions(settings, partition, (f'"{wanted}"'.encode(),)):
            if decision.id == wanted:
                return decision
    return None
