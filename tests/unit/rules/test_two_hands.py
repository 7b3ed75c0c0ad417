"""LAW 4, 6: giving back, more time, parking, waiting for the reporter: two hands, once, never after the limit; clocks
to the minute."""

import pytest

from tests.support.city import DAY, HOUR, MINUTE, City, at
from topics.ticket import Clock
from topics.vocabulary import ClockKind, Status

HOLDER = "red_property:red_property-1"


def accepted(category: str = "bins") -> tuple[City, str]:
    """A city in which somebody has accepted T, and who that is."""
    city = City()
    city.report("T", category)
    city.work("T", until="accept")
    return city, city.holder("T")


def resolve(city: City) -> Clock:
    """The statutory clock."""
    return next(clock for clock in city["T"].clocks if clock.kind == ClockKind.RESOLVE)


def test_parking_needs_two_levels_and_holds_the_clock_to_the_minute() -> None:
    """Asked at 10:00 with two of eight working hours gone; parked to Thursday 08:00; due six working hours later."""
    city, holder = accepted()
    city.at("10:00")
    assert city.ask("park", "T", holder, reason="frost", until=at("08:00", 3)) == "done_as_asked"
    assert city.ask("approve", "T", "chief:chief-1") == "done_as_asked"
    assert city["T"].status is Status.ACCEPTED
    assert city.ask("approve", "T", "chief:chief-2") == "same_hands"
    assert city.ask("approve", "T", "supervisor:supervisor-1") == "done_as_asked"
    assert (city["T"].status, city["T"].deadline_at, resolve(city).paused_reason) == (
        Status.PARKED,
        at("08:00", 3),
        "parked",
    )
    city.at("08:01", 3)
    assert (city["T"].status, city["T"].deadline_at) == (Status.ACCEPTED, at("16:00", 3))
    assert not [
        event
        for decision in city.decisions
        for event in decision.events
        if event.type == "ClockBreached" and event.facts["clock"] == "resolve"
    ]
    assert city.ask("park", "T", holder, reason="again", until=at("08:00", 9)) == "paused_before"


def test_unparked_early_it_goes_on_where_it_stood() -> None:
    """Parked for 40 days, reminded of 30 days before, ended by the chief."""
    city, holder = accepted()
    city.ask("park", "T", holder, reason="frost", until=at("08:00", 40))
    city.ask("approve", "T", "chief:chief-1")
    city.ask("approve", "T", "supervisor:supervisor-1")
    city.at("08:01", 10)
    reminded = [
        event.facts["number"] for decision in city.decisions for event in decision.events if event.type == "ClockAtRisk"
    ]
    assert reminded == ["reminder"] and city["T"].status == "parked"
    assert city.ask("unpark", "T", "chief:chief-1") == "done_as_asked"
    assert city["T"].status is Status.ACCEPTED and {clock.kind for clock in city["T"].clocks} == {"resolve"}


def test_an_extension_adds_the_original_limit_twice_at_most_and_never_after_the_limit() -> None:
    """Four hours become eight, then twelve; the third is refused, and so is one asked for when it is late."""
    city, holder = accepted("leak")
    for hours in (8, 12):
        assert city.ask("extend", "T", holder, reason="parts") == "done_as_asked"
        assert city.ask("extend", "T", holder, reason="parts") == "asked_already"
        assert city.ask("approve", "T", "chief:chief-1") == "done_as_asked"
        assert city["T"].deadline_at == at("08:00") + hours * HOUR
    assert city.ask("extend", "T", holder, reason="parts") == "too_many_extensions"
    late, holder = accepted("leak")
    assert late.ask("extend", "T", holder, reason="parts") == "done_as_asked"
    late.now = at("12:01")
    assert late.ask("approve", "T", "chief:chief-1") == "overdue"


def test_nobody_agrees_with_himself_and_what_is_denied_stays_as_it_was() -> None:
    """The holder of the street may not approve his own request."""
    city = City()
    city.report("T", "road")
    city.work("T", until="accept")
    before = city["T"]
    street = city.holder("T")
    assert city.ask("extend", "T", "red_property:red_property-1", reason="x") == "not_your_ticket"
    assert city.ask("approve", "T", "chief:chief-1") == "nothing_asked"
    assert city.ask("extend", "T", street, reason="parts") == "done_as_asked"
    assert city.ask("approve", "T", street) == "same_hands"
    assert city.ask("deny", "T", "chief:chief-1", reason="no") == "done_as_asked"
    assert city["T"].clocks == before.clocks and city["T"].asked is None


def test_what_is_sent_back_goes_to_another_party_and_the_clock_runs_on() -> None:
    """Two hands; not to the one who bounced it; the deadline does not move."""
    city, holder = accepted()
    before = city["T"]
    city.at("09:00")
    assert city.ask("send_back", "T", holder, reason="not ours") == "done_as_asked"
    assert city.ask("approve", "T", "desk:desk-1") == "done_as_asked"
    after = city["T"]
    assert after.status is Status.OFFERED and after.party != before.party and after.tier == "grid"
    assert resolve(city).running_since == before.filed_at and after.asked is None


def test_waiting_for_the_reporter_ends_by_itself_after_five_working_days_in_all() -> None:
    """Twice at most; the limit stands meanwhile; whoever handles it cannot do it alone."""
    city, holder = accepted()
    assert city.ask("wait_reporter", "T", holder, reason="which door?") == "role_not_allowed"
    assert city.ask("resume", "T", holder) == "not_paused"
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="which door?") == "done_as_asked"
    city.at("12:00", 1)
    assert city.ask("resume", "T", holder) == "done_as_asked"
    assert city["T"].waited_ms == 12 * HOUR
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="which floor?") == "done_as_asked"
    city.at("18:01", 4)
    assert city["T"].waited_ms == 40 * HOUR
    assert resolve(city).running_since is not None
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="again") == "paused_before"


def test_another_category_re_bases_the_limit_and_keeps_what_was_consumed() -> None:
    """An hour and a half of a leak's four hours are gone; as bins it has eight working hours, of which as many are
    gone."""
    city, _ = accepted("leak")
    city.at("09:30")
    assert city.ask("recategorise", "T", "chief:chief-1", category="bins", reason="no leak") == "done_as_asked"
    assert (city["T"].category, city["T"].resolve_limit_ms, resolve(city).consumed_ms) == (
        "bins",
        8 * HOUR,
        90 * MINUTE,
    )
    assert city["T"].deadline_at == at("18:00")
    assert city.ask("recategorise", "T", "chief:chief-1", category="bins", reason="so") == "no_change"


def test_an_order_is_lifted_by_its_issuer_alone_and_followers_stay() -> None:
    """督办; 全程跟."""
    city, holder = accepted()
    assert city.ask("supervise", "T", "chief:chief-1", reason="watch it") == "done_as_asked"
    assert city.ask("lift", "T", "supervisor:supervisor-1") == "not_its_issuer"
    assert city.ask("lift", "T", "chief:chief-1") == "done_as_asked"
    assert city.ask("follow", "T", "reporter:r") == "done_as_asked"
    assert city.ask("follow", "T", "reporter:r") == "no_change"
    assert city.ask("attach", "T", holder, proof=("a", "b")) == "done_as_asked"
    city.ask("start", "T", holder)
    city.ask("finish", "T", holder, text="done", proof=("p",))
    assert city["T"].followers == ("reporter:r",) and city["T"].attached == ("a", "b")


@pytest.mark.parametrize("answered", [True, False])
def test_somebody_is_sent_to_look_before_filing(answered: bool) -> None:
    """Half an hour; triage runs on; the desk has it again whether anything was said or not."""
    city = City()
    city.report("T", None)
    assert city.ask("send_verify", "T", "desk:desk-1") == "done_as_asked"
    looker = city["T"].person
    assert city["T"].status is Status.VERIFYING and looker.startswith("checker")
    if answered:
        assert city.ask("verify_result", "T", f"checker:{looker}", passed=True, text="it is so") == "done_as_asked"
    else:
        city.at("08:31")
    assert (city["T"].status, city["T"].duty) == (Status.RECEIVED, "desk")
    assert "triage" in {clock.kind for clock in city["T"].clocks} or not answered


def test_put_right_on_the_spot_with_proof_of_before_and_after() -> None:
    """随手清: one photo is not enough; closed, marked for a sample, forgotten later."""
    city = City()
    city.report("T", None)
    assert city.ask("spot_fix", "T", HOLDER, proof=("before",)) == "proof_missing"
    assert city.ask("spot_fix", "T", HOLDER, proof=("before", "after")) == "done_as_asked"
    assert (city["T"].status, city["T"].close_reason) == (Status.CLOSED, "spot_fixed")
    city.at("08:00", 36)
    assert DAY and not city.book.tickets


def test_every_fifth_spot_fix_is_checked_by_somebody_else() -> None:
    """Evenly, without a draw; passed it goes its way; failed the desk has it again, under a triage clock of its own."""
    city = City()
    for n in range(10):
        city.report(f"T{n}", None)
    city.at("08:16")  # triage of all has been told
    for n in range(10):
        city.ask("spot_fix", f"T{n}", HOLDER, proof=("before", "after"))
    sampled = [n for n in range(10) if city[f"T{n}"].status is Status.DONE]
    assert len(sampled) == 2 and city[f"T{sampled[0]}"].task == "check"
    good, bad = (f"T{n}" for n in sampled)
    assert city.ask("check", good, "checker:checker-1", passed=True) == "done_as_asked"
    assert city[good].status is Status.SURVEYED
    assert city.ask("check", bad, "checker:checker-1", passed=False, reason="still there") == "done_as_asked"
    assert (city[bad].status, city[bad].task) == (Status.RECEIVED, "triage")
    city.at("09:00")
    keys = [decision.id for decision in city.decisions if decision.id.startswith(f"clock:{city[bad].id}")]
    assert len(keys) == len(set(keys)) == 3  # triage at 100 % of the first, and 100 and 200 % of the second, each once
    assert city.ask("file", bad, "desk:desk-1", category="bins") == "done_as_asked"
