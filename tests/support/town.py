"""A made-up town with every kind of tier."""

from datetime import UTC, datetime

from topics import reference
from topics.codec import encode
from topics.pack import (
    Calendar,
    Category,
    Department,
    ForceMajeure,
    Limit,
    Node,
    PackBundle,
    PartyShare,
    RosterEntry,
    Tier,
)

START = int(datetime(2026, 3, 2, 0, 0, tzinfo=UTC).timestamp() * 1000)
MINUTE, HOUR = 60_000, 3_600_000
SPEED = 600
PARTIES = (("residents", 20), ("specialist", 30), ("red_property", 40), ("backstop", 10))


def _nodes() -> tuple[Node, ...]:
    nodes = [
        Node("city", "city", None, "City"),
        Node("street", "street", "city", "Street"),
        Node("unplaced", "community", "city", "?", kind="unplaced"),
    ]
    for home in ("east", "west"):
        nodes += [Node(home, "community", "street", home), *(Node(f"{home}-{n}", "grid", home, home) for n in (1, 2))]
    return tuple(nodes)


def _roster() -> tuple[RosterEntry, ...]:
    people = [*(code for code, _ in PARTIES), "street", "principal", "centre", "desk", "chief", "checker", "supervisor"]
    roster = [
        RosterEntry(f"{role}-{n}", role, role, on_duty="work" if role in ("street", "residents") else "always")
        for role in people
        for n in (1, 2)
    ]
    roster += [RosterEntry(f"{code}-1", code, "department", org=code) for code in ("urban", "fire", "water")]
    return tuple(roster)


def _clocks() -> dict[str, dict[str, Limit | None]]:
    each: dict[str, Limit | None] = {
        f"U{n}": limit
        for n, limit in enumerate(
            (Limit(5, "minute"), Limit(15, "minute"), Limit(2, "work_hour"), Limit(4, "work_hour")), 1
        )
    }
    return {
        "accept": each,
        "contact": each,
        "triage": {f"U{n}": Limit(15, "minute") for n in range(1, 5)},
        "report_in": each,
        "check": {f"U{n}": Limit(30, "minute") for n in range(1, 5)},
        "survey": {f"U{n}": Limit(14, "urgent_day") for n in range(1, 5)},
        "forget": {f"U{n}": Limit(35, "urgent_day") for n in range(1, 5)},
    }


TIERS = (
    Tier("grid", "parties", "grid", "网格", ("residents", "specialist", "red_property"), "skip"),
    Tier("community", "parties", "community", "社区", ("backstop",)),
    Tier("street", "street", "street", "街道"),
    Tier("departments", "whistle", "departments", "部门"),
    Tier("district", "centre", "district", "区"),
)
CATEGORIES = (
    Category("bins", "bins", "垃圾", "city", "U3", Limit(4, "work_hour"), lead="urban"),
    Category("lift", "lift", "电梯", "city", "U2", Limit(2, "urgent_hour"), lead="urban", co=("fire",)),
    Category("fire", "fire", "火情", "safety", "U1", Limit(30, "minute"), lead="fire", co=("water",)),
    Category(
        "wall",
        "wall",
        "墙",
        "city",
        "U4",
        Limit(2, "work_day"),
        parties=("residents", "backstop"),
        lead="urban",
    ),
    Category("pipe", "pipe", "水管", "city", "U3", Limit(1, "urgent_day"), starts_at="street", lead="water"),
)


def town() -> PackBundle:
    """One street, two communities of two grids, three departments, a ladder of five tiers, all units of limits."""
    week = "1111100"
    return PackBundle(
        name="town",
        title="Town",
        title_zh="镇",
        timezone="Asia/Shanghai",
        levels=("city", "street", "community", "grid"),
        home_level="community",
        unplaced="unplaced",
        shares=tuple(PartyShare(code, share, code, code) for code, share in PARTIES),
        ladders={"default": TIERS},
        clocks=_clocks(),
        rungs={"resolve": (50, 80, 100, 150, 300), "triage": (100, 200), "report_in": (100, 200)},
        nodes=_nodes(),
        addresses=(),
        departments=tuple(Department(code, code, code) for code in ("urban", "fire", "water")),
        categories=CATEGORIES,
        rules=(),
        roster=_roster(),
        roster_version="r1",
        grid_version="g1",
        force_majeure=(
            ForceMajeure(START + 3 * HOUR, START + 5 * HOUR, ("east",), "flood"),
            ForceMajeure(START + 26 * HOUR, START + 33 * HOUR, (), "storm"),
        ),
        calendar=Calendar(
            "plain@1",
            "Asia/Shanghai",
            ((480, 720), (840, 1080)),
            480,
            {"2026": "".join(week[(3 + n) % 7] for n in range(365))},
        ),
    )


def ref_of(bundle: PackBundle) -> str:
    """Name a bundle by its hash, as it is published."""
    return reference.ref_of(bundle.name, encode(bundle))


REF = ref_of(town())
