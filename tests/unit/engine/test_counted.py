"""What Prometheus is told of a story is what the audit says of it."""

from collections import Counter

import msgspec
import pytest

from engine.audit import figures
from engine.observability.metrics import StageMetrics
from engine.stages.dispatch_metrics import Counted
from engine.stages.fanout import FanoutCore
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Kept, Outcome
from rules.state.partition_state import Book
from tests.support.city import PARTIES, City
from tests.support.fetched import fetched
from tests.support.poison import law_of
from topics import codec
from topics.decision import Change, Decision, Event, Why
from topics.ids import DecisionId
from topics.incident import REPORTED
from topics.ticket import Quota

LAW = law_of("guancheng")
HOME = next(iter(LAW.homes))
STREET = LAW.street_of(HOME) or HOME


def decision(*events: Event, why: Why = Why(), at: int = 1_000) -> Decision:
    """One that changes a ticket."""
    after = msgspec.Raw(b'{"attributes":{"exercise":true},"id":"t"}')
    return Decision(
        id=DecisionId("incidents:0:1"),
        at=at,
        cause="incident",
        reason="reported",
        home=HOME,
        events=events,
        changes=(Change("t", 1, after),),
        why=why,
    )


def told(*outcomes: tuple[Outcome, int | None], speed: int = 1) -> StageMetrics:
    """What is told at the end of a step."""
    metrics = StageMetrics("dispatch")
    counted = Counted(metrics, 3, speed)
    counted.begin(Book({LAW.ref: LAW}), LAW, 0)
    for outcome, due_at in outcomes:
        counted.see(outcome, due_at)
    counted.tell(Book({LAW.ref: LAW}), LAW)
    return metrics


def test_exercises_count_in_no_band() -> None:
    """LAW 3; a report that has the word among its attributes is real."""
    events = (Event("TicketFiled", "t"), Event("WhistleRaised", "t"), Event("TicketReopened", "t"))
    found = told(
        (Outcome(decision=decision(*events), tickets=()), None),
        (
            Outcome(
                decision=decision(*events),
                tickets=(Kept(ticket="t", value=b"{}", due_at=None, is_open=True, exercise=True),),
            ),
            None,
        ),
    )
    assert {name: found.counters[name, (STREET,)] for name in ("filed", "whistles", "reopened")} == {
        "filed": 1,
        "whistles": 1,
        "reopened": 1,
    }
    assert found.counters["decisions", ("reported",)] == 2


def test_endings_surveys_and_empty_seats() -> None:
    """What people wrote is no label; a party is counted when nobody of it was on duty, and for no other reason."""
    why = Why(refused=(("residents", "skipped:no_one_on_duty"), ("specialist", "not_eligible")))
    events = [Event("TicketClosed", "t", {"reason": word}) for word in ("satisfied", "rang her myself, +86 138")] + [
        Event("TicketMerged", "t", {"into": "u"})
    ]
    events += [Event("SurveyAnswered", "t", {"satisfied": answer}) for answer in (True, False, False)]
    found = told((Outcome(decision=decision(*events, why=why), tickets=()), None)).counters
    assert {key[1][0]: n for key, n in found.items() if key[0] == "closed"} == {"satisfied": 1, "other": 1, "merged": 1}
    assert {key[1][0]: n for key, n in found.items() if key[0] == "survey_answers"} == {
        "satisfied": 1,
        "unsatisfied": 2,
    }
    assert {key[1][0]: n for key, n in found.items() if key[0] == "nobody_on_duty"} == {"residents": 1}


def test_lateness_is_in_wall_seconds() -> None:
    """At 600 times the speed a minute of the day is a tenth of a second."""
    found = told((Outcome(decision=decision(at=90_000), tickets=()), 30_000), speed=600).histograms[
        "escalation_lateness_seconds"
    ]
    assert found.sum == pytest.approx(0.1) and sum(found.counts) == 1


def test_who_had_a_ticket_whose_limit_is_broken() -> None:
    """The tier is that of before the move."""
    metrics = StageMetrics("dispatch")
    counted = Counted(metrics, 0, 1)
    counted.breach(ClockCause(ticket="t", kind="resolve", number="0", rung=100, due_at=5), City().report("t", "leak"))
    counted.tell(Book({}), None)
    assert metrics.counters["limit_breaches", ("resolve", "grid")] == 1


def test_drift_follows_the_books_of_each_home() -> None:
    """Sums are those of the newest books, whatever was told before; an allocation error is the largest of any home."""
    whole, party = LAW.per, LAW.shares[0].code
    share = whole * LAW.shares[0].share // sum(one.share for one in LAW.shares)
    first = Quota(
        home="a", window="2026-03", per=whole, counts={party: 1}, targets={party: whole}, split=1, emergency=2
    )
    second = Quota(
        home="a", window="2026-03", per=whole, counts={party: 2}, targets={party: 2 * whole}, split=2, emergency=2
    )
    other = Quota(home="b", window="2026-03", per=whole, counts={}, targets={party: whole // 4}, split=1)
    found = told(*((Outcome(decision=decision(), tickets=(), quota=quota), None) for quota in (first, second, other)))
    off = (2 * whole - 2 * share + whole // 4 - share) / whole
    assert found.gauges["split_drift_tickets", ("3", party, "eligibility")] == pytest.approx(off, abs=1e-5)
    assert found.gauges["split_drift_tickets", ("3", party, "emergency")] == pytest.approx(-2 * share / whole, abs=1e-5)
    assert found.gauges["split_error_tickets", ("3",)] == pytest.approx(0.25)
    found.closed(3)
    assert [key for key in found.gauges if key[1][:1] == ("3",)] == []


def test_the_pack_in_force_and_its_band_are_told() -> None:
    """One pack, and what it finds right; gone with the pack that had it."""
    found = told()
    assert [key[1] for key in found.gauges if key[0] == "pack_info"] == [(LAW.ref,)]
    band = LAW.bundle.whistle_band
    assert {key[1][0]: value for key, value in found.gauges.items() if key[0] == "whistle_band_percent"} == (
        {"low": band.low, "high": band.high} if band else {}
    )


def test_how_long_a_report_takes_to_its_task_is_the_brokers_own_time() -> None:
    """The header of the decision against the time of the commit; a decision without one, and a second commit, count
    nothing."""
    metrics = StageMetrics("fanout")
    core, found = FanoutCore(0, metrics), metrics.histograms["report_to_task_seconds"]
    task = {
        "id": "d#water#0",
        "event": "dispatched",
        "department": "water",
        "ticket": f"{HOME}-20260302-1",
        "role": "owner",
        "at": "2026-03-02T00:00:00Z",
    }
    value = codec.encode(decision(Event("TaskDispatched", "t", task)))
    for headers in ([(REPORTED, b"1000")], [], [(REPORTED, b"many")]):
        core.take(fetched("tickets.decisions", 0, b"h", value, headers=headers, at=1_200), 1_200)
    assert sum(found.counts) == 0
    core.written(1_250)
    core.written(9_000)
    assert found.sum == pytest.approx(0.25) and sum(found.counts) == 1


def test_an_audits_drift_is_that_of_its_table() -> None:
    """Homes are added up."""
    report = type(
        "R",
        (),
        {
            "split": {
                h: {"residents": {"drift": {"manual": n, "allocation": 0.0}}} for h, n in (("a", 1.0), ("b", -3.0))
            }
        },
    )()
    assert figures.drifts(report) == Counter({("residents", "manual"): -2.0, ("residents", "allocation"): 0.0})


class Heard(City):
    """A city whose outcomes are kept."""

    last: Outcome

    def take(self, cause: IncidentCause | CommandCause | ClockCause) -> Outcome:
        """Keep it."""
        self.last = super().take(cause)
        return self.last


@pytest.mark.parametrize(("played", "counted"), [(False, 1), (True, 0)])
def test_a_party_that_is_waited_for_counts_as_one_that_is_passed_by(played: bool, counted: int) -> None:
    """Every pack of ours waits: without this nobody is told that a roster is empty. An exercise empties none."""
    city = Heard()
    city.at("09:00")
    city.report("manned")
    assert city.last.unmanned == ()
    for party in PARTIES:
        for n in (1, 2):
            city.duty(f"{party}-{n}", party, "off")
    asked = city.report("unmanned", exercise=played).party
    assert list(city.last.unmanned) == [asked]
    found = told((city.last, None)).counters
    assert found["nobody_on_duty", (str(asked),)] == counted
