"""What of a department's events a subscriber wants: a CEL condition over the members of a task."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from engine.errors import InvalidSettings
from rules.law.cel_library import cel
from rules.law.conditions import FAILURES
from rules.law.patterns import compiled_within_bounds
from topics.task import Task

T = TypeVar("T")

JUDGING_SECONDS = 1.0
"""Of a core, for one lot of events; the rest is left for another time. A thousand take 0.2 s."""
_JUDGES = ThreadPoolExecutor(2, "judging")
"""Threads of its own: however many filter at once, passwords and packs are not waited for."""
LONGEST = 1000
"""Characters; `topics.bounds` holds depth and loops."""

_KNOWN: dict[str, Any] = {
    field.name: "" if field.default is None else field.default
    for field in msgspec.structs.fields(Task)
    if field.default is not msgspec.NODEFAULT and field.name not in ("grid", "call", "version")
}
_KNOWN |= {"limit_ms": 0}
_REQUIRED = ("id", "event", "department", "ticket", "role", "at")

VARIABLES = (*_REQUIRED, *_KNOWN, "grid")
"""What a filter may read: a task's members, one that is absent as ``""`` (``limit_ms`` as 0), and ``grid`` as the list
of codes from the largest area down."""


class Filter:
    """One condition; an empty one lets everything through."""

    def __init__(self, condition: str) -> None:
        """Compile it.

        Raises:
            InvalidSettings: It cannot be used; says why, with line and column.
        """
        self._condition = None
        if not condition.strip():
            return
        try:
            if len(condition) > LONGEST:
                raise ValueError(f"it has {len(condition)} characters; at most {LONGEST}")
            self._condition = compiled_within_bounds(condition)
            reads = set(self._condition.variables())
        except FAILURES as exc:
            raise InvalidSettings(f"the filter cannot be read: {exc}") from exc
        if unknown := sorted(reads - set(VARIABLES)):
            raise InvalidSettings(f"a filter knows {', '.join(VARIABLES)}; not {', '.join(unknown)[:100]}")

    def takes(self, body: str) -> bool:
        """Whether an event is wanted. One that the condition fails on is: better one too many than one lost."""
        if self._condition is None:
            return True
        try:
            return self._condition.execute(cel.Context(variables=facts(body))) is not False
        except FAILURES:
            return True

    @property
    def takes_all(self) -> bool:
        """Whether nothing is left out."""
        return self._condition is None


async def judged(wants: Filter, bodies: Sequence[str], seconds: float = JUDGING_SECONDS) -> list[bool]:
    """Judge events; see ``in_time``."""
    return [True] * len(bodies) if wants.takes_all else await in_time(wants.takes, bodies, seconds)


async def in_time(judge: Callable[[T], bool], things: Sequence[T], seconds: float = JUDGING_SECONDS) -> list[bool]:
    """Judge things one after another, on a thread: whoever shares the loop does not wait for it.

    Returns:
        An answer for each of the first of them, of one at least; for fewer than all where the time is over.
    """
    return await asyncio.get_running_loop().run_in_executor(_JUDGES, _in_time, judge, things, seconds)


def _in_time(judge: Callable[[T], bool], things: Sequence[T], seconds: float) -> list[bool]:
    until, found = time.monotonic() + seconds, list[bool]()
    for thing in things:
        found.append(judge(thing))
        if time.monotonic() > until:
            break
    return found


def facts(body: str) -> dict[str, Any]:
    """Give what a filter reads of an event."""
    task = msgspec.json.decode(body)
    found = _KNOWN | {name: value for name, value in task.items() if name in _KNOWN or name in _REQUIRED}
    return found | {"grid": [step["code"] for step in task.get("grid", ())]}


def kept(condition: str) -> Filter:
    """Read a filter that was read when it was given; one that a later engine no longer reads lets everything through:
    better one event too many than a department that is told nothing."""
    try:
        return Filter(condition)
    except InvalidSettings:
        return Filter("")
