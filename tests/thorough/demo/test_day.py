"""The demonstration shows a district that mostly copes, and every kind of escalation beside it."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.audit.in_time import InTime
from engine.client.publish_pack import prove
from rules.law.compiled import Law
from rules.rulepack.compiler import pack_ref
from tests.support.demo_day import DemoDay
from topics import codec
from topics.decision import Decision
from topics.ticket import Ticket


class Told:
    """A decision as the audit's watchers see it."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.after = {
            change.ticket: codec.decode(bytes(change.after), Ticket)
            for change in decision.changes
            if change.after is not None
        }


@pytest.mark.parametrize("seed", [1234, 1, 2])
def test_three_quarters_finish_in_time_and_each_kind_of_escalation_is_seen(seed: int) -> None:
    """Of all that is filed between 08:00 and 18:00; whatever the seed."""
    bundle = prove("guancheng")
    midnight = int(datetime(2026, 3, 2, tzinfo=ZoneInfo(bundle.timezone)).timestamp()) * 1000
    in_time, seen, clocks = InTime(), Counter[str](), Counter[str]()
    for decision in DemoDay(Law(pack_ref(bundle), bundle), midnight, seed).decisions():
        in_time.see(Told(decision))  # type: ignore[arg-type]
        seen.update(event.type for event in decision.events)
        clocks.update(
            f"{event.facts['rung']}.{event.facts['clock']}"
            for event in decision.events
            if event.type == "ClockBreached"
        )
    finished, missed = in_time.counts()
    assert finished >= 0.75 * seen["TicketFiled"], (finished, missed, seen["TicketFiled"])
    assert finished >= 0.85 * (finished + missed)
    for rung in ("100.accept", "100.resolve", "150.resolve", "300.resolve", "100.leg", "100.report_in", "100.triage"):
        assert clocks[rung], f"nobody sees {rung}: {clocks}"
    for kind in ("TicketMoved", "WhistleRaised", "DepartmentReportedIn", "SupervisionOrdered", "TicketClosed"):
        assert seen[kind] >= 5, f"{kind}: {seen[kind]}"
