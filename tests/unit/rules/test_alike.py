"""LAW 6: what may be the same is proposed with a score and merged only where the pack says so; a flood is folded into
one."""

import random
from typing import Any

import pytest

from rules.ticket import duplicates
from tests.support.city import MINUTE, City, at, city_bundle, replay
from tests.support.cpu import cpu_seconds
from topics.decision import facts_of
from topics.pack import Alike, Storm
from topics.vocabulary import Status

NEAR: dict[str, Any] = {"lat_e7": 347_500_000, "lon_e7": 1_136_800_000}
RULE = Alike("same-spot", 120, 60, 70)


def looking(**changes: Any) -> City:
    """A city that looks for duplicates."""
    return City(city_bundle(alike=(RULE,)) if not changes else city_bundle(**changes))


def test_a_second_report_of_the_same_thing_is_proposed_and_left_to_a_person() -> None:
    """Same home, category, time and place, words in another order; nothing is merged by itself."""
    city = looking()
    city.report("T", "bins", text="rubbish bin at the north gate overflowing", **NEAR)
    city.report("U", "bins", text="overflowing rubbish bin, the north gate", **NEAR)
    said = city.expect("DuplicateProposed", of=city["T"].id, by="same-spot")
    assert said.ticket == city["U"].id and 70 <= said.facts["score"] <= 100
    assert city["U"].status is Status.OFFERED
    assert city.ask("duplicate_of", "U", "desk:desk-1", target=city["T"].id) == "done_as_asked"


@pytest.mark.parametrize(
    "other",
    [
        {"category": "leak"}, {"home": "west", "leaf": "west1"}, {"text": "dog barks all night long"},
        {"lat_e7": 347_507_000}, {"lon_e7": 1_136_810_000}, {"later": 121},
    ],
    ids=["category", "home", "words", "north", "east", "late"],
)  # fmt: skip
def test_what_differs_is_not_proposed(other: dict[str, Any]) -> None:
    """78 m to the north, 91 m to the east, two hours later."""
    city = looking()
    city.report("T", "bins", text="bin overflowing", **NEAR)
    city.now += other.pop("later", 1) * MINUTE
    city.report("U", **{"category": "bins", "text": "bin overflowing", **NEAR, **other})
    assert not city.events("DuplicateProposed")


def test_without_points_the_same_grid_will_do_and_what_has_ended_is_no_twin() -> None:
    """East 1 and east 1 are near, east 2 is not; a closed ticket takes no duplicates."""
    city = looking()
    city.report("T", "bins", text="bin full")
    city.report("U", "bins", text="bin full", leaf="east2")
    assert not city.events("DuplicateProposed")
    city.ask("close_by_source", "T", "source:app", reason="closed")
    city.report("V", "bins", text="bin full")
    assert not city.events("DuplicateProposed")
    city.report("W", "bins", text="bin full")
    assert city.expect("DuplicateProposed").facts["of"] == city["V"].id


def test_a_rule_named_in_the_pack_merges_at_once_and_a_person_may_undo_it() -> None:
    """Both reporters stay; the earlier deadline counts; unmerged, each has its own again."""
    city = looking(alike=(Alike("camera", 60, 20, 100, ("bins",), merges=True),))
    city.report("T", "bins")
    city.at("09:00")
    city.report("U", "bins", can_reach_reporter=True)
    assert (city["U"].status, city["U"].merged_into, city["T"].merged_here) == (
        Status.MERGED,
        city["T"].id,
        (city["U"].id,),
    )
    assert city["T"].can_reach_reporter
    assert city.ask("unmerge", "U", "desk:desk-1", reason="two bins") == "done_as_asked"
    resolve = next(clock for clock in city["U"].clocks if clock.kind == "resolve")
    assert (city["U"].status, resolve.started_at) == (Status.OFFERED, at("09:00"))


def test_a_flood_is_folded_and_its_rungs_inform_the_one_that_is_worked() -> None:
    """The fourth of a kind within an hour does not climb while the first is open; then it stands on its own."""
    city = looking(storm=Storm(3, 60))
    for name in "ABCDE":
        city.report(name, "bins")
        city.work(name, until="accept")
    assert [city[name].folded_into for name in "ABCDE"] == [None, None, None, city["A"].id, city["A"].id]
    city.at("18:00")
    assert city["C"].tier == "community" and city["D"].tier == "grid" and city["D"].is_overdue
    told = [event for event in city.events("ProgrammeTold") if event.ticket == city["D"].id]
    assert [facts_of(event) for event in told] == [{"programme": city["A"].id, "rung": 100}]


def test_a_flood_that_goes_on_for_hours_stays_with_the_one_that_is_worked() -> None:
    """Twenty minutes apart, the first leaves the window; those folded later name it all the same, and no chain
    grows."""
    city = looking(storm=Storm(2, 50))
    for n in range(12):
        city.report(f"T{n}", "bins")
        city.now += 20 * MINUTE
    assert [city[f"T{n}"].folded_into for n in range(12)] == [None, None, *[city["T0"].id] * 10]


def test_no_clock_of_a_folded_ticket_moves_it() -> None:
    """Nobody accepts, the limit breaks: whoever has the first hears of each rung; a person may still move it, and then
    its leg moves nothing either."""
    city = looking(storm=Storm(2, 60))
    for name in "ABC":
        city.report(name, "bins")
    city.at("08:00", 1)
    assert (city["C"].tier, city["C"].status, len(city["C"].offers)) == ("grid", Status.OFFERED, 1)
    assert city["B"].tier != "grid"
    broken = [event.facts["clock"] for event in city.events("ClockBreached") if event.ticket == city["C"].id]
    assert broken == ["accept", "resolve"]
    assert len([event for event in city.events("ProgrammeTold") if event.ticket == city["C"].id]) == 2
    assert city.ask("escalate", "C", "chief:chief-1", target="street", reason="look") == "done_as_asked"
    city.ask("accept", "C", "street:north-street")
    city.at("08:00", 4)
    assert city["C"].tier == "street" and not city["C"].supervised_by


def test_what_is_remembered_is_the_state_alone() -> None:
    """However often the partition is opened anew, the same is proposed, folded and merged, byte by byte; also after
    another pack."""
    draw = random.Random(5)
    city = looking(alike=(RULE, Alike("camera", 600, 20, 90, ("leak",), merges=True)), storm=Storm(4, 60))
    words = ["bin overflowing at the gate", "gate: bin overflowing", "bin", "water everywhere", ""]
    for n in range(150):
        city.now += draw.randrange(20) * MINUTE
        home = draw.choice(["east", "west"])
        city.report(
            f"T{n}",
            draw.choice(["bins", "bins", "leak"]),
            home=home,
            leaf=draw.choice([f"{home}1", f"{home}2"]),
            text=draw.choice(words),
        )
        some = draw.choice(sorted(city.book.tickets))
        kind, fields = draw.choice(
            list[tuple[str, dict[str, Any]]](
                [
                    ("recategorise", {"category": "leak"}),
                    ("place", {"grid": "east2"}),
                    ("close_by_source", {}),
                    ("unmerge", {}),
                ]
            )
        )
        city.ask(kind, some, "source:app" if kind == "close_by_source" else "desk:desk-1", reason="so", **fields)
    assert len(city.events("DuplicateProposed")) > 20 and city.events("TicketFolded") and city.events("TicketMerged")
    assert replay(city.laws, city.causes, reopen_every=7) == city.log()


def test_distances_are_good_to_two_per_cent() -> None:
    """Against the great circle, in the latitudes of our cities."""
    from math import cos, hypot, radians

    draw = random.Random(3)
    for _ in range(2000):
        lat, lon = draw.uniform(20, 50), draw.uniform(-120, 120)
        dlat, dlon = draw.uniform(-0.003, 0.003), draw.uniform(-0.003, 0.003)
        true = hypot(dlat, dlon * cos(radians(lat))) * 111_320
        a, b = (round(lat * 1e7), round(lon * 1e7)), (round((lat + dlat) * 1e7), round((lon + dlon) * 1e7))
        assert duplicates.are_within(int(true * 1.02) + 2, a, b) and not duplicates.are_within(
            int(true * 0.98) - 2, a, b
        )


def test_long_texts_of_a_busy_home_cost_no_step() -> None:
    """256 open tickets of 4,000 characters each: a report more is looked at in a hundredth of a second, and its
    beginning tells."""
    city = looking()
    words = [f"{n * 7919 % 9973}" for n in range(800)]
    for n in range(256):
        city.report(f"L{n}", "bins", text=" ".join(words[n:] + words[:n])[:4000], **NEAR)
    turns = iter((90, 50, 5))

    def report() -> None:
        at = next(turns)
        city.report(f"U{at}", "bins", text=" ".join(words[at:] + words[:at])[:4000], **NEAR)

    assert cpu_seconds(report) < 0.05
    proposed = city.events("DuplicateProposed")[-1]
    assert (proposed.ticket, proposed.facts["of"], proposed.facts["score"]) == (city["U5"].id, city["L5"].id, 100)
