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
    end,
    end_again_and_again,
    fence_all,
    give_files,
    go_on,
    hold,
    ill_machine,
    let_go,
    nobody,
    report,
    spread,
    strange_reference,
    well_machine,
)
from tests.faults.alert_servers import (
    answer_again,
    archive_again,
    ask_in_vain,
    close_seats,
    enough,
    fail_webhook,
    false_books,
    false_place,
    file_with_short_clocks,
    flood_without_archive,
    made_anew,
    mend_webhook,
    open_seats,
    publish_half,
    publish_whole,
    redis_full,
    redis_roomy,
    stutter,
    true_books,
)
from tests.kafka.test_alerts import Watched

QUICK = ("RejectedFlood", "StageAway", "StageDown", "Unreadable")
"""Shown live in ``make test`` (``tests/kafka/test_alerts.py``)."""


@dataclass(frozen=True)
class Kind:
    """What is done, which alerts it must raise, and what ends them."""

    alerts: tuple[str, ...]
    how: str
    break_it: Callable[[Watched], None]
    mend: Callable[[Watched], None] = lambda here: None
    within: float = 240
    afterwards: tuple[str, ...] = ()
    """Those that tell of it only once it is mended, and end by themselves."""
    stands: bool = False
    """It is so from the start, and nobody brings it about."""


LONG = (
    Kind(("CausesHeld",), "an incident set aside; let go with a reason", hold, mend=let_go),
    Kind(
        ("CalendarHorizon",),
        "the calendar of China ends with the year; mended by a law that knows more",
        lambda here: None,
        mend=another_calendar,
        stands=True,
    ),
    Kind(
        ("NobodyOnDuty",), "everybody of a grid off duty, sixteen reports", nobody, mend=lambda here: duty(here, "on")
    ),
    Kind(
        ("WhistlesTooFew",),
        "60 tickets in a street without a whistle; six gas leaks",
        lambda here: asyncio.run(report(here, "bins_full", "tawan-g1-m1", 60)),
        mend=lambda here: asyncio.run(report(here, "gas_leak", "tawan-g1-m1", 6)),
    ),
    Kind(
        ("WhistlesTooMany",),
        "60 gas leaks in a street; 240 full bins",
        lambda here: asyncio.run(spread(here, "gas_leak", 60)),
        mend=lambda here: asyncio.run(spread(here, "bins_full", 240)),
    ),
    Kind(
        ("StageRestarts",), "a second fan-out killed five times, each time it was back", end_again_and_again, mend=end
    ),
    Kind(
        ("FilesRunOut",), "fan-out's limit of files lowered to what it has open, and raised", cut_files, mend=give_files
    ),
    Kind(("AlarmRaised",), "a stranger writes to `reference`", strange_reference),
    Kind(("FencedAgainAndAgain",), "somebody else opens every partition of intake", fence_all),
    Kind(
        ("AuditViolation", "AuditOld"),
        "the file of an audit two days old with a finding (edited: no fault of ours makes one); a real audit",
        bad_audit,
        mend=lambda here: print(len(audit(here))),
    ),
    Kind(
        ("ClockSkew", "DiskFull", "DiskFilling", "CertificateEnding", "CertificateEnded"),
        "a second fan-out with its wall clock an hour ahead, 64 MB of disk, a certificate of one day; one that is well",
        ill_machine,
        mend=well_machine,
    ),
    Kind(
        ("SeatsOpen",),
        "a second gateway in which everybody may choose a seat; the same without",
        open_seats,
        mend=close_seats,
    ),
    Kind(
        ("AllocationError",),
        "five tickets that there never were in the books of a home, written in dispatch's name; taken out again",
        false_books,
        mend=true_books,
    ),
    Kind(
        ("PartitionStopped",),
        "a position beyond the log in Redis; `project --rebuild`, and the projector started again",
        false_place,
        mend=made_anew,
    ),
    Kind(
        ("ReopeningWithoutProgress",),
        "Redis has no memory left for a row, while a report comes; it has again",
        redis_full,
        mend=redis_roomy,
    ),
    Kind(
        ("GatewayFails", "GatewaySlow"),
        "Redis stands still (SIGSTOP) while the desk asks for its queues; it goes on",
        ask_in_vain,
        mend=answer_again,
    ),
    Kind(
        ("DeliveriesStuck",),
        "a webhook paused since its receiver failed for three days (its row, edited: nobody waits so long); let go on",
        fail_webhook,
        mend=mend_webhook,
        within=480,
    ),
    Kind(
        ("PacksDiffer",),
        "two dispatches, and a publication that ended when half of the partitions had it; run again",
        publish_half,
        mend=publish_whole,
    ),
    Kind(
        ("StepsSlow",),
        "the broker stands still for 1.6 s again and again while reports come; no more",
        stutter,
        mend=enough,
    ),
    Kind(
        ("StageHangs", "StageNotReady", "OldestDue"),
        "offers that are to be accepted within a minute, and the broker stands still (SIGSTOP); it goes on",
        file_with_short_clocks,
        mend=go_on,
        afterwards=("ClocksLate",),
    ),
    Kind(
        ("Lag", "ReportToTaskSlow", "ArchiveBehind"),
        "20,000 gas leaks at once while PostgreSQL stands still (SIGSTOP); it goes on, all is worked off",
        flood_without_archive,
        mend=archive_again,
        within=400,
    ),
)
"""In their order: what changes the stack most comes last."""
