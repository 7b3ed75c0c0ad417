"""LAW 2, 4: a ticket keeps the pack it was filed under until it is put under another one, and every changed deadline is
written down."""

from msgspec.structs import replace

from tests.support.city import City, at, city_bundle, year_of_weekdays
from topics.pack import Calendar, ForceMajeure, Limit, PackBundle


def tuesday_off() -> PackBundle:
    """The same city, in which Tuesday 3 March 2026 is a holiday."""
    bundle = city_bundle()
    year = year_of_weekdays(2026)
    days = year[:61] + "0" + year[62:]  # 31 + 28 + 3 = the 62nd day
    return replace(bundle, calendar=Calendar("weekdays@2", "Asia/Shanghai", bundle.calendar.hours, 480, {"2026": days}))


def test_a_new_calendar_touches_open_tickets_only_when_told_and_says_what_changed() -> None:
    """Eight working hours from Monday 14:00 end on Tuesday 12:00; with Tuesday off on Wednesday 12:00: four on Monday
    count."""
    city = City().at("14:00")
    city.report("T", "bins")
    assert city["T"].clocks[0].limit_ms and city["T"].pack == "toytown@1"
    city.work("T", until="start")
    assert city["T"].deadline_at == at("12:00", 1)
    city.adopt("toytown@2", tuesday_off())
    assert city["T"].deadline_at == at("12:00", 1)
    city.at("16:00")
    assert city.ask("rebase", "T", "chief:chief-1") == "reason_missing"
    assert city.ask("rebase", "T", "chief:chief-1", reason="holiday decreed") == "done_as_asked"
    assert (city["T"].pack, city["T"].deadline_at) == ("toytown@2", at("12:00", 2))
    said = city.expect("TicketRebased", former_pack="toytown@1", pack="toytown@2")
    assert said.facts["deadlines"] == [["resolve", "0", at("12:00", 1), at("12:00", 2)]]
    assert city.ask("rebase", "T", "chief:chief-1", reason="again") == "no_change"


def test_limits_come_from_the_new_pack_and_rungs_that_fired_do_not_repeat() -> None:
    """Eight hours become sixteen after 50 % had fired: 50 % does not fire again, 80 % moves."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="start")
    city.at("15:00")
    bundle = city_bundle()
    longer = tuple(replace(c, limit=Limit(16, "work_hour")) if c.code == "bins" else c for c in bundle.categories)
    city.adopt("toytown@2", replace(bundle, categories=longer))
    assert city.ask("rebase", "T", "chief:chief-1", reason="new catalogue") == "done_as_asked"
    city.at("17:00", 2)
    fired = [
        event.facts["rung"]
        for event in city.events("ClockAtRisk", "ClockBreached")
        if event.facts["clock"] == "resolve"
    ]
    assert fired == [50, 80, 100]


def test_what_the_new_pack_does_not_know_is_refused() -> None:
    """A category, a grid, a tier that are gone."""
    for changes, reason in (
        ({"categories": tuple(c for c in city_bundle().categories if c.code != "bins")}, "category_unknown"),
        ({"nodes": tuple(n for n in city_bundle().nodes if n.code != "east1")}, "grid_unknown"),
        ({"ladders": {**city_bundle().ladders, "default": city_bundle().ladders["default"][1:]}}, "tier_unknown"),
    ):  # fmt: skip
        city = City()
        city.report("T", "bins")
        city.adopt("toytown@2", city_bundle(**changes))
        assert city.ask("rebase", "T", "chief:chief-1", reason="x") == reason
        assert city["T"].pack == "toytown@1"


def test_a_ticket_is_placed_anew() -> None:
    """Within its home it is noted; in another home it is filed there with what it carries; nowhere is refused."""
    city = City()
    city.report("T", "bins")
    assert city.ask("place", "T", "desk:desk-1", grid="moon", reason="seen") == "grid_unknown"
    assert city.ask("place", "T", "desk:desk-1", grid="city", reason="seen") == "grid_unknown"
    assert city.ask("place", "T", "desk:desk-1", grid="east1", reason="seen") == "no_change"
    assert city.ask("place", "T", "desk:desk-1", grid="east2", reason="seen") == "done_as_asked"
    assert city["T"].leaf == "east2"
    city.report("U", "bins", home="unplaced", leaf=None)
    assert city["U"].status == "received"
    assert city.ask("place", "U", "desk:desk-1", grid="hill1", reason="caller rang again") == "done_as_asked"
    assert city["U"].close_reason == "referred"
    arrived = city.refer_in("V")
    assert (arrived.home, arrived.leaf, arrived.status, arrived.hops) == ("hill", "hill1", "offered", 1)


def test_declared_force_majeure_holds_the_limits_of_its_area_and_nobody_elses() -> None:
    """Eight working hours from Monday 08:00; flooded from 10:00 to Tuesday 10:00: due on Tuesday 18:00; on the hill on
    Monday 18:00."""
    flood = ForceMajeure(at("10:00"), at("10:00", 1), ("north",), "flood")
    city = City(city_bundle(force_majeure=(flood,)))
    for name, home in (("T", "east"), ("U", "hill")):
        city.report(name, "bins", home=home, leaf=f"{home}1")
        city.work(name, until="accept")
    assert (city["T"].deadline_at, city["U"].deadline_at) == (at("18:00", 1), at("18:00"))
    city.at("14:00", 1)
    fired = [
        event.facts["rung"]
        for event in city.events("ClockAtRisk", "ClockBreached")
        if event.ticket == city["T"].id and event.facts["clock"] == "resolve"
    ]
    assert fired == [50]


def test_what_is_broken_before_the_flood_does_not_stand_still() -> None:
    """Broken on Monday 18:00, flooded on Tuesday: 150 % four working hours after, on Tuesday at 12:00, all the same."""
    flood = ForceMajeure(at("06:00", 1), at("20:00", 1), (), "flood")
    city = City(city_bundle(force_majeure=(flood,)))
    city.report("T", "bins")
    city.work("T", until="accept")
    city.at("23:00", 1)
    moments = {
        event.facts["rung"]: event.facts["due_at"]
        for event in city.events("ClockBreached")
        if event.facts["clock"] == "resolve"
    }
    assert moments == {100: at("18:00"), 150: at("12:00", 1)}


def test_a_flood_declared_later_reaches_open_tickets_by_rebasing_and_never_backwards() -> None:
    """Declared at 16:00 for the whole day: what had run until 16:00 has run."""
    city = City()
    city.report("T", "bins")
    city.work("T", until="accept")
    city.at("16:00")
    city.adopt("toytown@2", city_bundle(force_majeure=(ForceMajeure(at("08:00"), at("08:00", 2), ("east",), "flood"),)))
    assert city["T"].deadline_at == at("18:00")
    assert city.ask("rebase", "T", "chief:chief-1", reason="flood") == "done_as_asked"
    assert city["T"].deadline_at == at("10:00", 2)


def test_a_dismissal_is_appealed_once_and_the_ticket_begins_anew_without_a_second_count() -> None:
    """Offered, reminded at 50 %, dismissed, appealed: the desk has it again; filed again its rungs are those of another
    generation."""
    city = City()
    city.report("T", "bins")
    city.at("14:00")
    assert city.ask("dismiss", "T", "desk:desk-1", reason="not_ours", text="not ours") == "done_as_asked"
    assert city.ask("appeal", "T", "reporter:r") == "reason_missing"
    assert city.ask("appeal", "T", "reporter:r", reason="it is yours") == "done_as_asked"
    assert (city["T"].status, city["T"].task, city["T"].generation, city["T"].offers) == ("received", "triage", 1, ())
    city.at("14:16")
    assert city.ask("file", "T", "desk:desk-1", category="bins") == "done_as_asked"
    assert (city["T"].status, city["T"].resolve_limit_ms, city.book.quotas["east"].split) == (
        "offered",
        8 * 3_600_000,
        1,
    )
    city.at("18:00", 2)
    keys = [decision.id for decision in city.decisions if decision.id.startswith("clock:")]
    assert len(keys) == len(set(keys)) and sum(key.endswith(":resolve:0:50") for key in keys) == 2
    assert city.ask("dismiss", "T", "desk:desk-1", reason="not_ours", text="no") in (
        "done_as_asked",
        "not_in_this_status",
    )
    city.report("U", None)
    for reason in ("done_as_asked", "appealed_before"):
        city.ask("dismiss", "U", "desk:desk-1", reason="not_ours", text="no")
        assert city.ask("appeal", "U", "reporter:r", reason="yes") == reason


def test_a_dismissal_is_not_appealed_after_a_month() -> None:
    """Thirty days, as with reopening."""
    city = City()
    city.report("T", None)
    city.ask("dismiss", "T", "desk:desk-1", reason="not_ours", text="no")
    city.at("08:01", 30)
    assert city.ask("appeal", "T", "reporter:r", reason="late") == "too_late"
