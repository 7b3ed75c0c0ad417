"""Finds a live queue by the name a person gives, and writes its rows as people read them."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from engine.errors import InvalidSettings
from engine.kafka.reference import Reference
from engine.settings import Settings
from engine.terminal import cut, padded, plain
from engine.views.queues import APPROVAL, DUE, EXHAUSTED, NOT_BEGUN, OPEN, OVERDUE, SOON_MS
from engine.views.redis_view import RedisView
from rules.commands.approvals import WHISTLERS
from rules.commands.lifecycle_table import TABLE
from rules.law.compiled import Law
from rules.law.moments import short
from rules.law.walls import COMMITTEES
from topics.ids import Instant
from topics.vocabulary import CommandKind

KINDS = (
    "open, desk, tier:TIER, street:STREET, grid:HOME, dept:CODE, person:PERSON, overdue, at_risk, not_begun, exhausted,"
    " approval, approval:ROLE"
)
AT_RISK = "at_risk"
NAMED = 12
"""So many of the known names an error lists."""
APPROVERS = tuple(dict.fromkeys(str(role) for role in (*TABLE[CommandKind.APPROVE].roles, *WHISTLERS, *COMMITTEES)))


class Town(NamedTuple):
    """The law in force, with what screens need of it."""

    law: Law
    zone: ZoneInfo

    def label(self, category: str | None) -> str:
        """Name a category with its label: ``垃圾桶满溢 bins_full``."""
        known = self.law.categories.get(category or "")
        label = (known.label_zh or known.label) if known else ""
        return f"{label} {category}".strip() if category else "(no category)"


async def town_of(settings: Settings) -> Town:
    """Read the pack in force."""
    reference = Reference(settings)
    await reference.refresh()
    bundle = reference.in_force()
    return Town(Law(reference.current or "", bundle), ZoneInfo(bundle.timezone))


def _names(law: Law) -> dict[str, Callable[[], Iterable[str]]]:
    """Kinds of queues with a name after the colon, and the names there are."""
    return {
        "tier": lambda: dict.fromkeys(tier.name for steps in law.bundle.ladders.values() for tier in steps),
        "street": lambda: sorted({street for home in law.homes if (street := law.street_of(home))}),
        "grid": lambda: sorted({*law.homes, law.bundle.unplaced}),
        "dept": lambda: sorted(law.departments),
        "approval": lambda: APPROVERS,
        "person": lambda: sorted({entry.person for entry in law.people.all()}),
    }


def parts_of(law: Law, name: str) -> tuple[str, ...] | None:
    """Name the queues that a queue is put together of; ``None``: it hangs on the moment, or there is none of it."""
    kind, colon, which = name.partition(":")
    if name in ("desk", APPROVAL, EXHAUSTED):
        return (name,)
    if name == OPEN:
        return (*(f"grid:{home}" for home in _names(law)["grid"]()), "desk")
    known = _names(law).get(kind)
    return (name,) if known is not None and colon and (kind == "person" or which in known()) else None


async def rows_of(view: RedisView, law: Law, name: str, limit: int, now: Instant) -> list[dict[str, Any]]:
    """Give the rows of the queue that a person names, nearest limit first.

    Raises:
        InvalidSettings: There is no such queue; names those there are.
    """
    kind, colon, which = name.partition(":")
    if kind != "person" and (parts := parts_of(law, name)) is not None:
        return await view.rows(*parts, limit=limit)
    if name in (OVERDUE, AT_RISK, NOT_BEGUN):
        return await _by_now(view, name, limit, now)
    known = _names(law).get(kind)
    if known is None or not colon:
        raise InvalidSettings(f"there is no queue {name!r}; there are {KINDS}")
    names = list(known())
    if which not in names:
        rows = await view.rows(name, limit=limit) if kind == "person" else []  # somebody who came after the pack
        if rows:
            return rows
        near = difflib.get_close_matches(which, names, NAMED, 0.5) or names[:NAMED]
        more = f" and {len(names) - len(near)} more" if len(names) > len(near) else ""
        raise InvalidSettings(f"there is no {kind} {which!r}; there are {', '.join(near)}{more}")
    return await view.rows(name, limit=limit)


async def _by_now(view: RedisView, name: str, limit: int, now: Instant) -> list[dict[str, Any]]:
    """Queues that time alone fills: what stands in them up to now."""
    if name == NOT_BEGUN:
        return await view.rows(NOT_BEGUN, limit=limit, until=now)
    if name == AT_RISK:
        soon = await view.rows(DUE, limit=limit, since=now, until=now + SOON_MS)
        return [row for row in soon if not is_late(row, now)]
    found = [*await view.rows(OVERDUE, limit=limit), *await view.rows(DUE, limit=limit, until=now)]
    late = {row["id"]: row for row in found}
    return sorted(late.values(), key=lambda row: (row.get("deadline_at", 0), row["id"]))[:limit]


def is_late(row: dict[str, Any], now: Instant) -> bool:
    """Whether a limit of a row is broken."""
    due = row.get("deadline_at")
    return bool(row.get("is_overdue")) or (due is not None and due <= now)


def written(row: dict[str, Any], town: Town, now: Instant, width: int | None) -> list[str]:
    """Write a row on two or three lines: what is due and who has it; what it is and where; what it waits for.

    Text is cut at the width, an id never.
    """
    mark = "▲" if is_late(row, now) else " "
    first = (
        f"{mark} {short(row.get('deadline_at'), town.zone):<11}  {padded(row['id'], 28)} {plain(row['status']):<9}"
        f" {plain(row['person'])}"
    )
    parts = (
        town.label(row.get("category")),
        row.get("urgency"),
        row.get("tier"),
        row.get("address") or row.get("leaf"),
        row.get("text"),
    )
    lines = [first, "               " + " · ".join(plain(part) for part in parts if part)]
    waits = row.get("waits_for")
    if waits:
        by = f" asked by {waits['by']}: {waits['reason']}" if "by" in waits else ""
        lines.append(
            f"               ? {plain(waits['what'])} waits for {' or '.join(waits['roles'])};{plain(by)}".rstrip(";")
        )
    return [first, *(cut(line, width) if width else line for line in lines[1:])]
