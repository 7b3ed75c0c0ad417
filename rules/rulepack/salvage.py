"""As much of a faulty pack as can be read: what has the wrong shape gets a stand-in, so that its law is checked all the
same (DESIGN 8)."""

import copy
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from rules.rulepack.model import PackSource
from rules.rulepack.shape import meant
from topics.errors import GridwhistleError

ROUNDS = 5
"""How often what was mended is looked at again: a member that was renamed may have faults of its own."""

STAND_INS: dict[str, Any] = {
    "name": "unnamed",
    "title": "-",
    "timezone": "UTC",
    "levels": ["above", "home"],
    "home_level": "home",
    "unplaced": "unplaced",
    "calendar": {"country": "CN", "hours": ["08:00-12:00"], "from_year": 2024, "to_year": 2026},
    "shares": [],
    "ladders": {},
    "clocks": {},
    "rungs": {},
    "nodes": [],
    "departments": [],
    "categories": [],
    "roster": [],
    "roster_version": "-",
    "grid_version": "-",
}
"""For members that are missing or cannot be read; whatever check asks for one of them is not made."""

IN_ENTRIES: dict[str, Any] = {
    "urgency": "U3",
    "limit": {"amount": 1, "unit": "work_day"},
    "amount": 1,
    "unit": "work_day",
    "group": "-",
    "why": "-",
}
"""For members of an entry that no check judges beyond their shape."""


class Unknown(GridwhistleError):
    """A check asked for a member that could not be read."""


class Partly:
    """A pack of which some members are not known."""

    def __init__(self, source: PackSource, unknown: frozenset[str]) -> None:
        """Take what could be read, and the names of what could not."""
        self._source, self._unknown = source, unknown

    def __getattr__(self, name: str) -> Any:
        if name in self._unknown or (name == "by_code" and "nodes" in self._unknown):
            raise Unknown(name)
        return getattr(self._source, name)


def salvage(members: dict[str, Any], lost: bool = False) -> tuple[PackSource, frozenset[str]] | None:
    """Read a pack with stand-ins for what has the wrong shape; answers it and the members that are not known.

    Args:
        members: All members of the pack's files.
        lost: A file could not be read at all, so that every missing member may have been in it.
    Returns:
        ``None`` where nothing can be made of it.
    """
    members = copy.deepcopy(members)
    unknown: set[str] = set()
    if lost:
        unknown |= {
            name for name, field in PackSource.model_fields.items() if name not in members and not field.is_required()
        }
    for _ in range(ROUNDS):
        try:
            return PackSource(**members), frozenset(unknown)
        except ValidationError as error:
            # entries from the end on, so that dropping one does not move the others
            for one in sorted(
                error.errors(include_url=False),
                key=lambda one: [str(part).zfill(9) for part in one["loc"]],
                reverse=True,
            ):
                _mend(members, one["type"], one["loc"], unknown)
    return None


def _mend(members: dict[str, Any], kind: str, loc: tuple[int | str, ...], unknown: set[str]) -> None:
    top = str(loc[0])
    if kind == "extra_forbidden":
        _rename(members, loc)
    elif len(loc) == 1:
        _stand_in(members, top, unknown)
    elif _replaced(members, loc):
        return
    elif (
        loc[-1] in ("label", "name")
        and isinstance(holder := _holder(members, loc), dict)
        and isinstance(holder.get("code", holder.get("person")), str)
    ):
        holder[str(loc[-1])] = holder.get("code", holder.get("person"))
    else:
        unknown.add(top)
        _drop(members, loc)


def _replaced(members: dict[str, Any], loc: tuple[int | str, ...]) -> bool:
    """Put a stand-in where a member is at fault that has one; ``4 hours`` is at fault as a whole, though its unit is
    told."""
    for depth, part in enumerate(loc, 1):
        if part in IN_ENTRIES and isinstance(holder := _holder(members, loc[:depth]), dict):
            holder[part] = copy.deepcopy(IN_ENTRIES[str(part)])
            return True
    return False


def _rename(members: dict[str, Any], loc: tuple[int | str, ...]) -> None:
    """A misspelt member is read as what it may mean; one that means nothing is left out."""
    holder = _holder(members, loc)
    if not isinstance(holder, dict):
        return
    value, near = holder.pop(loc[-1], None), meant(PackSource, loc)
    if near is not None and near not in holder:
        holder[near] = value


def _stand_in(members: dict[str, Any], name: str, unknown: set[str]) -> None:
    unknown.add(name)
    members.pop(name, None)
    if name in STAND_INS:
        members[name] = copy.deepcopy(STAND_INS[name])


def _holder(members: Any, loc: Iterable[int | str]) -> Any:
    """What holds the last part of a place."""
    for part in tuple(loc)[:-1]:
        try:
            members = members[part]
        except (LookupError, TypeError):
            return None
    return members


def _drop(members: dict[str, Any], loc: tuple[int | str, ...]) -> None:
    """Leave out the smallest thing that holds the fault and can be left out: an entry, or the whole member."""
    holder: Any = members.get(str(loc[0]))
    part: Any = loc[1]
    if (isinstance(holder, dict) and part in holder) or (
        isinstance(holder, list) and isinstance(part, int) and part < len(holder)
    ):
        del holder[part]
    else:
        members.pop(str(loc[0]), None)
