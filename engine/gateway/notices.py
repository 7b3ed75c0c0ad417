"""What a person was told, and whether it has reached them: their own alone."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import DependencyDown
from engine.gateway.callers import Caller
from engine.gateway.http import answer
from engine.gateway.problems import Problem, away
from engine.gateway.queues import limit_of
from engine.gateway.world import World

_LAST = 2**63 - 1


async def notices(world: World, request: Request, caller: Caller) -> Response:
    """List what the caller was told, the latest first; ``state``: gathered, waiting, sent, given_up."""
    from engine.doors.notice_log import told_to

    limit, before = limit_of(request.query_params.get("limit")), _before(request.query_params.get("cursor"))
    try:
        rows = await told_to(await world.doors(), caller.name, before, limit)
    except DependencyDown as exc:
        raise away("the database of notices") from exc
    found: list[dict[str, Any]] = [
        {
            "id": row.id,
            "cursor": str(row.seq),
            "at": row.at,
            "zone": row.zone,
            "is_urgent": row.is_urgent,
            "state": row.state,
            "notice": msgspec.Raw(row.body.encode()),
        }
        for row in rows
    ]
    return answer({"notices": found} | ({"next": str(rows[-1].seq)} if len(rows) == limit else {}))


def _before(given: str | None) -> int:
    if given is None:
        return _LAST
    if not (given.isdecimal() and given.isascii() and len(given) < 19):
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor")
    return int(given)
