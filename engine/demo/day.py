"""What is reported on the demonstration's day: a seeded schedule of incidents, the same each time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rules.law.compiled import Law
from topics.ids import Instant
from topics.pack import Category

DAY_MS = 86_400_000
OPENS_MS, CLOSES_MS = 8 * 3_600_000, 18 * 3_600_000
"""The working day that is told: 08:00 to 18:00."""

REPORTS_A_DAY = 330
"""About five a second at 600 ×: enough for every community to show the split, few enough to read along."""

FULLY_ELIGIBLE_HOMES = 4
"""In the first homes every ticket of the split may go to all parties, so that 10/20/30/40 can be read off."""

CHANNELS = (("hotline", 45), ("app", 30), ("patrol", 15), ("camera", 6), ("visit", 4))


@dataclass(frozen=True, kw_only=True)
class Report:
    """One incident to be sent when engine time reaches ``at``."""

    at: Instant
    source: str
    external_id: str
    data: dict[str, Any]


def day_of(law: Law, midnight: Instant, number: int, seed: int) -> Iterator[Report]:
    """Tell day ``number``, which began at ``midnight``, in order of time.

    Most reports have a category that all four parties may take, so that the split can be seen; some are urgent and go
    to the street; a few have no category or no place, and wait at the duty desk.
    """
    draw = random.Random(f"{seed}:{number}")
    leaves = _leaves(law)
    ordinary, urgent, restricted = _categories(law)
    moments = sorted(draw.randrange(OPENS_MS, CLOSES_MS) for _ in range(REPORTS_A_DAY))
    for i, moment in enumerate(moments):
        at = midnight + moment
        home = draw.choices(range(len(leaves)), weights=[1 / (2 + rank) for rank in range(len(leaves))])[0]
        leaf = leaves[home]
        special = urgent + restricted if home >= FULLY_ELIGIBLE_HOMES else urgent
        category: str | None = draw.choice(ordinary) if draw.random() < 0.88 or not special else draw.choice(special)
        location: dict[str, Any] = {"grid": draw.choice(leaf)}
        if i % 37 == 11:
            category = None
        if i % 53 == 17:
            location = {"address": "somewhere behind the old market"}
        channel = draw.choices([name for name, _ in CHANNELS], weights=[weight for _, weight in CHANNELS])[0]
        data: dict[str, Any] = {
            "occurred_at": _iso(at - draw.randrange(60_000, 1_800_000)),
            "channel": channel,
            "text": f"demonstration report {number}-{i}",
            "location": location,
            "reporter": {"name": f"resident {draw.randrange(10_000)}", "phone": f"000-{draw.randrange(10**8):08d}"},
        }
        if category is not None:
            data["category"] = category
        yield Report(at=at, source="demo", external_id=f"{number}-{i}", data=data)


def _leaves(law: Law) -> list[list[str]]:
    """Group the leaf grids by home, homes in the pack's order."""
    parents = {node.parent for node in law.bundle.nodes}
    groups: dict[str, list[str]] = {}
    for node in law.bundle.nodes:
        home = law.home_of(node.code)
        if home is not None and home != law.bundle.unplaced and node.code not in parents and node.kind == "residential":
            groups.setdefault(home, []).append(node.code)
    return list(groups.values())


def is_open_to_all(law: Law, category: Category) -> bool:
    """Whether a category goes through the split with every party eligible."""
    return (
        category.starts_at == "split"
        and set(category.parties) in (set(), {s.code for s in law.shares})
        and category.skill is None
    )


def _categories(law: Law) -> tuple[list[str], list[str], list[str]]:
    """Codes of categories that all parties may take, that go to street or department, and that only some parties may
    take."""
    ordinary: list[str] = []
    urgent: list[str] = []
    restricted: list[str] = []
    for category in law.bundle.categories:
        if category.urgency in law.bundle.automatic_whistle or category.starts_at != "split":
            urgent.append(category.code)
        else:
            (ordinary if is_open_to_all(law, category) else restricted).append(category.code)
    return ordinary, urgent, restricted


def _iso(at: Instant) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1000, UTC).isoformat().replace("+00:00", "Z")
