"""LAW 6: from report to closing, and every command that is refused."""

from tests.support.city import HOUR, MINUTE, City, at
from topics import codec
from topics.ticket import Ticket
from topics.vocabulary import Reason, Status


def test_a_ticket_goes_from_report_to_closing() -> None:
    """Reported, offered, accepted, handled, checked by another, answered, closed; forgotten 35 days later."""
    city = City()
    assert city.report("T", can_reach_reporter=True).status is Status.OFFERED
    city.work("T", until="accept")
    assert {clock.kind for clock in city["T"].clocks} == {"resolve", "contact"}
    assert city.ask("contact", "T", city.holder("T")) == "done_as_asked"
    assert city.ask("start", "T", city.holder("T")) == "done_as_asked"
    assert city.ask("finish", "T", city.holder("T"), text="done") == "done_as_asked"
    assert city["T"].task == "check" and city["T"].duty == "checker"
    assert city.ask("check", "T", "checker:checker-2", passed=True) == "done_as_asked"
    assert city["T"].status is Status.SURVEYED
    assert city.ask("answer", "T", "reporter:r", satisfied=True) == "done_as_asked"
    assert (city["T"].status, city["T"].close_reason) == (Status.CLOSED, "satisfied")
    assert [clock.kind for clock in city["T"].clocks] == ["forget"]
    city.at("08:00", 36)
    assert not city.book.tickets
    assert city.decisions[-1].reason == "forgotten" and city.decisions[-1].changes[0].after is None


def test_silence_after_the_check_closes_as_no_answer() -> None:
    """When the survey's fourteen days end, the ticket is closed, never as satisfied."""
    city = City()
    city.report("T")
    city.work("T")
    city.ask("check", "T", "checker:checker-1", passed=True)
    city.at("08:00", 15)
    assert (city["T"].status, city["T"].close_reason) == (Status.CLOSED, "no_answer")
    assert city.decisions[-1].reason == Reason.WINDOW_ENDED


def test_a_failed_check_goes_back_with_what_was_consumed() -> None:
    """Resolve stood while checking took place, and goes on with what it had."""
    city = City()
    city.report("T", "leak")
    city.at("08:10").work("T")
    city.at("08:30")
    assert city.ask("check", "T", "checker:checker-1", passed=False, reason="still wet") == "done_as_asked"
    ticket = city["T"]
    resolve = next(clock for clock in ticket.clocks if clock.kind == "resolve")
    assert (ticket.status, ticket.rework, resolve.consumed_ms, resolve.running_since) == (
        Status.HANDLING,
        1,
        10 * MINUTE,
        at("08:30"),
    )
    city.at("10:20")
    assert city.expect("ClockAtRisk", rung=50).facts["due_at"] == at("10:20")


def test_a_handler_may_not_check() -> None:
    """Whoever accepted, started or finished it is refused as its checker."""
    city = City()
    city.report("T")
    city.work("T")
    finisher = city["T"].handled_by[0]
    assert city.ask("check", "T", f"checker:{finisher}", passed=True) in (
        Reason.CHECKER_HANDLED_IT,
        Reason.NOT_ON_ROSTER,
    )
    assert city["T"].status is Status.DONE


def test_a_missed_check_goes_to_the_next_checker_then_to_the_supervisor() -> None:
    """Each checker has half an hour; after the last one the supervisor has it."""
    city = City()
    city.report("T", "leak")
    city.work("T")
    first = city["T"].person
    city.at("08:31")
    assert city["T"].duty == "checker" and city["T"].person != first
    city.at("09:05")
    assert (city["T"].duty, city["T"].person) == ("supervisor", "supervisor-1")


def test_a_command_handed_in_before_the_deadline_is_in_time() -> None:
    """A finish accepted at 11:59 counts for 11:59, although it is decided after the limit ran out."""
    city = City()
    city.report("T", "leak")
    city.work("T", until="start")
    holder = city.holder("T")
    city.at("12:00")
    assert city["T"].is_overdue
    assert city.ask("finish", "T", holder, text="done", accepted=at("11:59")) == "done_as_asked"
    assert city.expect("TicketFinished").facts["overdue"] is False
    assert city["T"].finished_at == at("11:59")


def test_a_command_from_the_future_counts_from_now() -> None:
    """``accepted_at`` is bounded by the broker's time: nobody finishes tomorrow."""
    city = City()
    city.report("T", "leak")
    city.work("T", until="start")
    city.at("09:00").ask("finish", "T", city.holder("T"), text="done", accepted=at("08:00", 1))
    assert city["T"].finished_at == at("09:00")


def test_reopening_starts_a_new_generation_at_the_finisher() -> None:
    """Half the limit, rungs anew, no split count; from the second time one tier above; never after thirty days."""
    city = City()
    city.report("T", "leak")
    city.work("T")
    finisher = city["T"].party
    city.ask("check", "T", "checker:checker-1", passed=True)
    city.ask("answer", "T", "reporter:r", satisfied=False)
    counts = dict(city.book.quotas["east"].counts)
    assert city.ask("reopen", "T", "reporter:r", reason="leaks again") == "done_as_asked"
    ticket = city["T"]
    assert (ticket.status, ticket.generation, ticket.party, ticket.resolve_limit_ms) == (
        Status.OFFERED,
        1,
        finisher,
        2 * HOUR,
    )
    assert city.book.quotas["east"].counts == counts
    city.work("T")
    city.ask("check", "T", "checker:checker-1", passed=True)
    city.ask("reopen", "T", "reporter:r", reason="and again")
    assert (city["T"].generation, city["T"].tier) == (2, "community")
    city.ask("close_by_source", "T", "source:app", reason="closed")
    city.at("08:00", 31)
    assert city.ask("reopen", "T", "chief:chief-1", reason="late") == Reason.TOO_LATE


def same(one: Ticket | None, other: Ticket) -> bool:
    """Whether two tickets are stored as the same bytes."""
    return one is not None and codec.encode(one) == codec.encode(other)


def test_merging_keeps_the_earlier_deadline_and_both_as_they_were() -> None:
    """The duplicate's earlier deadline counts for the one that stays; its own ledger is kept aside."""
    city = City()
    early = city.report("early", "leak")
    city.at("08:05").report("late", "leak")
    before = city["late"]
    assert city.ask("duplicate_of", "early", "desk:desk-1", target=city["late"].id) == "done_as_asked"
    late, merged = city["late"], city["early"]
    assert before.clocks[0] == late.ledgers[0].clock
    assert late.deadline_at == early.deadline_at and late.merged_here == (early.id,)
    assert merged.status is Status.MERGED and merged.merged_into == late.id and same(merged.before_merge, early)
    assert [clock.kind for clock in merged.clocks] == ["forget"]
    assert city.ask("duplicate_of", "late", "desk:desk-1", target=early.id) == Reason.TARGET_NOT_OPEN
    assert city.ask("duplicate_of", "late", "desk:desk-1", target=late.id) == Reason.TARGET_NOT_OPEN
    west = city.report("W", "leak", home="west", leaf="west1")
    assert city.ask("duplicate_of", "late", "desk:desk-1", target=west.id) == Reason.TARGET_ELSEWHERE


def test_a_referral_carries_hops_and_what_was_consumed() -> None:
    """Closed here as referred, filed there as a new ticket whose limit is already partly used; at most three hops."""
    city = City()
    first = city.report("T", "leak")
    city.at("08:10").work("T", until="start")
    homes = ["west", "hill", "east"]
    for n, home in enumerate(homes, 1):
        assert city.ask("refer", "T", "chief:chief-1", home=home, reason="theirs") == "done_as_asked"
        assert city["T"].close_reason == "referred"
        ticket = city.refer_in("T")
        assert (ticket.home, ticket.hops, ticket.first_filed_at) == (home, n, first.filed_at)
        assert city.decisions[-1].reason == Reason.REFERRED_IN
    resolve = next(clock for clock in city["T"].clocks if clock.kind == "resolve")
    assert resolve.consumed_ms == 10 * MINUTE
    assert city["T"].deadline_at == at("12:00")
    assert city.ask("refer", "T", "chief:chief-1", home="west", reason="no") == Reason.TOO_MANY_HOPS


def test_a_referred_ticket_is_not_reopened() -> None:
    """It lives on in another home; reopening it here would make two of one incident."""
    city = City()
    city.report("T", "leak")
    city.ask("refer", "T", "chief:chief-1", home="west", reason="theirs")
    assert city.ask("reopen", "T", "chief:chief-1", reason="no") == Reason.NOT_IN_THIS_STATUS


def test_a_source_closes_and_cancels_whatever_is_open() -> None:
    """Imports of history close a ticket in any open status, unfiled ones too, even with an earlier time."""
    city = City()
    city.report("A")
    city.report("B", None)
    city.report("C")
    city.work("C", until="start")
    assert city.ask("close_by_source", "A", "source:app", reason="closed", accepted=at("07:00")) == "done_as_asked"
    assert city.ask("close_by_source", "B", "source:app", reason="referred_out") == "done_as_asked"
    assert city.ask("cancel", "C", "source:app", reason="withdrawn") == "done_as_asked"
    assert [city[name].status for name in "ABC"] == [Status.CLOSED, Status.CLOSED, Status.CANCELLED]
    assert city["B"].close_reason == "referred_out"
    assert city.ask("note", "A", "desk:desk-1", text="late") == Reason.NOT_IN_THIS_STATUS


def test_reassigning_to_another_party_is_counted_apart() -> None:
    """Another person of the same party changes hands; another party is offered it, and the split's counts stay."""
    city = City()
    city.report("T")
    party = city["T"].party
    assert city.ask("reassign", "T", "chief:chief-1", target=f"{party}-1", reason="ill") == "done_as_asked"
    assert city["T"].person == f"{party}-1"
    counts = dict(city.book.quotas["east"].counts)
    assert (
        city.ask("reassign", "T", "chief:chief-1", target="residents-2", party="residents", reason="nearer")
        == "done_as_asked"
    )
    assert (city["T"].party, city["T"].person, city["T"].status) == ("residents", "residents-2", Status.OFFERED)
    assert (city.book.quotas["east"].counts, city.book.quotas["east"].manual) == (counts, 1)
    assert city.ask("reassign", "T", "chief:chief-1", target="nobody", reason="?") == Reason.PERSON_UNKNOWN


def test_reopened_without_anybody_having_finished_it_goes_to_who_had_it() -> None:
    """Closed by its source at the community: opened again it is offered there, not at the foot of the ladder."""
    city = City()
    city.report("T", "leak")
    city.ask("escalate", "T", "chief:chief-1", reason="up")
    city.ask("close_by_source", "T", "source:app", reason="closed")
    assert city.ask("reopen", "T", "chief:chief-1", reason="still wet") == "done_as_asked"
    assert (city["T"].status, city["T"].tier, city["T"].party) == ("offered", "community", "backstop")
