"""What is to be sent and when: creations and closings of all rows in one order of events."""

from collections.abc import Iterable
from typing import NamedTuple

from engine.feed.mapped import Closing, Mapped
from topics.ids import Instant


class Step(NamedTuple):
    """One thing to send: a row, or (with ``closing``) its end."""

    at: Instant
    row: Mapped
    closing: Closing | None = None


class Plan(NamedTuple):
    """Steps in order of events."""

    steps: list[Step]
    beyond: int
    """Closings of the fed rows that lie after the end."""
    left_out: int
    """Rows that lie after ``until``."""
    last_at: Instant | None

    @property
    def rows(self) -> int:
        """How many rows are fed."""
        return sum(step.closing is None for step in self.steps)

    @property
    def closings(self) -> int:
        """How many closings are fed."""
        return len(self.steps) - self.rows


def make_plan(rows: Iterable[Mapped], limit: int | None = None, until: Instant | None = None) -> Plan:
    """Put rows and closings in order; at the same moment rows go first, in the order of the file.

    A row whose time cannot be read goes right after the one in front of it. Feeding ends at the last row's creation, or
    at ``until`` where that is given; ``limit`` keeps the first so many rows in order of events.
    """
    creations: list[Step] = []
    at = 0
    for row in rows:
        at = row.at if row.at is not None else at
        creations.append(Step(at, row))
    creations.sort(key=lambda step: step.at)
    wanted = [step for step in creations if until is None or step.at <= until]
    left_out = len(creations) - len(wanted)
    chosen = wanted[:limit]
    end = until if until is not None else (chosen[-1].at if chosen else 0)
    closings = [
        Step(step.row.closing.at, step.row, step.row.closing) for step in chosen if step.row.closing is not None
    ]
    due = [step for step in closings if step.at <= end]
    steps = sorted([*chosen, *due], key=lambda step: (step.at, step.closing is not None))
    return Plan(steps, len(closings) - len(due), left_out, last_at=end if chosen else None)
