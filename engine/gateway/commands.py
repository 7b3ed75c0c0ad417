"""Commands over HTTP: the actor is whoever asks, the answer is the law's own decision, waited for no longer than two
seconds."""

import asyncio
import uuid
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import allowed, idempotency, tickets
from engine.gateway.callers import Caller
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem
from engine.gateway.world import World
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.commands.required_fields import fields_of
from rules.masking.masker import masked_command
from rules.ticket.draft import Draft
from topics import bounds, codec
from topics.command import Command
from topics.decision import Decision
from topics.ids import folded, home_of
from topics.registry import COMMANDS
from topics.task_events import TOLD
from topics.vocabulary import REFUSALS, CommandKind, Reason

KINDS = frozenset({**TABLE, **CHILD_TABLE})
OWN = frozenset({"id", "kind", "child"})


async def command(world: World, request: Request, caller: Caller) -> Response:
    """Give one command about one ticket."""
    body = await body_of(world, request)
    given = object_of(body)
    if len(body) > bounds.COMMAND_BYTES:
        raise Problem(
            "too-large", f"a command has at most {bounds.COMMAND_BYTES} bytes", most_bytes=bounds.COMMAND_BYTES
        )
    name = request.path_params["id"]
    draft, _ = await tickets.found(world, caller, name)
    return await idempotency.once(
        world, request, caller, body, lambda: _give(world, request, caller, draft, name, given)
    )


async def _give(
    world: World, request: Request, caller: Caller, draft: Draft, name: str, given: dict[str, Any]
) -> Response:
    _demand_version(request, draft)
    key = idempotency.key_of(request)
    made = made_of(world, str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, key),
                   caller, draft, name, given)  # fmt: skip
    decision = await decided(world, draft, made)
    if decision is None:
        told = undecided(draft, made)
        return answer(told, 202, {"Location": told["ask"]})
    told = told_of(draft, made, decision)
    return answer(told, headers={"ETag": f'"{told["version"]}"'})


async def decided(world: World, draft: Draft, made: Command) -> Decision | None:
    """Send a command and wait for what the law says of it; ``None``: it is safe, and not decided in time.

    Raises:
        Problem: Kafka is away; the command's id is named.
    """
    return await decided_by(world, world.partition(draft.id), masked_command(made), key=home_of(draft.id).encode())


async def decided_by(world: World, number: int, made: Command, *, key: bytes = b"") -> Decision | None:
    """Tell a partition a command and wait for what it decides; ``None``: it is safe, and not decided in time.

    Raises:
        Problem: Kafka is away; the command's id is named.
    """
    began = asyncio.get_running_loop().time()
    with world.waiting.of(number, made.id, made.actor) as future:
        try:
            await world.door.send(COMMANDS.name, number, key, codec.encode(made))
        except Problem as problem:
            problem.more["command"] = made.id
            raise
        try:
            left = began + world.wait_seconds - asyncio.get_running_loop().time()
            async with asyncio.timeout(max(0.0, left)):
                return await future
        except TimeoutError:
            return None


def _demand_version(request: Request, draft: Draft) -> None:
    """Refuse a command that was meant for another state of the ticket than it has now."""
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return
    if str(draft.version) not in (one.strip().removeprefix("W/").strip('"') for one in wanted.split(",")):
        now = {"version": draft.version, "status": draft.status, "person": draft.person, "task": draft.task}
        raise Problem(
            "changed",
            "look at it again; what it is now stands in 'now'",
            field="If-Match",
            headers={"ETag": f'"{draft.version}"'},
            now=now,
        )


def made_of(world: World, drawn: str, caller: Caller, draft: Draft, name: str, given: dict[str, Any]) -> Command:
    """Read a command; only the fields that its kind reads are taken, and the actor never is.

    Args:
        drawn: Its id, unless it brings one.
        name: As its ticket was named.
    Raises:
        Problem: A field is wrong.
    """
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Problem("invalid", f"one of {', '.join(sorted(KINDS))}", field="kind")
    child = given.get("child")
    if child is not None and not isinstance(child, str):
        raise Problem("invalid", "<department>/<n>, as the ticket's children have it", field="child")
    takes = {field.removesuffix("?") for field in fields_of(CommandKind(kind), is_child=child is not None)}
    unknown = [field for field in given if field not in takes | OWN]
    if unknown:
        raise Problem("invalid", f"{kind} takes {', '.join(sorted(takes)) or 'no fields'}", field=_named(unknown[0]))
    whole = {field: value for field, value in given.items() if field in takes} | {
        "id": given.get("id", drawn),
        "kind": kind,
        "actor": msgspec.to_builtins(caller.actor),
        "accepted_at": world.now,
        "ticket": draft.id if child is None else f"{draft.id}/{child}",
    }
    if ":" in name:
        whole["identity"] = folded(name)
    try:
        return msgspec.convert(whole, Command)
    except msgspec.ValidationError as exc:
        what, _, where = str(exc).partition(" - at ")
        raise Problem("invalid", what, field=where.strip("`").removeprefix("$.") or None) from exc


def _named(field: str) -> str:
    """Repeat a name that is one of ours; another's is none of anybody's business."""
    return field if field in Command.__struct_fields__ else "?"


def _ask(draft: Draft) -> str:
    return f"/v1/tickets/{quote(draft.id)}"


def undecided(draft: Draft, made: Command) -> dict[str, Any]:
    """It is safe and will be decided; the same id given again is told the first decision."""
    return {"command": made.id, "ask": _ask(draft), "again": "the same id given again returns its first decision"}


def told_of(draft: Draft, made: Command, decision: Decision) -> dict[str, Any]:
    """Say what was decided.

    Raises:
        Problem: It was refused.
    """
    reason = Reason(decision.reason)
    if reason in REFUSALS:
        problem = refused(made, decision)
        problem.more["decision"] = decision.id
        raise problem
    version = next((change.version for change in decision.changes if change.ticket == draft.id), draft.version)
    events = [event.type for event in decision.events if event.type not in TOLD]
    found: dict[str, Any] = {
        "command": made.id,
        "decision": decision.id,
        "reason": reason.value,
        "events": events,
        "version": version,
        "ask": _ask(draft),
    }
    if decision.first_decision is not None:
        found["first_decision"] = decision.first_decision
    return found


def refused(made: Command, decision: Decision) -> Problem:
    """Say why the law refuses a command, and the mend."""
    told = allowed.refusal(Reason(decision.reason), decision.why.facts.get("field"))
    detail = f"{told.pop('label')}: {told.pop('mend')}"
    return Problem("refused", detail, command=made.id, **told)
