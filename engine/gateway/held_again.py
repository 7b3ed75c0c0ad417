"""A held cause ended from a screen: a rung given back to its clock, a record decided again by its own bytes, anything
let go (docs/decisions/0026)."""

import asyncio
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.errors import InvalidSettings
from engine.gateway import idempotency
from engine.gateway.callers import Caller
from engine.gateway.commands import decided_by, refused
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.pulling import demand_nothing_more
from engine.gateway.world import World
from engine.kafka.driver_errors import KafkaFault
from engine.stream import held_records
from rules.commands.lifecycle_table import PARTITION_TABLE
from rules.masking.masker import masked_command
from topics.command import Command
from topics.decision import Decision
from topics.events.types import EventType
from topics.vocabulary import REFUSALS, CommandKind, Reason

KINDS = (CommandKind.RETRY_HELD, CommandKind.DROP_HELD)
LONGEST = 500
"""Characters of a reason."""
READ_SECONDS, WRITE_SECONDS = 5.0, 10.0
ENDS = {EventType.HELD_RETRIED, EventType.HELD_DROPPED}


async def held_end(world: World, request: Request, caller: Caller) -> Response:
    """Have a held cause decided again, or let it go; once, with a reason, as the law has it."""
    if caller.role not in PARTITION_TABLE[CommandKind.RETRY_HELD].roles:
        raise not_found()
    body = await body_of(world, request)
    kind, name, reason = _read(object_of(body))
    number = next((number for number, causes in world.tail.held.items() if name in causes), None)
    if number is None:
        raise not_found()

    async def work() -> Response:
        key = idempotency.key_of(request)
        drawn = str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, key)
        made = masked_command(
            Command(
                id=f"held:{drawn}", kind=kind, actor=caller.actor, accepted_at=world.now, reason=reason, target=name
            )
        )
        is_record = kind is CommandKind.RETRY_HELD and not name.startswith("clock:")
        decision = await (_again(world, number, made) if is_record else decided_by(world, number, made))
        return _told(made, decision)

    return await idempotency.once(world, request, caller, body, work)


def _read(given: dict[str, Any]) -> tuple[CommandKind, str, str]:
    kind, name, reason = given.pop("kind", None), given.pop("cause", None), given.pop("reason", None)
    demand_nothing_more(given)
    if kind not in KINDS:
        raise Problem("invalid", f"one of {', '.join(KINDS)}", field="kind")
    if not isinstance(name, str):
        raise Problem("invalid", "its id, as GET /v1/held lists it", field="cause")
    if not isinstance(reason, str) or not 0 < len(reason.strip()) <= LONGEST:
        raise Problem("invalid", f"a text of at most {LONGEST} characters", field="reason")
    return CommandKind(kind), name, reason.strip()


async def _again(world: World, number: int, made: Command) -> Decision | None:
    """Write a held record once more and wait for what it comes to; ``None``: it is safe, and not decided in time.

    Raises:
        Problem: Its bytes are gone, or Kafka is away.
    """
    name, heard = made.target or "", asyncio.Queue[Decision]()

    def hear(partition: int, offset: int, decision: Decision) -> None:
        if partition == number:
            heard.put_nowait(decision)

    world.tail.listeners.append(hear)
    try:
        wanted = await _written(world, number, name, made)
        async with asyncio.timeout(world.wait_seconds):
            while (decision := await heard.get()).id != wanted:
                pass
        return decision
    except TimeoutError:
        return None
    finally:
        world.tail.listeners.remove(hear)


async def _written(world: World, number: int, name: str, made: Command) -> str:
    log, cause = world.tail.log, world.tail.held[number].get(name)
    if cause is None:
        raise not_found()
    try:
        found = await held_records.bytes_of(log, name, cause, READ_SECONDS)
        held_records.demand_there(name, found)
        async with asyncio.timeout(WRITE_SECONDS):
            return await held_records.written_again(log, name, found, made)
    except InvalidSettings as exc:
        raise Problem("invalid", str(exc), field="cause") from exc
    except (KafkaFault, OSError, TimeoutError) as exc:
        raise away("Kafka") from exc


def _told(made: Command, decision: Decision | None) -> Response:
    """Say what was decided; 202: it is safe, and not decided in time.

    What was held may be refused in its turn, as any command: then it was decided, and is held no longer.
    """
    if decision is None:
        return answer({"command": made.id, "reason": None}, 202)
    is_ended = any(event.type in ENDS for event in decision.events)
    if Reason(decision.reason) in REFUSALS and not is_ended:
        raise refused(made, decision)
    return answer(
        {"command": made.id, "reason": decision.reason} | ({"ticket": decision.ticket} if decision.ticket else {})
    )
