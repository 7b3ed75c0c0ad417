"""Inside and outside the walls, pilots under one grid, wishes, teams, rules that fail (LAW 2, 6; FIELD 2)."""

from typing import Any

from msgspec.structs import replace

from rules.ticket import team
from tests.support.city import HOUR, City, at, city_bundle, rule
from topics.pack import Category, Limit, PackBundle, RosterEntry
from topics.vocabulary import Status

COMMITTEES = tuple(RosterEntry(f"{role}-1", role, role) for role in ("residents_committee", "owners_committee"))


def walled(consent: str = "parallel", **changes: Any) -> PackBundle:
    """East 1 lies inside the walls, east around it outside, where the street has it; walls are a matter of consent."""
    bundle = city_bundle()
    sides = {"east": "outside", "east1": "inside"}
    nodes = tuple(replace(node, wall=sides.get(node.code, "")) for node in bundle.nodes)
    categories = tuple(replace(c, consent=consent) if c.code == "bins" else c for c in bundle.categories)
    outside = rule("platform", 'wall == "outside"', {"starts_at": "street"}, "wall")
    return city_bundle(
        nodes=nodes, categories=categories, rules=(outside,), roster=(*bundle.roster, *COMMITTEES), **changes
    )


def test_inside_the_walls_three_must_agree_before_work_begins() -> None:
    """In any order; each once; whoever is no committee has no say."""
    city = City(walled())
    city.report("T", "bins")
    assert city["T"].consent == "parallel"
    city.work("T", until="accept")
    holder = city.holder("T")
    assert city.ask("start", "T", holder) == "consent_missing"
    assert city.ask("finish", "T", holder, text="x", proof=("p",)) == "consent_missing"
    for role in ("owners_committee", "red_property"):
        assert city.ask("consent", "T", f"{role}:{role}-1", passed=True) == "done_as_asked"
        assert city.ask("consent", "T", f"{role}:{role}-1", passed=True) == "nothing_asked"
    assert city.ask("consent", "T", "specialist:specialist-1", passed=True) == "role_not_allowed"
    assert city.ask("start", "T", holder) == "consent_missing"
    assert city.ask("consent", "T", "residents_committee:residents_committee-1", passed=True) == "done_as_asked"
    assert city.ask("start", "T", holder) == "done_as_asked"


def test_one_after_another_where_the_pack_says_so_and_a_no_goes_up() -> None:
    """Residents' committee first; the owners say no: the community decides without them."""
    city = City(walled("sequential"))
    city.report("T", "bins")
    assert city.ask("consent", "T", "owners_committee:owners_committee-1", passed=True) == "not_your_turn"
    assert city.ask("consent", "T", "residents_committee:residents_committee-1", passed=True) == "done_as_asked"
    assert city.ask("consent", "T", "owners_committee:owners_committee-1", passed=False) == "reason_missing"
    assert (
        city.ask("consent", "T", "owners_committee:owners_committee-1", passed=False, reason="no money")
        == "done_as_asked"
    )
    assert city["T"].tier != "grid" or city["T"].party == "backstop"
    assert city["T"].consent is None
    city.work("T")


def test_outside_the_walls_the_platform_has_it() -> None:
    """By the grid it lies in: around east 1 the street has it at once, and no committee is asked; in east 2 as well,
    since east says so."""
    city = City(walled())
    for leaf in (None, "east2"):
        city.report("T", "bins", leaf=leaf)
        assert (city["T"].tier, city["T"].consent) == ("street", None)


def test_a_pilot_holds_under_its_grid_only() -> None:
    """The west tries half the time; the east does not."""
    pilot = replace(
        rule(
            "pilot", 'category == "leak"', {"limit": {"amount": 2, "unit": "urgent_hour"}}, "category", "home", "leaf"
        ),
        under=("west",),
    )
    city = City(city_bundle(rules=(pilot,)))
    limits = {}
    for home in ("east", "west", "hill"):
        limits[home] = city.report("T", "leak", home=home, leaf=f"{home}2").resolve_limit_ms // HOUR
    assert limits == {"east": 4, "west": 2, "hill": 4}


def test_a_wish_ages_without_a_limit() -> None:
    """No rung fires in a hundred days, no deadline is shown; all else is as with any ticket."""
    bundle = city_bundle()
    wish = Category("wish", "Wish", "微心愿", "life", "U4", Limit(15, "urgent_day"), parties=("residents",), wish=True)
    city = City(replace(bundle, categories=(*bundle.categories, wish)))
    city.report("T", "wish")
    city.work("T", until="start")
    city.at("08:00", 100)
    assert not [
        event for event in city.events("ClockBreached", "ClockAtRisk") if event.facts["clock"] in ("resolve", "leg")
    ]
    assert (city["T"].status, city["T"].deadline_at, city["T"].is_overdue, city["T"].tier) == (
        Status.HANDLING,
        None,
        False,
        "grid",
    ) and not city["T"].flags
    assert city.ask("escalate", "T", city.holder("T"), reason="too big") == "done_as_asked"
    city.work("T")
    assert city.ask("check", "T", "checker:checker-1", passed=True) == "done_as_asked"


def test_a_team_stands_beside_the_owner() -> None:
    """One owner and helpers by category; a skill nobody has is noted, and holds nothing up; whoever is named may
    finish."""
    bundle = city_bundle()
    skilled = RosterEntry("mediator-1", "mediator", "specialist", skills=("mediation",))
    categories = tuple(
        replace(c, team=("specialist:mediation", "backstop", "specialist:law")) if c.code == "road" else c
        for c in bundle.categories
    )
    city = City(replace(bundle, categories=categories, roster=(*bundle.roster, skilled)))
    city.report("T", "road")
    assert (city["T"].helpers[0].party, city["T"].helpers[0].person) == ("specialist", "mediator-1") and len(
        city["T"].helpers
    ) == 2
    assert ("specialist:law", "nobody_for_the_team") in city.decisions[-1].why.refused
    assert city["T"].helpers[1].person == "backstop-2"
    assert city.ask("finish", "T", "backstop:backstop-1", text="done", proof=("p",)) == "not_your_ticket"
    assert city.ask("finish", "T", "backstop:backstop-2", text="done", proof=("p",)) == "done_as_asked"


def test_each_of_the_five_stages_has_an_owner_or_says_that_it_has_none() -> None:
    """Patrolled, reported, owned, solved, supervised."""
    city = City()
    city.report("T", "bins")
    law = next(iter(city.laws.values()))
    assert team.stage_owners(law, city["T"]) == {
        "patrolled": "residents",
        "reported": "app:T",
        "owned": city["T"].person,
        "solved": None,
        "supervised": "supervisor-1",
    }
    city.work("T")
    city.ask("supervise", "T", "centre:centre-2", reason="x")
    owners = team.stage_owners(law, city["T"])
    assert owners["solved"] and owners["supervised"] == "centre-2"


def test_a_rule_that_fails_sends_the_ticket_to_the_backstop_and_says_so() -> None:
    """Never to nowhere: reason rule_error, counted direct, flagged with the rule's name; what life hangs on goes its
    way all the same."""
    failing = rule("floors", "attributes.floor > 3", {"urgency": "U1"}, "attributes")
    city = City(city_bundle(rules=(failing,)))
    city.report("T", "bins")
    assert city.decisions[-1].reason == "rule_error" and city["T"].flags == ("rule_error:floors",)
    assert (city["T"].party, city.book.quotas["east"].direct, city.book.quotas["east"].split) == ("backstop", 1, 0)
    city.report("F", "fire")
    assert city["F"].status is Status.WHISTLED
    city.report("P", "bins", promised_by=city.now + HOUR)
    assert city.decisions[-1].reason == "rule_error" and city["P"].flags == ("rule_error:floors", "promise_too_short")
    city.report("U", "bins", attributes={"floor": 2})
    assert city.decisions[-1].reason == "reported"


def test_beyond_the_calendar_nothing_is_guessed_and_the_ticket_says_so() -> None:
    """Four days before the table ends, eight working hours still fit; eighty do not."""
    bundle = city_bundle()
    years = {"2026": bundle.calendar.years["2026"][:63]}  # up to Wednesday 4 March
    city = City(replace(bundle, calendar=replace(bundle.calendar, years=years)))
    city.at("17:00", 1)
    city.report("T", "road")
    assert city["T"].deadline_at is None
    city.work("T", until="accept")
    assert "beyond_horizon" in city["T"].flags
    assert city.report("U", "leak").deadline_at == at("21:00", 1)
