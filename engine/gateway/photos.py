"""Pictures as proof: taken in from whoever may name one about a ticket, shown to whoever may see the ticket."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import allowed, past, tickets
from engine.gateway.callers import Caller
from engine.gateway.databases import doors_of
from engine.gateway.http import answer, body_of
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World
from engine.security.pictures import UnfitPicture, stripped
from rules.ticket.draft import Draft

MOST_BYTES = 2 * 1024 * 1024
"""The console sends a fifth of it: it makes pictures smaller before."""
SECONDS = 60.0
"""Where the field is, a telephone sends slowly."""
KINDS = ("image/jpeg", "image/png", "image/webp")
HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-store",
}
"""Whatever it is, it is looked at and nothing more: nothing in it runs, no other page shows it, nobody keeps it."""


async def photo_add(world: World, request: Request, caller: Caller) -> Response:
    """Take a picture that a command may name as proof; the same of the same ticket is one."""
    draft, images = await tickets.found(world, caller, request.path_params["id"])
    _demand_giver(world, caller, draft, images)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in KINDS:
        raise Problem("wrong-type", f"send one picture as {', '.join(KINDS)}", field="Content-Type")
    try:
        picture = stripped(await body_of(world, request, MOST_BYTES, SECONDS))
    except UnfitPicture as exc:
        raise Problem("unreadable", str(exc)) from exc
    from engine.doors.photos import MOST_A_DAY, MOST_OF_TICKET, PROOF, put

    name = hashlib.sha256(picture.content).hexdigest()
    row = {"ticket": draft.id, "name": name, "kind": picture.kind, "content": picture.content}
    async with doors_of(world, "pictures") as doors:
        if not await put(doors, row | {"token": draft.token, "sender": caller.id}):
            raise Problem("too-many", f"a ticket has {MOST_OF_TICKET} pictures, and one sends {MOST_A_DAY} a day")
    return answer({"photo": name, "proof": PROOF + name, "bytes": len(picture.content)}, 201)


def _demand_giver(world: World, caller: Caller, draft: Draft, images: dict[str, bytes]) -> None:
    """Refuse who may give no command of the ticket that takes a proof.

    Raises:
        Problem: It is so.
    """
    book = tickets.book_of(world, draft, images)
    may = allowed.commands(book, world.packs.laws, draft.id, caller.actor, world.now)
    if not any(one["allowed"] and {"proof", "proof?"} & {*one["needs"], *one["may_have"]} for one in may):
        raise Problem("refused", "there is nothing of this ticket that you may give proof of now")


async def photo(world: World, request: Request, caller: Caller) -> Response:
    """Show a picture of a ticket, live or long closed."""
    from engine.doors.photos import is_name, one

    name = request.path_params["photo"]
    ticket = await past.anyhow(world, caller, request.path_params["id"])
    if not is_name(name):
        raise not_found()
    async with doors_of(world, "pictures") as doors:
        found = await one(doors, ticket.id, name)
    if found is None:
        raise not_found()
    kind, content = found
    return Response(content, 200, HEADERS, kind)
