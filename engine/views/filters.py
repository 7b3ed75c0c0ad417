"""A CEL expression over the fields of a ticket's row: which rows somebody wants, bounded as a pack's conditions are."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import GridwhistleError
from rules.law.cel_library import cel
from rules.law.conditions import FAILURES
from rules.law.patterns import compiled_within_bounds

FIELDS: dict[str, Any] = {
    "id": "", "identity": "", "home": "", "street": "", "leaf": "", "category": "", "urgency": "", "status": "",
    "tier": "", "party": "", "person": "", "text": "", "address": "", "is_breached": False, "received_at": 0,
    "deadline_at": 0, "now": 0,
}  # fmt: skip
"""What may be asked of a row, live or out of the archive, and what stands there where a row has no such thing. Moments
are instants (milliseconds), ``now`` is engine time."""

FUNCTIONS = (
    "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "bytes", "duration",
    "timestamp", "min", "max", "type", "getFullYear", "getMonth", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
    "getHours", "getMinutes", "getSeconds",
)  # fmt: skip
"""Of the library's; an expression names no other, even where it would not come to it on this row."""

OF_EMPTY_TEXT = frozenset({"int", "uint", "double", "timestamp", "duration"})
"""They fail on a row of nothing, and that says nothing of the expression."""

_PLACE = re.compile(r"<input>:1:(\d+): (?:Syntax error: )?(.*)")


class UnfitFilter(GridwhistleError):
    """An expression cannot be used: where, and the mend."""

    def __init__(self, message: str, position: int | None = None) -> None:
        """Keep the place, counted in characters from 1."""
        super().__init__(message if position is None else f"at character {position}: {message}")
        self.position = position


class Filter:
    """An expression, compiled once for all rows."""

    def __init__(self, expression: str) -> None:
        """Compile it and try it on a row of nothing.

        Raises:
            UnfitFilter: It is too long, no CEL, reads what no row has, or compares what cannot be compared.
        """
        try:
            self._program = compiled_within_bounds(expression)
        except ValueError as exc:
            raise _unfit(str(exc)) from exc
        self._reads = tuple(sorted(self._program.variables()))
        self.failed = 0
        """Rows on which it could not be worked out; they are left out."""
        _demand_known(expression, self._reads, FIELDS, "a row has no {}; it has {}")
        called = [name for name in self._program.functions() if name.isidentifier() and not name.startswith("_")]
        _demand_known(expression, called, FUNCTIONS, "there is no function {}; there is {}")
        self._try(expression)

    def _try(self, expression: str) -> None:
        try:
            found = self._program.execute(cel.Context(variables={name: FIELDS[name] for name in self._reads}))
        except FAILURES as exc:
            called = set(self._program.functions())
            if isinstance(exc, TypeError) or ("matches" in called and not called & OF_EMPTY_TEXT):
                raise UnfitFilter(str(exc).partition(" Check ")[0].splitlines()[0], 1) from exc
            return
        if not isinstance(found, bool):
            raise UnfitFilter(f"gives {type(found).__name__}, not true or false; compare it with something", 1)

    def holds(self, row: Mapping[str, Any], now: int) -> bool:
        """Whether a row is wanted."""
        values = {name: row.get(name, FIELDS[name]) for name in self._reads}
        if "now" in values:
            values["now"] = now
        if "is_breached" in values:
            due = row.get("deadline_at")
            values["is_breached"] = row.get("is_breached", row.get("is_overdue") or (due is not None and due <= now))
        try:
            return self._program.execute(cel.Context(variables=values)) is True
        except FAILURES:
            self.failed += 1
            return False


def _demand_known(expression: str, names: Iterable[str], known: Iterable[str], said: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1) or [", ".join(known)]
            raise UnfitFilter(said.format(repr(name), near[0]), _at(expression, name))


def _at(expression: str, name: str) -> int:
    found = re.search(rf"(?<![\w.\"'])\b{re.escape(name)}\b", expression)
    return found.start() + 1 if found else 1


def _unfit(said: str) -> UnfitFilter:
    found = _PLACE.search(said)
    if found is None:
        return UnfitFilter(said)
    what = found[2].partition(" expecting ")[0]
    mend = "; equality is written =="
    return UnfitFilter(what + (mend if "'= '" in what or "'='" in what else ""), int(found[1]))
