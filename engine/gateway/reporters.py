"""Who reported: shown to whom it is for, for a purpose, within a quota, and never before the audit has it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidTag
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import past
from engine.gateway.callers import Caller, way_to
from engine.gateway.finding import scope_of, still_theirs
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem, away, not_found
from engine.gateway.world import World
from engine.kafka.driver_errors import KafkaFault
from engine.people.audit_log import day_of
from engine.people.erasure import opened
from engine.security.same_person import known_by
from rules.masking.masker import masker_for
from topics.audit import AuditEntry, Deed, Purpose
from topics.ticket import Ticket
from topics.vocabulary import Role

MAY_ASK_BY_NUMBER = (Role.DESK, Role.CHIEF, Role.CENTRE)
"""Who talks to people that call."""
LONGEST = 500
"""Characters of what somebody says beside a purpose."""
MOST = 50
"""Earlier tickets that are told, the newest."""
MOST_ENTRIES = 2000
"""Of one number: an office that reports for others has many."""


@asynccontextmanager
async def reading() -> AsyncIterator[None]:
    """Say a log that is away, and a master key that is another, as what they are.

    Raises:
        Problem: It is so.
    """
    try:
        yield
    except (KafkaFault, OSError, TimeoutError) as exc:
        raise away("Kafka") from exc
    except InvalidTag as exc:
        raise Problem("no-key", "it was sealed under a master key that this gateway does not have") from exc


async def reveal(world: World, request: Request, caller: Caller) -> Response:
    """Show who reported a ticket, and what was masked in its texts."""
    given = object_of(await body_of(world, request))
    ticket = await past.anyhow(world, caller, request.path_params["id"])
    way = way_to(world.law_of(ticket.home), caller, ticket)
    if way is None:
        raise not_found()
    is_urgent = way == "one_step"
    purpose = Purpose.EMERGENCY if is_urgent and "purpose" not in given else _purpose(given)
    if ticket.token is None:
        raise Problem("not-found", "nothing personal came with this report")
    async with reading():
        found = await opened(world.sealed, world.vault(), ticket.token)
        if found is None:
            raise Problem("erased", "the reporter was forgotten: the keys are destroyed")
        entry = noted(world, caller, Deed.REVEAL, ticket=ticket.id, purpose=purpose, given=given, is_urgent=is_urgent)
        await within_quota(world, entry, world.settings.reveals_per_day)
    return answer({"ticket": ticket.id, "audit": entry.id, "reporter": None} | found)


async def earlier(world: World, request: Request, caller: Caller) -> Response:
    """Give the other tickets of a ticket's reporter, or of who calls from a number, newest first."""
    given = object_of(await body_of(world, request))
    async with reading():
        ticket, tokens = await entries(world, caller, given)
        async with past.archived():
            archive = await world.archive()
            entry = noted(world, caller, Deed.EARLIER, ticket=ticket.id if ticket else None, given={})
            await within_quota(world, entry, world.settings.lookups_per_day)
            from engine.archive.same_reporter import by_tokens

            rows = await by_tokens(archive, tokens, MOST + 1, scope_of(world.law(), caller))
    own = ticket.id if ticket is not None else ""
    rows = [row for row in rows if row["id"] != own and still_theirs(world, caller, row)][:MOST]
    return answer({"rows": rows, "audit": entry.id, "now": world.now})


async def entries(world: World, caller: Caller, given: dict[str, Any]) -> tuple[Ticket | None, list[str]]:
    """Find the vault's entries that a question is about: by a ticket that is theirs, or by a number.

    Raises:
        Problem: It names neither, or both, or is not theirs to ask.
    """
    if ("ticket" in given) == ("number" in given):
        raise Problem("invalid", "name a ticket, or a number", field="ticket")
    if "ticket" in given:
        ticket = await past.anyhow(world, caller, _text(given, "ticket"))
        if way_to(world.law_of(ticket.home), caller, ticket) is None:
            raise not_found()
        tokens = await world.sealed.same_people([ticket.token]) if ticket.token else set()
        return ticket, sorted(tokens)[:MOST_ENTRIES]
    if caller.role not in MAY_ASK_BY_NUMBER:
        raise not_found()
    return None, await entries_of(world, _text(given, "number"))


async def entries_of(world: World, number: str) -> list[str]:
    """Find the vault's entries of who is known by a number; it is hashed here, and kept nowhere.

    Raises:
        Problem: It is none.
    """
    known, vault = known_by(number), world.vault()
    if not known:
        raise Problem(
            "invalid", "a telephone or card number of seven digits or more, or a mail address", field="number"
        )
    hashes = [one for name in known for one in vault.hashed_by_all(name)]
    return sorted(await world.sealed.of_hashes(hashes))[:MOST_ENTRIES]


def noted(
    world: World,
    caller: Caller,
    what: Deed,
    *,
    given: dict[str, Any],
    ticket: str | None = None,
    record: str | None = None,
    purpose: Purpose | None = None,
    is_urgent: bool = False,
    tokens: tuple[str, ...] = (),
    of: str | None = None,
    count: int | None = None,
) -> AuditEntry:
    """Make an entry; of what somebody writes beside it numbers are masked."""
    text = given.get("text", "")
    if not isinstance(text, str) or len(text) > LONGEST:
        raise Problem("invalid", f"text of at most {LONGEST} characters", field="text")
    return AuditEntry(
        id=str(uuid.uuid4()),
        at=world.now,
        who=caller.id,
        what=what,
        ticket=ticket,
        record=record,
        purpose=purpose,
        text=masker_for(world.law().bundle.timezone).mask(text.strip()),
        is_urgent=is_urgent,
        tokens=tokens,
        of=of,
        count=count,
    )


async def within_quota(world: World, entry: AuditEntry, most: int) -> None:
    """Write an entry, unless its person has done the same too often today.

    Raises:
        Problem: They have; or it is not known to be written.
    """
    zone = ZoneInfo(world.law().bundle.timezone)
    async with world.audit.turn:
        if not entry.is_urgent:
            done = await world.audit.done_on(day_of(entry.at, zone), zone, entry.who)
            if done[entry.what] >= most:
                raise _over(world, most)
        await world.audit.append(entry)
        if not entry.is_urgent:
            # another gateway may have counted at the same moment: the log's order says who came in time
            place = await world.audit.place_of(entry, zone)
            if place is None or place > most:
                raise _over(world, most)


def _over(world: World, most: int) -> Problem:
    world.metrics.count("alarms", "quota_of_people")
    return Problem("too-many", f"{most} a day; ask your chief", headers={"Retry-After": "3600"}, quota=most)


def _purpose(given: dict[str, Any]) -> Purpose:
    if given.get("purpose") not in list(Purpose):  # whatever JSON has, lists too
        raise Problem("invalid", f"one of {', '.join(Purpose)}", field="purpose")
    return Purpose(given["purpose"])


def _text(given: dict[str, Any], field: str) -> str:
    found = given[field]
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST:
        raise Problem("invalid", f"text of at most {LONGEST} characters", field=field)
    return found
