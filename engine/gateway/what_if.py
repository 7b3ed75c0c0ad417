"""What another pack would have made of all that was recorded: a job to be started, watched, read and cancelled."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import idempotency
from engine.gateway.callers import Caller
from engine.gateway.finding import instant_of
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.packs import files_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.queues import limit_of, sees_all
from engine.gateway.what_if_job import Job
from engine.gateway.world import World


async def begin(world: World, request: Request, caller: Caller) -> Response:
    """Start telling the log under a pack; one at a time."""
    demand_city(world, caller)
    body = await body_of(world, request)
    given = object_of(body)
    since = given.pop("from", None)
    files = files_of(given)
    moment = _moment(world, since)

    async def start() -> Response:
        job = world.what_if.begin(caller.id, files, moment)
        if job is None:
            raise Problem("too-many", "another one runs; ask again when it is through", headers={"Retry-After": "30"})
        return answer(_progress(job), 202, {"Location": _place(job)})

    return await idempotency.once(world, request, caller, body, start)


async def show(world: World, request: Request, caller: Caller) -> Response:
    """Say how far it is; once it is done, the figures, the summary, and page by page the tickets that fare
    differently."""
    job, given = _own(world, request, caller), request.query_params
    limit, begin = limit_of(given.get("limit")), _begin(given.get("cursor"))
    told = _progress(job)
    if job.result is None or job.state != "done":
        return answer(told)
    told |= {"summary": job.result.summary, **job.result.figures}
    if caller.kind != "person":  # numbers, and no ticket
        return answer(told)
    rows = job.result.rows
    told |= {"rows": rows[begin : begin + limit], "left_off": job.result.left_off}
    if begin == 0:
        told["no_longer_fits"] = job.result.no_longer_fits[:limit]
    if begin + limit < len(rows):
        told["next"] = str(begin + limit)
    return answer(told)


async def cancel(world: World, request: Request, caller: Caller) -> Response:
    """End it, or let go of what it told."""
    _own(world, request, caller)
    await world.what_if.stop()
    world.what_if.last = None
    return Response(status_code=204)


def demand_city(world: World, caller: Caller) -> None:
    """Let those alone through whose grids are the whole city: the figures are all of it.

    Raises:
        Problem: Somebody else's.
    """
    if caller.kind == "person" and not sees_all(world.law(), caller):
        raise not_found()


def _own(world: World, request: Request, caller: Caller) -> Job:
    """Find a job of the caller's own.

    Raises:
        Problem: There is none such.
    """
    demand_city(world, caller)
    job = world.what_if.last
    if job is None or job.id != request.path_params["job"] or job.owner != caller.id:
        raise not_found()
    return job


def _moment(world: World, since: object) -> str | None:
    """Write the moment from which it is told, with its offset."""
    if since is None:
        return None
    zone = ZoneInfo(world.law().bundle.timezone)
    at = instant_of(QueryParams({"from": str(since)}), "from", zone)
    assert at is not None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()


def _begin(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isdecimal() and text.isascii() and len(text) < 9):
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor")
    return int(text)


def _place(job: Job) -> str:
    return f"/v1/packs/what-if/{job.id}"


def _progress(job: Job) -> dict[str, Any]:
    """Say whose step it is at; what went wrong is said in full."""
    told: dict[str, Any] = {"job": job.id, "state": job.state, "ask": _place(job), "from": job.since}
    if job.state == "running":
        told |= {"step": job.step.step, "done": job.step.done, "total": job.step.total}
    return told | ({"faults": job.faults} if job.faults else {})
