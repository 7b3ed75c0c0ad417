"""What people were told, and whether it has reached them: their own; for who answers for grids, their people's too."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller, sees_place
from engine.gateway.databases import doors_of
from engine.gateway.http import answer
from engine.gateway.problems import Problem
from engine.gateway.queues import limit_of, sees_all
from engine.gateway.world import World
from topics.vocabulary import Role

_LAST = 2**63 - 1
ANSWERS_FOR = (Role.SUPERVISOR, Role.CHIEF, Role.CENTRE)
"""Who may see whether others were told: they put people on duty, and ask why nobody came."""


async def notices(world: World, request: Request, caller: Caller) -> Response:
    """List what was told, the latest first: one's own, or with ``of=people`` that of the people of one's grids;
    ``state``: gathered, waiting, sent, given_up."""
    from engine.doors.notice_log import told_to

    limit, before = limit_of(request.query_params.get("limit")), before_of(request.query_params.get("cursor"))
    whom = _whom(world, caller, request.query_params.get("of"))
    async with doors_of(world, "notices") as doors:
        rows = await told_to(doors, whom, before, limit)
    found: list[dict[str, Any]] = [
        {
            "id": row.id,
            "cursor": str(row.seq),
            "recipient": row.recipient,
            "at": row.at,
            "zone": row.zone,
            "is_urgent": row.is_urgent,
            "state": row.state,
            "notice": msgspec.Raw(row.body.encode()),
        }
        for row in rows
    ]
    return answer({"notices": found} | ({"next": str(rows[-1].seq)} if len(rows) == limit else {}))


def _whom(world: World, caller: Caller, of: str | None) -> list[str] | None:
    """Name whose notices are asked for; ``None``: everybody's.

    Raises:
        Problem: It is no such group, or not theirs to see.
    """
    if of in (None, "me"):
        return [caller.name]
    if of != "people" or caller.role not in ANSWERS_FOR:
        raise Problem("invalid", "me; for supervisor, chief and centre also people", field="of")
    law = world.law()
    if sees_all(law, caller):
        return None
    everybody = {entry.person for entry in law.people.all()}
    return [one for one in sorted(everybody) if one == caller.name or _is_below(world, caller, one)]


def _is_below(world: World, caller: Caller, person: str) -> bool:
    """Whether all of somebody's posts lie within one's own grids."""
    law = world.law()
    posts = law.people.of(person)
    return all(entry.nodes and all(sees_place(law, caller, node) for node in entry.nodes) for entry in posts)


def before_of(given: str | None) -> int:
    """Read before which number a page ends.

    Raises:
        Problem: It is none.
    """
    if given is None:
        return _LAST
    if not (given.isdecimal() and given.isascii() and len(given) < 19):
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor")
    return int(given)
