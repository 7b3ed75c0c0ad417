"""Who is on duty now and in the days to come, where nobody is, and changes of the roster from a screen (LAW 3)."""

import asyncio
import uuid
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import allowed, idempotency
from engine.gateway.callers import Caller, sees_place
from engine.gateway.commands import decided_by
from engine.gateway.duty_board import Board
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem
from engine.gateway.queues import sees_all
from engine.gateway.world import World
from rules.law.compiled import Law
from rules.masking.masker import masked_command
from rules.state import duty_rights, duty_roster
from rules.state.duty_roster import Rosters
from rules.ticket import authority
from topics import bounds
from topics.command import Command, Duty
from topics.vocabulary import REFUSALS, CommandKind, Reason, Role

DAY_MS = 86_400_000
LONGEST_DAYS = 14
FIELDS = frozenset(Duty.__struct_fields__) | {"other"}


async def duty(world: World, request: Request, caller: Caller) -> Response:
    """Give the board of one's own grids: each post with who has it, who is on duty now, and when nobody is."""
    days = _days(request.query_params.get("days"))
    law, pack, since = world.law(), world.packs.laws[world.packs.current()], world.now
    changes = standing(world)
    rosters = Rosters()
    rosters.duties = dict(world.tail.rosters[0].duties)
    tops = tops_of(law, caller)
    board = Board(pack, rosters, since=since, until=since + days * DAY_MS)
    # of a large city it takes a moment; whoever waits for a ticket does not wait for it
    lines = await asyncio.to_thread(board.lines, tops, org_of(law, caller), sees_all(law, caller))
    return answer({
        "now": since,
        "until": board.until,
        "lines": lines,
        "more": board.is_cut,
        "changes": [
            msgspec.to_builtins(one) | {"lacking": sorted(set(range(world.settings.partitions)) - set(there))}
            for one, there in changes.items()
            if touches(law, one, caller, tops)
        ],
        "may_change": caller.role in duty_rights.MAY_CHANGE,
    })  # fmt: skip


def standing(world: World) -> dict[Duty, list[int]]:
    """Give the changes that stand, each with the partitions that have it."""
    told = [[one for duties in rosters.duties.values() for one in duties.changes]
            for _, rosters in sorted(world.tail.rosters.items())]  # fmt: skip
    return duty_roster.standing(told, world.now)


def tops_of(law: Law, caller: Caller) -> list[str]:
    """Name the highest grids that are somebody's, in the order of the tree."""
    own = [node.code for node in law.bundle.nodes if sees_place(law, caller, node.code)]
    seen = set(own)
    return [code for code in own if law.nodes[code].parent not in seen]


def org_of(law: Law, caller: Caller) -> str | None:
    """Name the department whose people somebody is of."""
    entries = authority.entries(law, caller.actor) if caller.role is Role.DEPARTMENT else ()
    return entries[0].org if entries else None


def touches(law: Law, one: Duty, caller: Caller, tops: list[str]) -> bool:
    """Whether a change is of one's own grids, department, or of oneself."""
    posts = law.people.entries(one.person, one.role)
    nodes = {*one.nodes, *(node for entry in posts for node in entry.nodes)}
    orgs = {one.org, *(entry.org for entry in posts)} - {None}
    is_own = one.person == caller.name or org_of(law, caller) in orgs
    return is_own or sees_all(law, caller) or any(set(law.path(node)) & set(tops) for node in nodes)


def _days(text: str | None) -> int:
    if text is None:
        return 7
    if not (text.isascii() and text.isdecimal() and len(text) <= 2 and 1 <= int(text) <= LONGEST_DAYS):
        raise Problem("invalid", f"a number from 1 to {LONGEST_DAYS}", field="days")
    return int(text)


async def duty_change(world: World, request: Request, caller: Caller) -> Response:
    """Put somebody on or off duty, let somebody stand in, come or go, or two swap: told to every partition."""
    body = await body_of(world, request)
    changes = _changes(world, object_of(body))

    async def work() -> Response:
        _demand_lawful(world, caller, changes)
        key = idempotency.key_of(request)
        drawn = str(uuid.uuid4()) if key is None else idempotency.drawn_from(caller, key)
        lacking, refused = set[int](), list[dict[str, Any]]()
        for n, one in enumerate(changes):
            told = await asyncio.gather(
                *(_told(world, number, _command(world, caller, f"duty:{drawn}:{n}", one))
                  for number in range(world.settings.partitions))
            )  # fmt: skip
            lacking |= {number for number, reason in enumerate(told) if reason is None}
            refused += [
                {"partition": number, **allowed.refusal(reason, None)}
                for number, reason in enumerate(told)
                if reason in REFUSALS and reason is not None
            ]
        found = {"partitions": world.settings.partitions, "lacking": sorted(lacking), "refused": refused}
        return answer(found, 202 if lacking else 200)

    return await idempotency.once(world, request, caller, body, work)


def _changes(world: World, given: dict[str, Any]) -> list[Duty]:
    """Read what is asked for; a swap is two who stand in for each other.

    Raises:
        Problem: A field is wrong.
    """
    if unknown := sorted(given.keys() - FIELDS):
        field = unknown[0] if unknown[0].isidentifier() and unknown[0].isascii() else "?"
        raise Problem("invalid", f"of {', '.join(sorted(FIELDS))}", field=field)
    whole = {"since": world.now} | {name: value for name, value in given.items() if value is not None}
    if whole.get("change") != "swap":
        return [_duty({name: value for name, value in whole.items() if name != "other"})]
    person, other = whole.get("person"), whole.pop("other", None)
    if person == other:
        raise Problem("invalid", "another person of the same role", field="other")
    both = whole | {"change": "add"}
    return [_duty(both | {"instead_of": other}), _duty(both | {"person": other, "instead_of": person})]


def _duty(given: dict[str, Any]) -> Duty:
    for name in ("since", "until"):
        if isinstance(given.get(name), int) and not bounds.FIRST_MOMENT <= given[name] < bounds.LAST_MOMENT:
            raise Problem("invalid", "milliseconds between 1970 and 2100", field=name)
    try:
        return msgspec.convert(given, Duty)
    except msgspec.ValidationError as exc:
        what, _, where = str(exc).partition(" - at ")
        raise Problem("invalid", what, field=where.strip("`").removeprefix("$.") or None) from exc


def _demand_lawful(world: World, caller: Caller, changes: list[Duty]) -> None:
    """Ask the law before anything is sent: of a swap that is refused, no half is done.

    Raises:
        Problem: It is refused in some partition, and why.
    """
    pack = world.packs.laws[world.packs.current()]
    for rosters in world.tail.rosters.values():
        for one in changes:
            reason = duty_rights.fault(rosters, pack, caller.actor, one, world.now)
            if reason is not None:
                told = allowed.refusal(reason, None)
                raise Problem("refused", f"{told.pop('label')}: {told.pop('mend')}", **told)


def _command(world: World, caller: Caller, name: str, one: Duty) -> Command:
    return masked_command(
        Command(id=name, kind=CommandKind.SET_DUTY, actor=caller.actor, accepted_at=world.now, duty=one)
    )


async def _told(world: World, number: int, made: Command) -> Reason | None:
    """Say what one partition made of it; ``None``: it is safe, and not decided in time."""
    decision = await decided_by(world, number, made)
    return None if decision is None else Reason(decision.reason)
