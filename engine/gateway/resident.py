"""The page of a report for whoever made it: found by its link alone, told without anything personal, answered once."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from engine.errors import DependencyDown
from engine.gateway import allowed, commands
from engine.gateway.callers import Caller
from engine.gateway.georeport import form_of
from engine.gateway.http import body_of
from engine.gateway.outside import came_from
from engine.gateway.problems import Problem, not_found
from engine.gateway.resident_page import LONGEST, WORDS, Told, page, trouble
from engine.gateway.world import World
from rules.commands.lifecycle_table import ANSWERS
from rules.law.compiled import Law
from rules.ticket import clocks
from rules.ticket.draft import Draft
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import Instant, folded
from topics.unreadable import UNREADABLE
from topics.vocabulary import REFUSALS, ClockKind, CommandKind, Reason, Role, Status

BY_LINK = "link"
"""Who answers, as the law has it: a reporter, known by nothing but the link."""
ANSWERED = (Status.SURVEYED, Status.CLOSED, Status.DISMISSED)
"""Where what was done, or why nothing is, has been said for good."""
OVER = (*ANSWERED, Status.DONE, Status.CANCELLED)
"""Where nobody works any more: what it was folded into says nothing of it."""
HOPS = 5
"""Merged into what is itself merged: no further than this."""
SAID = {"not-found": "gone", "too-many": "many", "away": "away"}
"""Problem -> what the page says; anything else is what cannot be read."""


def address(world: World, identity: str) -> str | None:
    """Give the address of a report's page; ``None``: this gateway has no key to name it by."""
    links = world.residents.links()
    return None if links is None else f"{world.settings.gateway_url.rstrip('/')}/r/{links.name(identity)}"


def refused(request: Request, problem: Problem) -> Response:
    """Say what is amiss as a page."""
    response = trouble(SAID.get(problem.kind, "wrong"), _lang(request), problem.status)
    response.headers.update(problem.headers)
    return response


def _lang(request: Request) -> str:
    given = request.query_params.get("lang")
    if given in WORDS:
        return given
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"


async def show(world: World, request: Request, caller: Caller) -> Response:
    """Tell how a report stands to whoever has its link."""
    draft, worked = await _found(world, request)
    return page(await _told(world, draft, worked), _lang(request))


async def answer(world: World, request: Request, caller: Caller) -> Response:
    """Take the reporter's answer to the survey; one that is sent again is told what came of the first."""
    satisfied, text = _given(dict(form_of(request, await body_of(world, request))))
    draft, worked = await _found(world, request)
    if satisfied is None:
        return page(await _told(world, draft, worked), _lang(request), "choose", 422)
    told = (await _told(world, draft, worked))._replace(may_answer=False)
    if not _may_answer(draft):
        return page(told, _lang(request), "not_now", 409)
    decision = await commands.decided(world, draft, _command(world, draft, satisfied, text))
    if decision is not None and Reason(decision.reason) in REFUSALS:
        return page(told, _lang(request), "not_now", 409)
    after = told._replace(state="closed" if satisfied else "asked")
    return page(after, _lang(request), "thanks" if satisfied else "thanks_unhappy")


def _given(form: dict[str, str]) -> tuple[bool | None, str]:
    text = form.get("text", "").strip()
    if len(text) > LONGEST:
        raise Problem("invalid", f"at most {LONGEST} characters", field="text")
    return {"yes": True, "no": False}.get(form.get("satisfied", "")), text


def _command(world: World, draft: Draft, satisfied: bool, text: str) -> Command:
    """One id for each survey there is: pressed twice, or by two who share a link, it is answered once."""
    return Command(
        id=f"link:{draft.id}:{draft.generation}",
        kind=CommandKind.ANSWER,
        actor=Actor(Role.REPORTER, BY_LINK),
        accepted_at=world.now,
        ticket=draft.id,
        satisfied=satisfied,
        text=text or None,
    )


def _may_answer(draft: Draft) -> bool:
    return draft.status == Status.SURVEYED and draft.asked is None


async def _found(world: World, request: Request) -> tuple[Draft, Draft]:
    """Find the report's ticket, and the one that is worked in its place.

    Raises:
        Problem: The link is none, leads nowhere any more, or is asked for too often.
    """
    links, name = world.residents.links(), request.path_params["token"]
    identity = None if links is None else links.identity(name)
    if identity is None:  # only those who guess are held back: whoever has a link comes in beside them
        await world.residents.misses.take(came_from(request))
        raise not_found()
    await world.residents.looks.take(identity)
    draft = await _draft(world, identity)
    if draft is None:
        raise not_found()
    worked = draft
    for _ in range(HOPS if draft.status not in OVER else 0):
        into = worked.merged_into or worked.folded_into
        found = None if into is None else (await world.view.images(into)).get(into)
        if found is None:
            break
        worked = allowed.read(found)
    await world.have({draft.pack, worked.pack})
    return draft, worked


async def _draft(world: World, identity: str) -> Draft | None:
    """Read a report's ticket as it is now, else as the archive has kept it."""
    known = await world.view.ticket_of(folded(identity))
    image = (await world.view.images(known)).get(known) if known is not None else None
    if image is None and world.settings.database_url:
        image = await _kept(world, identity)
    return None if image is None else allowed.read(image)


async def _kept(world: World, identity: str) -> bytes | None:
    from engine.archive.search import by_name

    try:
        archive = await world.archive()
        rows = await by_name(archive, identity)
        return await archive.image(rows[0]["id"]) if rows else None
    except DependencyDown as exc:
        raise Problem("away", "the archive does not answer", headers={"Retry-After": "2"}) from exc


async def _told(world: World, draft: Draft, worked: Draft) -> Told:
    """Say in plain words how it stands."""
    law = world.packs.laws[worked.pack]
    zone = ZoneInfo(law.bundle.timezone)
    promised = _promised(law, worked)
    late = ("late",) if promised is not None and promised < world.now and worked.status not in OVER else ()
    return Told(
        state="asked" if worked.status == Status.SURVEYED and worked.asked is not None else str(worked.status),
        received=_moment(draft.received_at, zone),
        promised=None if promised is None else _moment(promised, zone),
        answer=await _answer(world, worked) if worked.status in ANSWERED else None,
        notes=late + (("merged",) if worked.id != draft.id else ()),
        may_answer=_may_answer(draft),
        is_over=worked.status in OVER,
    )


def _promised(law: Law, draft: Draft) -> Instant | None:
    """When it is to be finished: what was promised, else the end of the resolve clock."""
    clock = next((one for one in draft.clocks if one.kind == ClockKind.RESOLVE), None)
    if clock is not None and draft.status in OVER and clock.stopped_at is not None:
        clock = clocks.resume(clock, clock.stopped_at)  # it was in time, or not, by what was promised then
    due = None if clock is None else clocks.moment(law, clock, 100, draft.urgency, draft.hours)
    return due if due is not None else draft.promised_by


def _moment(at: Instant, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")


async def _answer(world: World, draft: Draft) -> str | None:
    """Give what was last said to the reporter, as it was masked; without an archive, nothing."""
    if not world.settings.database_url:
        return None
    from engine.archive.reading import said_last

    try:
        records = await said_last(await world.archive(), draft.id, ANSWERS)
    except (DependencyDown, Problem):
        return None  # the rest of the page stands without it
    for record in records:
        try:
            decision = codec.decode(record, Decision)
        except UNREADABLE:
            continue
        if decision.said is not None and decision.said.text and decision.reason not in REFUSALS:
            return decision.said.text
    return None
