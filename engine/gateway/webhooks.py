"""A department's webhooks: where they lead, what they take, what came of each message; nobody else's."""

import logging
import re
import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.doors.addresses import checked
from engine.doors.filters import judged
from engine.doors.pull import Pull
from engine.errors import InvalidSettings
from engine.gateway.callers import Caller
from engine.gateway.databases import doors_of
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.pulling import LAST, demand_nothing_more, filter_of, moment_of, since_of
from engine.gateway.queues import limit_of
from engine.gateway.world import World
from rules.ticket import authority
from topics.ids import is_number
from topics.incident import unfit
from topics.vocabulary import Role

if TYPE_CHECKING:
    from engine.doors.store import Doors

log = logging.getLogger(__name__)

LONGEST_OVERLAP = 7 * 24
"""Hours that a former secret may sign beside the new one."""
_NAME = re.compile(r"wh_[0-9a-f]{16}")
STATES = ("waiting", "sent", "given_up")


async def webhooks(world: World, request: Request, caller: Caller) -> Response:
    """List a department's webhooks, the oldest first."""
    department = _department(world, request, caller)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Webhooks

        return answer({"webhooks": await Webhooks(doors).of_department(department)})


async def webhook(world: World, request: Request, caller: Caller) -> Response:
    """Show one: its state and why, how it fails, how much waits."""
    department = _department(world, request, caller)
    async with doors_of(world, "webhooks") as doors:
        return answer(await _found(doors, department, request))


async def webhook_add(world: World, request: Request, caller: Caller) -> Response:
    """Subscribe an address; its secret is shown this once. Says how many of the last events its filter takes."""
    department = _department(world, request, caller)
    given = object_of(await body_of(world, request))
    url, condition = _url(world, given), _filter(given)
    since = since_of(world, given.pop("from", None))
    demand_nothing_more(given)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Subscription, Webhooks

        wanted = Subscription(
            department=department,
            url=url or "",
            filter=condition or "",
            since=since or moment_of(world.now),
            has_past=since is not None,
        )
        try:
            name, secret = await Webhooks(doors).add(wanted, caller.id)
        except InvalidSettings as exc:
            raise Problem("invalid", str(exc), field="department") from exc
        _note(caller, name, department, "made")
        told = {"id": name, "secret": secret, **await _tried(doors, department, condition or "")}
        return answer(told, 201)


async def webhook_change(world: World, request: Request, caller: Caller) -> Response:
    """Give one another address or filter, from now on."""
    department = _department(world, request, caller)
    given = object_of(await body_of(world, request))
    fields = {"url": _url(world, given, is_needed=False), "filter": _filter(given)}
    demand_nothing_more(given)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Webhooks

        there = await _found(doors, department, request)
        changed = {name: value for name, value in fields.items() if value is not None}
        await Webhooks(doors).change(there["id"], caller.id, **changed)
        _note(caller, there["id"], department, "changed")
        tried = await _tried(doors, department, changed.get("filter", there["filter"]))
        return answer(await _found(doors, department, request) | tried)


async def webhook_drop(world: World, request: Request, caller: Caller) -> Response:
    """Delete one with everything that waits for it."""
    department = _department(world, request, caller)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Webhooks

        await Webhooks(doors).remove((await _found(doors, department, request))["id"])
        _note(caller, request.path_params["webhook"], department, "deleted")
    return Response(status_code=204)


async def webhook_pause(world: World, request: Request, caller: Caller) -> Response:
    """Send it nothing for now; what happens meanwhile is kept."""
    return await _set(world, request, caller, "paused")


async def webhook_resume(world: World, request: Request, caller: Caller) -> Response:
    """Let it go on, with everything that waits; also one that was paused for its failures, or disabled by 410."""
    return await _set(world, request, caller, "active")


async def _set(world: World, request: Request, caller: Caller, state: str) -> Response:
    department = _department(world, request, caller)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Webhooks

        there = await _found(doors, department, request)
        await Webhooks(doors).change(there["id"], caller.id, state)
        _note(caller, there["id"], department, state)
        return answer(await _found(doors, department, request))


async def webhook_rotate(world: World, request: Request, caller: Caller) -> Response:
    """Draw a new secret, shown this once; the former one signs beside it for ``overlap_hours``, 24 unless said."""
    department = _department(world, request, caller)
    given = object_of(await body_of(world, request) or b"{}")
    hours = given.pop("overlap_hours", 24)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= LONGEST_OVERLAP:
        raise Problem("invalid", f"a whole number from 0 to {LONGEST_OVERLAP}", field="overlap_hours")
    demand_nothing_more(given)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Webhooks

        name = (await _found(doors, department, request))["id"]
        secret = await Webhooks(doors).rotate(name, caller.id, hours * 3600)
        _note(caller, name, department, "given another secret")
        return answer({"id": name, "secret": secret, "overlap_hours": hours})


async def webhook_test(world: World, request: Request, caller: Caller) -> Response:
    """Let a message that is no event be sent; the delivery log tells what came of it."""
    department = _department(world, request, caller)
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.webhooks import Webhooks

        there = await _found(doors, department, request)
        if there["state"] != "active":
            raise Problem("invalid", "it is sent nothing as it is: resume it first", field="state")
        name = f"test-{secrets.token_hex(8)}"
        body = {"id": name, "event": "test", "department": department, "at": moment_of(world.now)}
        await Webhooks(doors).test(department, there["id"], msgspec.json.encode(body).decode(), name)
        return answer({"id": name, "ask": f"{request.url.path.removesuffix('/test')}/deliveries"}, 202)


async def webhook_redrive(world: World, request: Request, caller: Caller) -> Response:
    """Send again: one message by its ``id``, ``all`` that were not taken, or everything ``from`` a moment on."""
    department = _department(world, request, caller)
    given = object_of(await body_of(world, request))
    one, everything = given.pop("id", None), given.pop("all", False)
    since = since_of(world, given.pop("from", None))
    demand_nothing_more(given)
    if one is not None and not (isinstance(one, str) and _is_plain(one)):
        raise Problem("invalid", "an event's id", field="id")
    if [one is not None, everything is True, since is not None].count(True) != 1 or everything not in (True, False):
        raise Problem("invalid", "one of 'id', 'all': true, and 'from'", field="id")
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.deliveries import Deliveries
        from engine.doors.webhooks import KIND, Webhooks

        name = (await _found(doors, department, request))["id"]
        _note(caller, name, department, "asked to send again")
        if since is not None:
            return answer({"again": await Webhooks(doors).rewind(name, department, since)}, 202)
        again = await Deliveries(doors).again(KIND + name, one)
        if one is not None and not again:
            again = await Webhooks(doors).send(name, department, one)
        if one is not None and not again:
            raise Problem("invalid", "there is no such event of this department", field="id")
        return answer({"again": again}, 202)


async def webhook_deliveries(world: World, request: Request, caller: Caller) -> Response:
    """Tell what was sent and what was answered, the latest event first."""
    department = _department(world, request, caller)
    given = request.query_params
    if unknown := given.keys() - {"state", "limit", "cursor"}:
        field = min(unknown)
        raise Problem("invalid", "parameters are state, limit, cursor", field=field if field.isalpha() else "?")
    limit, before = limit_of(given.get("limit")), _before(given.get("cursor"))
    state = given.get("state")
    if state is not None and state not in STATES:
        raise Problem("invalid", f"one of {', '.join(STATES)}", field="state")
    async with doors_of(world, "webhooks") as doors:
        from engine.doors.deliveries import Deliveries
        from engine.doors.webhooks import KIND

        name = (await _found(doors, department, request))["id"]
        rows = await Deliveries(doors).log(KIND + name, state, before, limit + 1)
    shown = [{**row, "ticket": row.pop("line")} for row in rows[:limit]]
    next_ = {"next": f"{shown[-1]['seq']}~{shown[-1]['id']}"} if len(rows) > limit else {}
    return answer({"deliveries": shown} | next_)


def _department(world: World, request: Request, caller: Caller) -> str:
    """Let a department at what is its own, by its key or its people, and an auditor at everything.

    Raises:
        Problem: It is another's, or there is no such department.
    """
    code = str(request.path_params["department"])
    law = world.law()
    if code not in law.departments:
        raise not_found()
    is_theirs = caller.kind == "auditor" or (caller.kind == "department" and caller.org == code)
    if caller.kind == "person" and caller.role is Role.DEPARTMENT:
        is_theirs = any(entry.org == code for entry in authority.entries(law, caller.actor))
    if not is_theirs:
        raise not_found()
    return code


async def _found(doors: "Doors", department: str, request: Request) -> dict[str, Any]:
    from engine.doors.webhooks import Webhooks

    name = str(request.path_params["webhook"])
    found = await Webhooks(doors).one(department, name) if _NAME.fullmatch(name) else None
    if found is None:
        raise not_found()
    return found


async def _tried(doors: "Doors", department: str, condition: str) -> dict[str, int]:
    """Say how many of the last events a filter takes."""
    pull, wants = Pull(doors, department), filter_of(condition)
    rows = await pull.look(await pull.place(last=LAST), LAST)
    answers = await judged(wants, [row.body for row in rows])
    return {"matched": sum(answers), "of": len(answers)}


def _url(world: World, given: dict[str, Any], is_needed: bool = True) -> str | None:
    found = given.pop("url", None)
    if found is None and not is_needed:
        return None
    if not isinstance(found, str):
        raise Problem("invalid", "where messages are sent: https://HOST/PATH", field="url")
    try:
        checked(found, world.settings.webhook_reach)
    except InvalidSettings as exc:
        raise Problem("invalid", str(exc), field="url") from exc
    return found


def _filter(given: dict[str, Any]) -> str | None:
    found = given.pop("filter", None)
    if found is None:
        return None
    if not isinstance(found, str):
        raise Problem("invalid", "a condition in CEL", field="filter")
    filter_of(found)
    return found


def _is_plain(text: str) -> bool:
    """Whether PostgreSQL takes it as a text."""
    return unfit(text) is None


def _before(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, mark, name = text.partition("~")
    if not (mark and is_number(number) and len(number) < 19 and 0 < len(name) <= 500 and _is_plain(name)):
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor")
    return int(number), name


def _note(caller: Caller, name: str, department: str, what: str) -> None:
    log.info("webhook %s of %s was %s by %s", name, department, what, caller.id)
