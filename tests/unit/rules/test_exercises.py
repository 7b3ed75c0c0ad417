"""Exercises run on the real law and count in no book, band, rate or report of real work (LAW 3)."""

import pytest
from msgspec.structs import replace

from engine.observability.metrics import StageMetrics
from engine.stages.dispatch_metrics import Counted
from rules.decide import decide
from rules.history.tally import Account, Image
from rules.state.causes import ClockCause
from tests.support.city import City, at, city_bundle
from topics.vocabulary import ClockKind


def told(exercise: bool) -> tuple[City, StageMetrics]:
    """A leak that is late, finished, checked and called bad; another that is cancelled; one nobody is on duty for."""
    bundle = city_bundle()
    ladder = tuple(replace(tier, nobody_on_duty="skip") for tier in bundle.ladders["default"])
    city, metrics = City(replace(bundle, ladders=bundle.ladders | {"default": ladder})), StageMetrics("dispatch")
    counted = Counted(metrics, 0, 1)
    law = next(iter(city.laws.values()))

    def take(cause: object) -> object:
        if isinstance(cause, ClockCause) and cause.rung >= 100:
            counted.breach(cause, city.book.tickets.look(cause.ticket))
        outcome = decide(city.book, city.laws, cause, city.now)  # type: ignore[arg-type]
        city.book.apply(outcome)
        city.decisions.append(outcome.decision)
        counted.see(outcome, None)
        return outcome

    city.take = take  # type: ignore[method-assign, assignment]
    city.report("T", "leak", exercise=exercise)
    city.work("T", until="accept")
    city.at("12:10").work("T")
    city.ask("check", "T", "checker:checker-2", passed=True)
    city.ask("answer", "T", "reporter:r", satisfied=False, text="wet")
    city.ask("deny", "T", "desk:desk-1", reason="dry")
    city.report("U", "fire", exercise=exercise)
    city.ask("cancel", "U", "chief:chief-1", reason="played")
    for party in ("residents", "specialist", "red_property", "backstop"):
        for n in (1, 2):
            city.duty(f"{party}-{n}", party, "off")
    city.report("N", "bins", exercise=exercise)
    counted.tell(city.book, law)
    return city, metrics


REAL = {"filed", "whistles", "limit_breaches", "closed", "survey_answers", "nobody_on_duty"}


@pytest.mark.meets("exercise", "counters and reports", law="3")
@pytest.mark.parametrize("exercise", [False, True])
def test_no_counter_of_work_counts_what_is_played(exercise: bool) -> None:
    """The same day, real and played: the first counts everywhere, the second nowhere; what the machine did is counted
    of both."""
    _, metrics = told(exercise)
    counted = {name for (name, _), n in metrics.counters.items() if n and name in REAL}
    assert counted == (set() if exercise else REAL)
    assert metrics.counters["decisions", ("reported",)] == 3
    assert metrics.gauges["open_tickets", ("0",)] == 1


@pytest.mark.parametrize("exercise", [False, True])
def test_no_comparison_of_two_laws_counts_what_is_played(exercise: bool) -> None:
    """Neither the ticket nor its late limit, nor one that stood at the beginning."""
    city, _ = told(exercise)
    account = Account(city.laws)
    for n, decision in enumerate(city.decisions):
        account.see(f"incidents:0:{n}", decision)
    assert len(account.fates) == (0 if exercise else 3)
    assert sum(len(fate.breaches) for fate in account.fates.values()) == (not exercise)
    assert bool(account.tiers) is not exercise
    image = Image(
        identity="app:T", home="east", status="offered", pack="toytown@1", party="residents", exercise=exercise
    )
    assert len(Account(city.laws, {"T": image}).fates) == (not exercise)


def test_the_end_of_a_flood_is_no_broken_limit() -> None:
    """It is a cause of the engine's own that has a rung of 100."""
    city = City()
    metrics = StageMetrics("dispatch")
    counted = Counted(metrics, 0, 1)
    ticket = city.report("T", "leak")
    counted.breach(ClockCause(ticket=ticket.id, kind=ClockKind.FLOOD, number="0", rung=100, due_at=at("08:00")), ticket)
    counted.tell(city.book, None)
    assert not any(name == "limit_breaches" for name, _ in metrics.counters)
