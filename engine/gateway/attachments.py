"""What came with a report and lies elsewhere: its addresses, as intake masked them. Nothing is fetched from there."""

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import past
from engine.gateway.callers import Caller
from engine.gateway.http import answer
from engine.gateway.reporters import reading
from engine.gateway.world import World
from engine.kafka.read_to_end import record_at
from topics import codec
from topics.incident import AnyIncident, IncidentReferred, is_web
from topics.registry import INCIDENTS
from topics.unreadable import UNREADABLE

READ_SECONDS = 5.0
MASK = "〔"
"""How every mark begins that stands for what was masked: an address with one leads nowhere."""
_incident = codec.decoder(AnyIncident)


async def attachments(world: World, request: Request, caller: Caller) -> Response:
    """Name what lies elsewhere of the report that a ticket was filed from; ``gone``: the log keeps it no longer."""
    async with past.archived():
        archive = await world.archive()
        ticket, _ = await past.seen(world, archive, caller, request.path_params["id"])
        first = await past.page(archive, ticket.id, -1, 1)
    addresses = await _of(world, first[0][1].id) if first else []
    told = [{"address": one, "is_whole": is_web(one) and MASK not in one} for one in addresses or ()]
    return answer({"attachments": told, "gone": addresses is None})


async def _of(world: World, cause: str) -> list[str] | None:
    """Read the report that was decided; ``None``: it is no longer there.

    Raises:
        Problem: Kafka is away.
    """
    topic, _, where = cause.partition(":")
    if topic != INCIDENTS.name:
        return []  # filed by a command, of another ticket's report
    partition, offset = map(int, where.split(":"))
    async with reading():
        record = await record_at(world.tail.log, topic, partition, offset, READ_SECONDS)
    if record is None:
        return None
    try:
        found = _incident(record.value or b"")
    except (*UNREADABLE, ValueError):
        return None  # not ours
    return list((found.incident if isinstance(found, IncidentReferred) else found).attachments)
