"""Many commands at once: tried by the law first, or given, each with its own answer; and what would undo them."""

import asyncio
import uuid
from typing import Annotated, Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import allowed, idempotency, tickets
from engine.gateway.callers import Caller
from engine.gateway.commands import decided, made_of, refused, told_of, undecided
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem
from engine.gateway.world import World
from rules.commands.required_fields import fields_of
from rules.ticket.draft import Draft
from topics.command import Command
from topics.vocabulary import REFUSALS, CommandKind, Reason

MOST = 100
"""Commands of one request."""
UNDONE_BY = {
    CommandKind.DUPLICATE_OF: CommandKind.UNMERGE,
    CommandKind.WAIT_REPORTER: CommandKind.RESUME,
    CommandKind.SUPERVISE: CommandKind.LIFT,
}
"""What takes a command back, where the law has that (LAW 6); whatever else was done wrongly is mended by a further
command."""


class _Item(NamedTuple):
    draft: Draft
    images: dict[str, bytes]
    made: Command


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    commands: Annotated[list[Any], msgspec.Meta(min_length=1, max_length=MOST)]
    dry_run: bool = False


def _asked(given: dict[str, Any]) -> _Asked:
    try:
        return msgspec.convert(given, _Asked)
    except msgspec.ValidationError as exc:
        _, _, where = str(exc).partition(" - at ")
        mend = f"'commands' is a list of 1 to {MOST}, each with its 'ticket'; 'dry_run' is true or false"
        raise Problem("invalid", mend, field=where.strip("`").removeprefix("$.") or None) from exc


async def commands(world: World, request: Request, caller: Caller) -> Response:
    """Give many commands, or with ``dry_run`` learn what would come of each."""
    body = await body_of(world, request)
    asked = _asked(object_of(body))
    key = idempotency.key_of(request)
    read = [await _read(world, caller, one, _drawn(caller, key, n)) for n, one in enumerate(asked.commands)]
    _demand_each_once(read)
    if asked.dry_run:
        return _answered([_told(one, await _tried(world, one)) for one in read])
    return await idempotency.once(world, request, caller, body, lambda: _given(world, read))


def _drawn(caller: Caller, key: str | None, number: int) -> str:
    return str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, f"{key}/{number}")


async def _read(world: World, caller: Caller, given: Any, drawn: str) -> _Item | Problem:
    """Read one command; whatever is wrong with it is its own answer and no other's."""
    try:
        if not isinstance(given, dict) or not isinstance(given.get("ticket"), str):
            raise Problem("invalid", "a command names its 'ticket'", field="ticket")
        fields = {name: value for name, value in given.items() if name not in ("ticket", "version", "needs")}
        draft, images = await tickets.found(world, caller, given["ticket"])
        if given.get("version", draft.version) != draft.version:
            raise Problem("changed", "look at it again", field="version", now={"version": draft.version})
        made = made_of(world, drawn, caller, draft, given["ticket"], fields)
        if made.target is not None:  # the law looks at the other one too, where that is a ticket
            images |= await tickets.with_kin(world, made.target)
        return _Item(draft, images, made)
    except Problem as problem:
        return problem


def _demand_each_once(read: list[_Item | Problem]) -> None:
    """Two commands of one ticket would be judged in an order that nobody knows."""
    seen = set[str]()
    for number, one in enumerate(read):
        if isinstance(one, _Item) and one.draft.id in seen:
            read[number] = Problem("invalid", "this ticket stands here twice: give one after the other", field="ticket")
        elif isinstance(one, _Item):
            seen.add(one.draft.id)


async def _tried(world: World, one: _Item | Problem) -> dict[str, Any] | Problem:
    """Say what the law would say now; others are answered between two of them."""
    await asyncio.sleep(0)
    if isinstance(one, Problem):
        return one
    laws = world.packs.laws
    decision = allowed.judged(tickets.book_of(world, one.draft, one.images), laws, one.made, world.now)
    if Reason(decision.reason) in REFUSALS:
        return refused(one.made, decision)
    return {"status": 200, "reason": decision.reason, "events": [event.type for event in decision.events]}


async def _given(world: World, read: list[_Item | Problem]) -> Response:
    """Send all of them, and wait for all together no longer than for one."""
    return _answered(
        [
            _told(one, found)
            for one, found in zip(read, await asyncio.gather(*(_one(world, x) for x in read)), strict=True)
        ]
    )


async def _one(world: World, one: _Item | Problem) -> dict[str, Any] | Problem:
    if isinstance(one, Problem):
        return one
    try:
        decision = await decided(world, one.draft, one.made)
        if decision is None:
            return {"status": 202, **undecided(one.draft, one.made)}
        told = {"status": 200, **told_of(one.draft, one.made, decision)}
    except Problem as problem:
        return problem
    back = UNDONE_BY.get(one.made.kind)
    if back is None:
        return told
    needs = [field for field in fields_of(back) if not field.endswith("?")]
    return told | {"undo": {"ticket": one.draft.id, "kind": back.value, "needs": needs}}


def _told(one: _Item | Problem, found: dict[str, Any] | Problem) -> dict[str, Any]:
    name = {"ticket": one.draft.id} if isinstance(one, _Item) else {}
    return name | (found.told() if isinstance(found, Problem) else found)


def _answered(results: list[dict[str, Any]]) -> Response:
    """Answer each in order; 207 where they differ. What is not known to be safe is worth asking again."""
    statuses = {one["status"] for one in results}
    status = statuses.pop() if len(statuses) == 1 else 207
    headers = {"Retry-After": "2"} if any(one["status"] == 503 for one in results) else None
    undo = [one["undo"] for one in results if "undo" in one]
    return answer({"results": results} | ({"undo": undo} if undo else {}), status, headers)
