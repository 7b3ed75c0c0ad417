"""Each kind of trouble that an alert tells of: what brings it about, and what ends it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.alert_faults import (
    another_calendar,
    audit,
    bad_audit,
    cut_files,
    duty,
    fence_all,
    flood,
    give_files,
    go_on,
    hold,
    ill_machine,
    kill_again_and_again,
    let_go,
    nobody,
    report,
    spread,
    stop_broker,
    strange_reference,
    well_machine,
)
from tests.kafka.test_alerts import Watched

BY_RULES_ALONE = {
    "AllocationError": "arithmetic keeps it below one ticket: it could only be shown by writing a false state",
    "ClocksLate": "needs rungs that are due by the hundred; a live clock has none within a test",
    "GatewayFails": "minutes of requests while a server is away; one is answered 503 in tests/kafka/test_gateway.py",
    "OldestDue": "needs a rung that is due and a dispatch that answers and does not move",
    "PacksDiffer": "two dispatches of which one reads no pack: none of our faults leads there",
    "PartitionStopped": "its mend is a topic restored from a replica; the stop itself is `make faults`",
    "ReopeningWithoutProgress": "a partition that cannot be opened while its broker answers: `make faults` has one",
    "StepsSlow": "needs a broker that is slow for minutes, not away",
}
"""Alerts that promtool's tests alone show, and why."""

QUICK = ("RejectedFlood", "StageAway", "StageDown", "Unreadable")
"""Shown live in ``make test`` (``tests/kafka/test_alerts.py``)."""


@dataclass(frozen=True)
class Kind:
    """What is done, which alerts it must raise, and what ends them."""

    alerts: tuple[str, ...]
    how: str
    break_it: Callable[[Watched], None]
    mend: Callable[[Watched], None] = lambda here: None
    within: float = 400


LONG = (
    Kind(("CausesHeld",), "an incident set aside; let go with a reason", hold, let_go),
    Kind(
        ("CalendarHorizon",),
        "the calendar of China ends with the year; mended by a law that knows more",
        lambda here: None,
        another_calendar,
    ),
    Kind(("NobodyOnDuty",), "everybody of a grid off duty, sixteen reports", nobody, lambda here: duty(here, "on")),
    Kind(
        ("WhistlesTooFew",),
        "60 tickets in a street without a whistle; six gas leaks",
        lambda here: asyncio.run(report(here, "bins_full", "tawan-g1-m1", 60)),
        lambda here: asyncio.run(report(here, "gas_leak", "tawan-g1-m1", 6)),
    ),
    Kind(
        ("WhistlesTooMany",),
        "60 gas leaks in a street; 240 full bins",
        lambda here: asyncio.run(spread(here, "gas_leak", 60)),
        lambda here: asyncio.run(spread(here, "bins_full", 240)),
    ),
    Kind(("StageRestarts",), "the projector killed five times", kill_again_and_again),
    Kind(("FilesRunOut",), "fan-out's limit of files lowered to what it has open, and raised", cut_files, give_files),
    Kind(("AlarmRaised",), "a stranger writes to `reference`", strange_reference),
    Kind(("FencedAgainAndAgain",), "somebody else opens every partition of intake", fence_all),
    Kind(
        ("AuditViolation", "AuditOld"),
        "the file of an audit two days old with a finding (edited: no fault of ours makes one); a real audit",
        bad_audit,
        lambda here: print(len(audit(here))),
    ),
    Kind(
        ("ClockSkew", "DiskFull", "DiskFilling", "CertificateEnding", "CertificateEnded"),
        "a second fan-out with its wall clock an hour ahead, 64 MB of disk, a certificate of one day; one that is well",
        ill_machine,
        well_machine,
    ),
    Kind(
        ("StageHangs", "StageNotReady"),
        "the broker stands still (SIGSTOP) until both are said",
        stop_broker,
        go_on,
        240,
    ),
    Kind(("Lag", "ReportToTaskSlow"), "20,000 gas leaks at once, worked off", flood),
)
"""In their order: what changes the stack most comes last."""
