"""The audit's whistles by street: counted from the log, judged by the pack in force."""

from msgspec.structs import replace

from engine.audit.rates import Rates
from engine.audit.report import audit
from tests.support.busy_days import Dispatch, busy_days
from tests.support.town import REF, START, town
from topics.codec import decode, encode
from topics.decision import Decision
from topics.pack import WhistleBand
from topics.reference import CURRENT_KEY, CurrentPack


def test_whistles_are_counted_by_street() -> None:
    """Against the decisions, one by one; a ticket whistled for twice counts once in its decision."""
    log = busy_days(3, incidents=60, hours=60)
    decisions = [decode(entry.value or b"", Decision) for entry in log.of("tickets.decisions")]
    rows = audit(log).whistle_rates
    assert set(rows) <= {"street", "city"}
    for what, column in (("TicketFiled", "tickets"), ("WhistleRaised", "whistles")):
        assert (
            sum(row[column] for row in rows.values())
            == sum(event.type == what for decision in decisions for event in decision.events)
            > 0
        )


def test_the_pack_in_force_judges_even_when_it_is_an_older_one_again() -> None:
    """The one published last had no band; the one before it is current again."""
    told = Dispatch(replace(town(), whistle_band=WhistleBand(1, 2, 1)))
    told.report(1, "bins", "east", "east-1", START)
    told._put("reference", REF.encode(), encode(town()))
    told._put("reference", CURRENT_KEY.encode(), encode(CurrentPack(told.ref)))
    log = told.finish()
    assert audit(log).whistle_rates == {"street": {"tickets": 1, "whistles": 0, "verdict": "too_low"}}
    told._put("reference", CURRENT_KEY.encode(), encode(CurrentPack(REF)))
    assert Rates(log)._band is None
