"""The law of a small made-up city: two streets, three homes with two grids each, all parties, three departments."""

from datetime import date, timedelta
from typing import Any

import msgspec

from topics.pack import Calendar, Category, Department, Limit, Node, PackBundle, PartyShare, RosterEntry, Tier

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
REF = "toytown@1"
TODAY = date(2026, 3, 2)
"""A Monday."""
ZONE_MS = 8 * HOUR
PARTIES = {"residents": 20, "specialist": 30, "red_property": 40, "backstop": 10}


def year_of_weekdays(year: int) -> str:
    """Every Monday to Friday worked."""
    first = date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    return "".join("1" if (first + timedelta(days=n)).weekday() < 5 else "0" for n in range(days))


def limits(u1: Limit, u2: Limit, u3: Limit, u4: Limit) -> dict[str, Limit | None]:
    """A limit for each urgency."""
    return {"U1": u1, "U2": u2, "U3": u3, "U4": u4}


def every(limit: Limit) -> dict[str, Limit | None]:
    """The same limit for all."""
    return limits(limit, limit, limit, limit)


TIERS = (
    Tier("grid", "parties", "Grid", "网格", ("residents", "specialist", "red_property")),
    Tier("community", "parties", "Community", "社区", ("backstop",)),
    Tier("street", "street", "Street", "街道"),
    Tier("departments", "whistle", "Departments", "部门"),
    Tier("district", "centre", "District", "区"),
)
OWNERS = (Tier("department", "owner", "Department", "部门"), Tier("district", "centre", "District", "区"))
MINUTES, HOURS, WORK_HOURS, WORK_DAYS = "minute", "urgent_hour", "work_hour", "work_day"
CLOCKS = {
    "triage": limits(Limit(5, MINUTES), Limit(15, MINUTES), Limit(15, MINUTES), Limit(15, MINUTES)),
    "accept": limits(Limit(5, MINUTES), Limit(15, MINUTES), Limit(2, WORK_HOURS), Limit(4, WORK_HOURS)),
    "contact": limits(Limit(30, MINUTES), Limit(2, HOURS), Limit(1, WORK_DAYS), Limit(1, WORK_DAYS)),
    "report_in": limits(Limit(30, MINUTES), Limit(1, HOURS), Limit(2, WORK_HOURS), Limit(4, WORK_HOURS)),
    "check": every(Limit(30, MINUTES)),
    "survey": every(Limit(14, "urgent_day")),
    "forget": every(Limit(35, "urgent_day")),
}
CATEGORIES = (
    Category("bins", "Bins full", "垃圾", "city", "U3", Limit(8, WORK_HOURS), lead="urban", aliases=("rubbish",)),
    Category("leak", "Leak", "漏水", "city", "U2", Limit(4, HOURS), lead="water", co=("urban",)),
    Category("fire", "Fire", "火情", "safety", "U1", Limit(2, HOURS), lead="fire", co=("water",)),
    Category("wall", "Wall", "墙", "city", "U4", Limit(2, WORK_DAYS), parties=("residents", "backstop"), lead="urban"),
    Category(
        "pipe",
        "Pipe",
        "水管",
        "city",
        "U2",
        Limit(1, "urgent_day"),
        starts_at="department",
        ladder="owned",
        lead="water",
    ),
    Category("road", "Road", "路", "city", "U3", Limit(2, WORK_DAYS), starts_at="street", lead="urban"),
    Category("lift", "Lift", "电梯", "city", "U2", Limit(4, HOURS), skill="lifts", lead="urban"),
    Category("glass", "Glass", "玻璃", "city", "U2", Limit(4, HOURS), proof_required=True, lead="urban"),
)
CALENDAR = Calendar(
    "weekdays@1",
    "Asia/Shanghai",
    ((480, 720), (840, 1080)),
    480,
    {str(y): year_of_weekdays(y) for y in (2026, 2027)},
)


def _nodes() -> tuple[Node, ...]:
    """Two streets, three homes with two grids each, and where nobody can be placed."""
    homes = {"east": "north", "west": "north", "hill": "south"}
    nodes = [Node("city", "city", None, "City"), Node("unplaced", "home", "city", "Unplaced", kind="unplaced")]
    nodes += [Node(street, "street", "city", street) for street in ("north", "south")]
    for home, street in homes.items():
        nodes += [Node(home, "home", street, home), *(Node(f"{home}{n}", "grid", home, f"{home}{n}") for n in (1, 2))]
    return tuple(nodes)


def _roster() -> tuple[RosterEntry, ...]:
    """Everybody, on duty day and night."""
    roster = [RosterEntry(f"{role}-{n}", role, role) for role in PARTIES for n in (1, 2)]
    roster += [RosterEntry(f"{street}-street", street, "street", nodes=(street,)) for street in ("north", "south")]
    roster += [
        RosterEntry(f"{street}-principal", street, "principal", nodes=(street,)) for street in ("north", "south")
    ]
    roster += [
        RosterEntry(f"{role}-{n}", role, role)
        for role in ("centre", "desk", "chief", "checker", "supervisor")
        for n in (1, 2)
    ]
    roster += [RosterEntry(f"{code}-1", code, "department", org=code) for code in ("urban", "fire", "water")]
    return tuple(roster)


def city_bundle(**changes: Any) -> PackBundle:
    """Two streets, three homes with two grids each, all parties, three departments, seats; duty day and night."""
    bundle = PackBundle(
        name="toytown",
        title="Toytown",
        title_zh="镇",
        timezone="Asia/Shanghai",
        levels=("city", "street", "home", "grid"),
        home_level="home",
        unplaced="unplaced",
        shares=tuple(PartyShare(code, share, code, code) for code, share in PARTIES.items()),
        ladders={"default": TIERS, "owned": OWNERS},
        clocks=CLOCKS,
        rungs={"resolve": (50, 80, 100, 150, 300), "triage": (100, 200), "report_in": (100, 200)},
        nodes=_nodes(),
        addresses=(),
        departments=tuple(Department(code, code, code) for code in ("urban", "fire", "water")),
        categories=CATEGORIES,
        rules=(),
        roster=_roster(),
        roster_version="r1",
        grid_version="g1",
        calendar=CALENDAR,
        dismiss_reasons=("not_ours",),
    )
    return msgspec.structs.replace(bundle, **changes) if changes else bundle
