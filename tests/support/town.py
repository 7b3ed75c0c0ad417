"""The small made-up city (``city_law``) as a town of one street: some keep office hours, and the weather stops work
twice."""

from datetime import UTC, datetime

from msgspec.structs import replace

from tests.support import city_law
from tests.support.city_law import HOUR as HOUR
from tests.support.city_law import MINUTE as MINUTE
from tests.support.city_law import city_bundle, every, limits
from topics import reference
from topics.codec import encode
from topics.pack import Category, ForceMajeure, Limit, Node, PackBundle, RosterEntry

START = int(datetime(2026, 3, 2, 0, 0, tzinfo=UTC).timestamp() * 1000)
SPEED = 600
PARTIES = tuple(city_law.PARTIES.items())


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
    people = [*city_law.PARTIES, "street", "principal", "centre", "desk", "chief", "checker", "supervisor"]
    roster = [
        RosterEntry(f"{role}-{n}", role, role, on_duty="work" if role in ("street", "residents") else "always")
        for role in people
        for n in (1, 2)
    ]
    roster += [RosterEntry(f"{code}-1", code, "department", org=code) for code in ("urban", "fire", "water")]
    return tuple(roster)


def _clocks() -> dict[str, dict[str, Limit | None]]:
    each = limits(Limit(5, "minute"), Limit(15, "minute"), Limit(2, "work_hour"), Limit(4, "work_hour"))
    own = {"accept": each, "contact": each, "triage": every(Limit(15, "minute")), "report_in": each}
    return own | {kind: city_law.CLOCKS[kind] for kind in ("check", "survey", "forget")}


TIERS = tuple(
    replace(tier, label=tier.name, nobody_on_duty="skip" if tier.name == "grid" else "wait") for tier in city_law.TIERS
)
CATEGORIES = (
    Category("bins", "bins", "垃圾", "city", "U3", Limit(4, "work_hour"), lead="urban"),
    Category("lift", "lift", "电梯", "city", "U2", Limit(2, "urgent_hour"), lead="urban", co=("fire",)),
    Category("fire", "fire", "火情", "safety", "U1", Limit(30, "minute"), lead="fire", co=("water",)),
    Category("wall", "wall", "墙", "city", "U4", Limit(2, "work_day"), parties=("residents", "backstop"), lead="urban"),
    Category("pipe", "pipe", "水管", "city", "U3", Limit(1, "urgent_day"), starts_at="street", lead="water"),
)


def town() -> PackBundle:
    """One street, two communities of two grids, three departments, a ladder of five tiers, all units of limits."""
    years = {"2026": city_law.CALENDAR.years["2026"]}
    return city_bundle(
        name="town",
        title="Town",
        levels=("city", "street", "community", "grid"),
        home_level="community",
        ladders={"default": TIERS},
        clocks=_clocks(),
        nodes=_nodes(),
        categories=CATEGORIES,
        roster=_roster(),
        dismiss_reasons=(),
        force_majeure=(
            ForceMajeure(START + 3 * HOUR, START + 5 * HOUR, ("east",), "flood"),
            ForceMajeure(START + 26 * HOUR, START + 33 * HOUR, (), "storm"),
        ),
        calendar=replace(city_law.CALENDAR, name="plain@1", years=years),
    )


def ref_of(bundle: PackBundle) -> str:
    """Name a bundle by its hash, as it is published."""
    return reference.ref_of(bundle.name, encode(bundle))


REF = ref_of(town())
