"""What happened to a ticket, and why: its decisions out of the archive, by its key, never by scanning the log."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import DependencyDown
from engine.gateway import allowed, tickets
from engine.gateway.callers import Caller, sees
from engine.gateway.http import answer
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.queues import limit_of
from engine.gateway.world import World
from engine.views.reason_texts import WORDS
from rules.history.explain import asks_roster
from rules.history.explain_log import Retold
from rules.law.compiled import Law
from topics import codec
from topics.decision import Decision, Event, facts_of
from topics.ids import folded, is_number
from topics.ticket import Ticket
from topics.vocabulary import REFUSALS, Reason

if TYPE_CHECKING:
    from engine.archive.store import Archive

CATCH_UP_SECONDS = 1.5
"""So long a history that the archive has not folded to its end yet is waited for."""
MOST = 2000
"""Decisions that are explained at once."""
HIDDEN = ("token",)


class Past(NamedTuple):
    """A ticket, and a page of what the archive tells of it."""

    ticket: Ticket
    told: list[tuple[int, Decision]]
    more: bool
    is_behind: bool
    """The archive has not folded the ticket's last decision yet."""


@asynccontextmanager
async def archived() -> AsyncIterator[None]:
    """Say an archive that is away as what it is.

    Raises:
        Problem: It is.
    """
    try:
        yield
    except DependencyDown as exc:
        raise away("the archive") from exc


async def history(world: World, request: Request, caller: Caller) -> Response:
    """Tell what happened to a ticket, decision by decision, oldest first."""
    limit, after = limit_of(request.query_params.get("limit")), _after(request.query_params.get("cursor"))
    past = await _past(world, caller, request.path_params["id"], after, limit)
    zone = await _zone(world, past.ticket)
    told = _head(past) | {"decisions": [_told(one, past.ticket.id, zone) for _, one in past.told]}
    if not past.more:
        return answer(told)
    told["next"] = str(past.told[-1][0])
    following = request.url.include_query_params(limit=limit, cursor=told["next"])
    return answer(told, headers={"Link": f'<{following.path}?{following.query}>; rel="next"'})


async def explain(world: World, request: Request, caller: Caller) -> Response:
    """Say why each thing happened to a ticket, and whether working it out again agrees."""
    past = await _past(world, caller, request.path_params["id"], -1, MOST)
    mine = [one for _, one in past.told]
    await world.have({one.why.pack for one in mine if one.why.pack is not None})
    zone = await _zone(world, past.ticket)
    decisions = await _with_rosters(world, past, mine)
    # a long history takes a second of a core: nobody else waits for it
    found = await asyncio.to_thread(_explained, dict(world.packs.laws), decisions, past.ticket.id, zone)
    return answer(_head(past) | {"agrees": all(one["agrees"] for one in found), "decisions": found})


def _explained(
    laws: Mapping[str, Law], decisions: Sequence[Decision], ticket: str, zone: ZoneInfo
) -> list[dict[str, Any]]:
    retold, found = Retold(laws, {}), []  # a roster that was not told from its beginning vouches for nothing
    for decision in decisions:
        said = retold.explain(_own(decision, ticket))
        if decision.reason != Reason.DUTY_SET:
            found.append(
                _about(decision, zone)
                | {"lines": said.lines, "worked_out": said.worked_out, "agrees": said.agrees, "vouched": said.vouched}
            )
    return found


async def _past(world: World, caller: Caller, name: str, after: int, limit: int) -> Past:
    """Read a page of a ticket's decisions.

    Raises:
        Problem: There is no such ticket, or it is not theirs: the same answer.
    """
    async with archived():
        archive = await world.archive()
        ticket, is_live = await seen(world, archive, caller, name)
        until = asyncio.get_running_loop().time() + CATCH_UP_SECONDS
        while True:
            told = await page(archive, ticket.id, after, limit + 1)
            past = Past(ticket, told[:limit], len(told) > limit, is_behind=False)
            if past.more or not is_live or not _lacks(past, after):
                return past
            if asyncio.get_running_loop().time() >= until:
                return past._replace(is_behind=True)
            await asyncio.sleep(0.1)


async def page(archive: "Archive", ticket: str, after: int, limit: int) -> list[tuple[int, Decision]]:
    """Read some decisions about a ticket, those behind ``after``, oldest first, each with its place on the log."""
    from engine.archive.reading import page_of

    return [
        (position, codec.decode(record, Decision)) for position, record in await page_of(archive, ticket, after, limit)
    ]


async def seen(world: World, archive: "Archive", caller: Caller, name: str) -> tuple[Ticket, bool]:
    """Give a ticket as it is now, else as the archive has it, and whether it is still live."""
    from engine.archive.search import by_name

    known = await tickets.named(world, name)
    images = await world.view.images(known or tickets.NONE)
    image = images.get(known or "")
    if image is None:
        rows = await by_name(archive, folded(name)) if ":" in name or known is not None else []
        image = await archive.image(rows[0]["id"]) if rows else None
    if image is None:
        raise not_found()
    ticket = allowed.read(image)
    if not sees(world.law_of(ticket.home), caller, ticket):
        raise not_found()
    return ticket, bool(images)


async def anyhow(world: World, caller: Caller, name: str) -> Ticket:
    """Find a ticket that is theirs, live or out of the archive.

    Raises:
        Problem: There is none: the same answer.
    """
    try:
        return (await tickets.found(world, caller, name))[0]
    except Problem as problem:
        if problem.kind != "not-found" or not world.settings.database_url:
            raise
    async with archived():
        return (await seen(world, await world.archive(), caller, name))[0]


def _lacks(past: Past, after: int) -> bool:
    versions = [change.version for _, one in past.told for change in one.changes if change.ticket == past.ticket.id]
    return max(versions, default=past.ticket.version if after >= 0 else 0) < past.ticket.version


async def _zone(world: World, ticket: Ticket) -> ZoneInfo:
    await world.have({ticket.pack})
    return ZoneInfo(world.packs.laws[ticket.pack].bundle.timezone)


async def _with_rosters(world: World, past: Past, mine: list[Decision]) -> Sequence[Decision]:
    """Put changes of the roster before what was decided by them, where anything was."""
    if not any(asks_roster(one) for one in mine):
        return mine
    async with archived():
        records = await (await world.archive()).history(past.ticket.id, world.partition(past.ticket.id))
    return [codec.decode(record, Decision) for record in records]


def _own(decision: Decision, ticket: str) -> Decision:
    """Leave out what the same decision did to other tickets: those may be another's."""
    mine = tuple(one for one in decision.events if one.ticket == ticket or decision.reason == Reason.DUTY_SET)
    return msgspec.structs.replace(decision, events=mine)


def _head(past: Past) -> dict[str, Any]:
    versions = [change.version for _, one in past.told for change in one.changes if change.ticket == past.ticket.id]
    return {"id": past.ticket.id, "version": max(versions, default=None), "is_behind": past.is_behind}


def _about(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    """Name a decision: which, when, by whom and for what reason."""
    known = decision.reason in set(Reason)
    label = WORDS[Reason(decision.reason)] if known else decision.reason
    found: dict[str, Any] = {"id": decision.id, "at": tickets.moment(decision.at, zone), "reason": decision.reason}
    found |= {"label": label, "cause": decision.cause, "refused": known and Reason(decision.reason) in REFUSALS}
    for name in ("command", "command_id", "actor", "first_decision"):
        if getattr(decision, name) is not None:
            found[name] = getattr(decision, name)
    return found


def _told(decision: Decision, ticket: str, zone: ZoneInfo) -> dict[str, Any]:
    found = _about(decision, zone)
    if decision.said is not None:
        found["said"] = msgspec.to_builtins(decision.said)
    versions = [change.version for change in decision.changes if change.ticket == ticket]
    return found | ({"version": versions[0]} if versions else {}) | {"events": _events(decision, ticket)}


def _events(decision: Decision, ticket: str) -> list[dict[str, Any]]:
    """Of other tickets only that something happened to them."""
    return [
        {"type": one.type, "facts": _facts(one)} if one.ticket == ticket else {"type": one.type, "ticket": one.ticket}
        for one in decision.events
    ]


def _facts(event: Event) -> dict[str, Any]:
    return {name: value for name, value in facts_of(event).items() if name not in HIDDEN}


def _after(text: str | None) -> int:
    if text is None:
        return -1
    if not is_number(text):
        raise Problem("invalid", "the value of 'next' of the page before", field="cursor")
    return int(text)
