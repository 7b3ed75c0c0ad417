"""A held cause ended from a screen: a rung given back to its clock, or anything let go. A record is decided again by
its own bytes, which this gateway may neither read nor write: that is for a terminal."""

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import idempotency
from engine.gateway.callers import Caller
from engine.gateway.commands import decided_by, refused
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.pulling import demand_nothing_more
from engine.gateway.world import World
from rules.commands.lifecycle_table import PARTITION_TABLE
from rules.masking.masker import masked_command
from topics.command import Command
from topics.vocabulary import REFUSALS, CommandKind, Reason

KINDS = (CommandKind.RETRY_HELD, CommandKind.DROP_HELD)
LONGEST = 500
"""Characters of a reason."""
AT_A_TERMINAL = "its own bytes are sent again at a terminal: 'gridwhistle held retry'"


async def held_end(world: World, request: Request, caller: Caller) -> Response:
    """Have a held rung fire again, or let a held cause go; once, with a reason, as the law has it."""
    if caller.role not in PARTITION_TABLE[CommandKind.RETRY_HELD].roles:
        raise not_found()
    body = await body_of(world, request)
    kind, name, reason = _read(object_of(body))
    number = next((number for number, causes in world.tail.held.items() if name in causes), None)
    if number is None:
        raise not_found()
    if kind is CommandKind.RETRY_HELD and not name.startswith("clock:"):
        raise Problem("invalid", AT_A_TERMINAL, field="kind")

    async def work() -> Response:
        key = idempotency.key_of(request)
        drawn = str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, key)
        made = masked_command(
            Command(
                id=f"held:{drawn}", kind=kind, actor=caller.actor, accepted_at=world.now, reason=reason, target=name
            )
        )
        return await _given(world, number, made)

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


async def _given(world: World, number: int, made: Command) -> Response:
    """Tell the partition that holds it; 202: it is safe, and not decided in time."""
    decision = await decided_by(world, number, made)
    if decision is None:
        return answer({"command": made.id, "reason": None}, 202)
    if Reason(decision.reason) in REFUSALS:
        raise refused(made, decision)
    return answer({"command": made.id, "reason": decision.reason})
