"""The law desk: packs that were checked wait here until somebody who may puts one in force, with a reason, as the very
pack that was checked."""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import bounded_lists, idempotency, packs
from engine.gateway.by_process import program, told_by
from engine.gateway.callers import Caller
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.what_if import demand_city
from engine.gateway.what_if_job import plainly
from engine.gateway.world import World
from engine.kafka.driver_errors import KafkaFault
from rules.state.duty_rights import may_not_adopt
from topics.ids import Instant
from topics.vocabulary import Role

COMMAND = program("engine.client.publish_job")
SECONDS = 90
"""Proving takes up to a minute, each partition's answer three seconds."""
MOST = 20
"""Packs that wait: they lie in Redis, each no larger than a request."""
LONGEST = 500
"""Characters of a reason."""
SHORTEST = 4


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published, by whom and why: secrets stand in no argument and no file."""

    settings: dict[str, Any]
    ref: str
    acting: str
    """``role:person``."""
    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it: one of them."""

    published: str = ""
    other: str = ""
    """By today's engine it is another pack than was checked: this one."""
    refused: str = ""
    """Why it may not go in force."""
    away: str = ""


class Waiting(msgspec.Struct, kw_only=True):
    """A pack that was checked and not published."""

    ref: str
    by: str
    at: Instant
    note: str
    files: dict[str, str]


async def law_packs(world: World, request: Request, caller: Caller) -> Response:
    """List the packs in force, those that ever were, and those in waiting."""
    demand_city(world, caller)
    current = world.packs.current()
    by_partition = [world.tail.packs.get(number, current) for number in range(world.settings.partitions)]
    known = [
        {"ref": ref, "title": law.bundle.title, "title_zh": law.bundle.title_zh, "partitions": by_partition.count(ref)}
        for ref, law in world.packs.laws.items()
    ]
    waiting = sorted(await _all(world), key=lambda one: (one.at, one.ref), reverse=True)
    told = [{"ref": x.ref, "by": x.by, "at": x.at, "note": x.note, "files": sorted(x.files)} for x in waiting]
    return answer(
        {
            "in_force": current,
            "partitions": len(by_partition),
            "may_publish": _may_publish(world, caller),
            "known": known,
            "waiting": told,
        }
    )


async def wait(world: World, request: Request, caller: Caller) -> Response:
    """Check a pack and, if it has no fault, keep it until somebody puts it in force."""
    demand_city(world, caller)
    given = object_of(await body_of(world, request))
    note = _text(given.pop("note", ""), "note")
    files = packs.files_of(given)
    found = await packs.looked_at(world, files)
    if found["faults"]:
        raise Problem("invalid", "it has faults; mend them first", field="files", faults=found["faults"])
    one = Waiting(ref=found["ref"], by=caller.id, at=world.now, note=note, files=files)
    kept = msgspec.json.encode(one)
    if await bounded_lists.put(world.view.redis, _key(world), one.ref, kept, most=MOST, is_new=False) == "full":
        raise Problem("invalid", f"{MOST} packs wait; take one back", field="files")
    return answer({"in_force": world.law().ref} | found, 201)


async def waiting(world: World, request: Request, caller: Caller) -> Response:
    """Give a waiting pack's files."""
    demand_city(world, caller)
    return answer(await _one(world, request.path_params["ref"]))


async def drop(world: World, request: Request, caller: Caller) -> Response:
    """Take a waiting pack back."""
    demand_city(world, caller)
    one = await _one(world, request.path_params["ref"])
    await world.view.redis.hdel(_key(world), one.ref)
    return Response(status_code=204)


async def publish(world: World, request: Request, caller: Caller) -> Response:
    """Put a waiting pack in force: who may is the law's word, and the reason stands in each partition's decision."""
    if not _may_publish(world, caller):
        raise not_found()
    body = await body_of(world, request)
    given = object_of(body)
    reason = _text(given.get("reason"), "reason", SHORTEST)
    ref = given.get("ref")
    if not isinstance(ref, str) or given.keys() != {"ref", "reason"}:
        raise Problem("invalid", "the ref of a pack in waiting", field="ref")
    one = await _one(world, ref)

    async def work() -> Response:
        asked = Given(
            settings=plainly(world.settings), ref=one.ref, acting=f"{caller.role}:{caller.name}", reason=reason
        )
        former = world.packs.current()
        _demand_published(await _published(world, one.files, asked))
        await world.view.redis.hdel(_key(world), one.ref)
        with suppress(KafkaFault, OSError):
            await world.packs.refresh()
        return answer({"ref": one.ref, "former": former})

    return await idempotency.once(world, request, caller, body, work)


def _demand_published(outcome: Outcome) -> None:
    """Go on where it is in force.

    Raises:
        Problem: It is not.
    """
    if outcome.other:
        raise Problem(
            "changed", "by this engine it is another pack than was checked; check it again", now=outcome.other
        )
    if outcome.away:
        raise away("Kafka")
    if not outcome.published:
        raise Problem("refused", outcome.refused or "it may not go in force")


def _may_publish(world: World, caller: Caller) -> bool:
    """Whether the law lets somebody put another pack in force."""
    law = world.law()
    return (
        caller.kind == "person" and caller.role is not Role.DEPARTMENT and may_not_adopt(law, caller.actor, law) is None
    )


def _text(given: object, field: str, shortest: int = 0) -> str:
    if not isinstance(given, str) or not shortest <= len(given.strip()) <= LONGEST:
        raise Problem("invalid", f"a text of {shortest} to {LONGEST} characters", field=field)
    return given.strip()


def _key(world: World) -> str:
    return f"{world.settings.prefix}gateway:packs"


async def _all(world: World) -> list[Waiting]:
    found = await world.view.redis.hvals(_key(world))
    return [msgspec.json.decode(one, type=Waiting) for one in found]


async def _one(world: World, ref: str) -> Waiting:
    found = await world.view.redis.hget(_key(world), ref)
    if found is None:
        raise not_found()
    return msgspec.json.decode(found, type=Waiting)


async def _published(world: World, files: Mapping[str, str], given: Given) -> Outcome:
    """Have it proved and published by a process of its own.

    Raises:
        Problem: Other packs are being tried.
    """
    async with packs.trying(world):
        with tempfile.TemporaryDirectory(prefix="gridwhistle-publish-") as folder:
            packs.write(Path(folder), files)
            try:
                told = await told_by(COMMAND, folder, SECONDS, msgspec.json.encode(given) + b"\n")
            except TimeoutError:
                raise away("the publisher") from None
    return msgspec.json.decode(told, type=Outcome)
