"""What became no ticket: what intake turned away, its original for who may see it and sent again mended; what is
held."""

import asyncio
import re
from typing import Any

from aiokafka import TopicPartition
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import idempotency, reports
from engine.gateway.callers import Caller
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.queues import limit_of
from engine.gateway.reporters import noted, reading, within_quota
from engine.gateway.world import World
from engine.kafka.driver_errors import KafkaFault
from engine.people.by_hand import SHORTEST
from engine.people.originals import MAY_REVEAL, Turned, named, unsealed
from topics import codec
from topics.audit import Deed
from topics.envelope import incident_message
from topics.hostile_json import EnvelopeFault, parse
from topics.ids import identity
from topics.registry import REJECTED
from topics.rejected import Rejected, RejectReason
from topics.unreadable import UNREADABLE

READ_SECONDS = 5.0
KEPT = 1000
"""Records of each partition that are looked through: the list is for what is to be mended now."""
_RECORD = re.compile(r"[a-z0-9._-]{1,100}:\d{1,6}:\d{1,18}", re.ASCII)
OF_A_FEED = "it is a row of a feed: 'gridwhistle rejected resend' maps its columns by the pack's feed.yaml"


def demand_dealing(caller: Caller) -> None:
    """Let those alone through who deal with what became no ticket, and who watches over all.

    Raises:
        Problem: Somebody else.
    """
    if caller.kind == "person" and caller.role not in MAY_REVEAL:
        raise not_found()


async def rejected(world: World, request: Request, caller: Caller) -> Response:
    """List what intake turned away, the latest first, with reason, field and mend; never the original."""
    demand_dealing(caller)
    limit, reason = limit_of(request.query_params.get("limit")), request.query_params.get("reason")
    if reason is not None and reason not in set(RejectReason):
        raise Problem("invalid", f"one of {', '.join(RejectReason)}", field="reason")
    found = await _latest(world)
    wanted = [one for one in found if one.reason == reason or (reason is None and one.reason != RejectReason.DUPLICATE)]
    rows = [
        {
            "id": x.id,
            "at": x.at,
            "reason": x.reason,
            "field": x.field,
            "message": x.message,
            "identity": x.identity,
            "sealed": x.token is not None,
        }
        for x in sorted(wanted, key=lambda x: (x.at, x.id), reverse=True)[:limit]
    ]
    return answer({"rows": rows, "now": world.now})


async def _latest(world: World) -> list[Rejected]:
    """Read what was turned away last.

    Raises:
        Problem: Kafka is away.
    """
    log = world.tail.log
    tps = [TopicPartition(log.prefix + REJECTED.name, number) for number in range(world.settings.partitions)]
    found: list[Rejected] = []
    try:
        async with asyncio.timeout(READ_SECONDS), log.reading(tps) as reader:
            ends, begins = await reader.end_offsets(tps), await reader.beginning_offsets(tps)
            for tp in tps:
                reader.seek(tp, max(begins[tp], ends[tp] - KEPT))
            while left := [tp for tp in tps if await reader.position(tp) < ends[tp]]:
                for records in (await reader.getmany(*left, timeout_ms=200)).values():
                    for record in records:
                        try:
                            found.append(codec.decode(record.value or b"", Rejected))
                        except (*UNREADABLE, ValueError):
                            continue  # not ours
    except (KafkaFault, OSError, TimeoutError) as exc:
        raise away("Kafka") from exc
    return found


async def original(world: World, request: Request, caller: Caller) -> Response:
    """Show one as it came; that it was asked for, and why, stands in the audit first."""
    demand_dealing(caller)
    given = object_of(await body_of(world, request))
    one = await _opened(world, _name(request))
    _demand_why(given)
    entry = noted(world, caller, Deed.ORIGINAL, given=given, record=one.rejected.id)
    async with reading():
        await within_quota(world, entry, world.settings.reveals_per_day)
    return answer({"id": one.rejected.id, "audit": entry.id, "original": _told(one)})


def _told(one: Turned) -> dict[str, Any]:
    """Give an original for somebody to mend: its data as they are, where they can be read."""
    source, name = one.name()
    told: dict[str, Any] = {"source": source, "id": name, "field": one.beside.field or one.rejected.field}
    try:
        found = parse(one.value)
    except EnvelopeFault:
        return told | {"data": None, "text": one.value.decode(errors="backslashreplace")}
    source, name, data, _ = named(one, found) if isinstance(found, dict) else (source, name, found, "")
    return told | {"source": source, "id": name, "data": data, "text": None}


async def resend(world: World, request: Request, caller: Caller) -> Response:
    """Send a mended one again, under the identity it had and by the ordinary door: what would be turned away again is
    said here, and is not sent."""
    demand_dealing(caller)
    body = await body_of(world, request)
    given = object_of(body)
    data = given.get("data")
    if not isinstance(data, dict):
        raise Problem("invalid", "the mended report's data, an object", field="data")
    one = await _opened(world, _name(request))
    message = _mended(world, one, data)

    async def work() -> Response:
        entry = noted(world, caller, Deed.MENDED, given={}, record=one.rejected.id)
        async with reading():
            await world.audit.append(entry)
        await reports.send(world, message)
        told = reports.told_of(world, message, is_own=False)
        return answer(told | {"audit": entry.id}, 202, {"Location": told["ask"]})

    return await idempotency.once(world, request, caller, body, work)


def _mended(world: World, one: Turned, data: dict[str, Any]) -> reports.Message:
    """Put mended data under the identity that the original had.

    Raises:
        Problem: It had none, or something is wrong with them still.
    """
    said = named(one, _envelope(one) | {"data": data} if _envelope(one) else data)
    source, name, found, fault = said
    if not fault and set(found) == {"columns"}:
        fault = OF_A_FEED
    if fault:
        raise Problem("invalid", fault, field="data")
    key, value, headers = incident_message(source, name, found)
    return reports.judged(world, reports.Message(identity(source, name), key, value, headers=headers))


def _envelope(one: Turned) -> dict[str, Any]:
    """Give what a structured CloudEvent says of itself; empty where the headers say it."""
    try:
        found = parse(one.value)
    except EnvelopeFault:
        return {}
    return found if isinstance(found, dict) and "specversion" in found else {}


def _name(request: Request) -> str:
    name = str(request.path_params["record"])
    if _RECORD.fullmatch(name) is None:
        raise not_found()
    return name


def _demand_why(given: dict[str, Any]) -> None:
    why = given.get("text")
    if not isinstance(why, str) or len(why.strip()) < SHORTEST:
        raise Problem("invalid", "say in words why the original must be seen", field="text")


async def _opened(world: World, record: str) -> Turned:
    """Find one among the latest and unseal it.

    Raises:
        Problem: It is not there, its original was not kept, or was forgotten.
    """
    one = next((x for x in reversed(await _latest(world)) if x.id == record), None)
    if one is None:
        raise not_found()
    if one.token is None:
        raise Problem("not-found", "its original was not kept again: it is a repeat, or was too large")
    async with reading():
        entry = await world.sealed.entry(one.token)
        if entry is None:
            raise Problem("erased", "it was forgotten: its key is destroyed")
        return unsealed(world.vault(), entry, one)


async def held(world: World, request: Request, caller: Caller) -> Response:
    """List what our own fault kept from being decided, the oldest first, with where its bytes lie."""
    demand_dealing(caller)
    found: list[dict[str, Any]] = [
        {"id": name, "at": cause.at, "home": cause.home, "size": cause.size, "partition": number} | _place(name)
        for number, causes in world.tail.held.items()
        for name, cause in causes.items()
    ]
    return answer({"rows": sorted(found, key=lambda one: (one["at"], one["id"])), "now": world.now})


def _place(name: str) -> dict[str, Any]:
    """Read where the bytes of a held cause lie; a clock has none, and names its ticket."""
    if name.startswith("clock:"):
        return {"topic": None, "offset": None, "ticket": name.split(":")[1]}
    topic, _, offset = name.rsplit(":", 2)
    return {"topic": topic, "offset": int(offset), "ticket": None}
