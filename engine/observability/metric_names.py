"""Every metric there is, each named once: what it is, what it tells, by which labels. ``docs/metrics.md`` is drawn from
here."""

from typing import Literal, NamedTuple

PREFIX = "gridwhistle_"

CounterName = Literal[
    "records_taken",
    "clocks_fired",
    "steps",
    "openings",
    "decisions",
    "rejected",
    "filed",
    "whistles",
    "limit_breaches",
    "tasks_sent",
    "held",
    "unreadable",
    "alarms",
    "nobody_on_duty",
    "reopened",
    "survey_answers",
    "closed",
    "http_requests",
    "pulled",
    "deliveries",
]
GaugeName = Literal[
    "open_tickets",
    "held_causes",
    "calendar_horizon_seconds",
    "partitions_live",
    "partition_stopped",
    "partitions_unread",
    "lag_records",
    "oldest_due_seconds",
    "openings_without_progress",
    "ready",
    "progress_age_seconds",
    "clock_skew_seconds",
    "tier_tickets",
    "department_tickets",
    "desk_tickets",
    "approval_tickets",
    "overdue_tickets",
    "oldest_overdue_seconds",
    "split_drift_tickets",
    "split_error_tickets",
    "whistle_band_percent",
    "whistle_band_least_tickets",
    "pack_info",
    "build_info",
    "data_free_bytes",
    "certificate_expiry_seconds",
    "stream_clients",
    "seats_open",
    "deliveries_waiting",
    "targets_failing",
]
HistogramName = Literal["step_seconds", "report_to_task_seconds", "escalation_lateness_seconds", "http_request_seconds"]


class Spec(NamedTuple):
    """One metric: a sentence of help, its labels, which stage tells it, and of a histogram its buckets."""

    help: str
    labels: tuple[str, ...]
    told_by: str
    buckets: tuple[float, ...] = ()


EVERY = "every stage"

COUNTERS: dict[CounterName, Spec] = {
    "records_taken": Spec("Records decided or acted on, by stage.", ("stage",), EVERY),
    "clocks_fired": Spec("Clocks fired, by stage.", ("stage",), "dispatch"),
    "steps": Spec("Steps committed, by stage.", ("stage",), EVERY),
    "openings": Spec("Partitions opened, by stage and outcome: opened, failed, fenced.", ("stage", "outcome"), EVERY),
    "decisions": Spec("Decisions by reason; a refusal is a decision.", ("reason",), "dispatch"),
    "rejected": Spec("Intake records that became no ticket, by reason.", ("reason",), "intake"),
    "filed": Spec("Tickets filed, exercises left out, by street.", ("street",), "dispatch"),
    "whistles": Spec("Whistles raised, exercises left out, by street.", ("street",), "dispatch"),
    "limit_breaches": Spec(
        "Clocks that reached 100 % or more, exercises left out, by clock and by the tier that had the ticket then.",
        ("clock", "tier"),
        "dispatch",
    ),
    "tasks_sent": Spec("Tasks sent to departments, by department.", ("department",), "fanout"),
    "held": Spec("Causes that could not be decided and were set aside.", ("stage",), EVERY),
    "unreadable": Spec("Batches and records that could not be read and were passed by, by topic.", ("topic",), EVERY),
    "alarms": Spec("States an operator must look at, by kind.", ("kind",), EVERY),
    "nobody_on_duty": Spec(
        "Offers to a party of which nobody was on duty, exercises left out, by party: they passed it by, or wait for"
        " somebody to come.",
        ("party",),
        "dispatch",
    ),
    "reopened": Spec(
        "Tickets opened again after they were done, exercises left out, by street.", ("street",), "dispatch"
    ),
    "survey_answers": Spec(
        "What reporters said when they were asked, exercises left out: satisfied, unsatisfied.", ("answer",), "dispatch"
    ),
    "closed": Spec(
        "Tickets that ended, exercises left out, by how: checked, satisfied, unhappy, no_answer, spot_fixed, referred,"
        " merged, dismissed, cancelled, other.",
        ("how",),
        "dispatch",
    ),
    "http_requests": Spec("Requests answered, by route and status.", ("route", "status"), "gateway"),
    "pulled": Spec("Events pulled: `leased`, `again`, `acked`, `nacked`.", ("department", "how"), "gateway"),
    "deliveries": Spec(
        "Attempts to send a message, by kind of target and by what came of it: sent, failed, given_up.",
        ("kind", "outcome"),
        "notifier",
    ),
}
"""Name (without prefix and ``_total``) -> what it is."""

BANDS = ("ok", "at_risk", "overdue")
"""Of a limit, as the screen colours it: more than an hour left, less, broken."""

GAUGES: dict[GaugeName, Spec] = {
    "open_tickets": Spec(
        "Tickets in an open status, exercises with them since somebody works on them, by partition of this process.",
        ("partition",),
        "dispatch",
    ),
    "held_causes": Spec(
        "Causes that were set aside and wait for 'gridwhistle held retry' or 'held drop', by partition.",
        ("partition",),
        "dispatch",
    ),
    "calendar_horizon_seconds": Spec(
        "How far ahead, in engine seconds, the calendar in force knows working days.", (), "dispatch"
    ),
    "partitions_live": Spec("Partitions this process has open and that move, by stage.", ("stage",), EVERY),
    "partition_stopped": Spec(
        "1 for a partition that cannot go on until somebody mends something.", ("stage", "partition"), EVERY
    ),
    "partitions_unread": Spec(
        "Partitions that somebody added to an input by hand: nobody reads them.", ("stage",), EVERY
    ),
    "lag_records": Spec(
        "Offsets of the inputs behind which a partition is, transaction markers included.",
        ("stage", "partition"),
        EVERY,
    ),
    "oldest_due_seconds": Spec(
        "How long ago, in engine seconds, the oldest clock that has not fired was due.", ("stage", "partition"), EVERY
    ),
    "openings_without_progress": Spec(
        "Openings of a partition one after the other in which nothing moved; 0 when it moves.",
        ("stage", "partition"),
        EVERY,
    ),
    "ready": Spec(
        "1 when /readyz says so: assigned, opened, moving, a pack in force, clocks in agreement.", ("stage",), EVERY
    ),
    "progress_age_seconds": Spec(
        "Seconds since this process last did a step or stood well with nothing to do.", ("stage",), EVERY
    ),
    "clock_skew_seconds": Spec(
        "This machine's wall clock less the broker's, as far as is certain; a slow answer is none.", ("stage",), EVERY
    ),
    "tier_tickets": Spec(
        "Open tickets by tier and by how their limit stands: ok, at_risk (less than an engine hour left), overdue. The"
        " whole view: take max, not sum.",
        ("tier", "band"),
        "projector",
    ),
    "department_tickets": Spec(
        "Open tickets a department owns or was called to, by limit. The whole view: take max, not sum.",
        ("department", "band"),
        "projector",
    ),
    "desk_tickets": Spec(
        "Rows in the duty desk's queue: not filed yet, or held. The whole view: take max.", (), "projector"
    ),
    "approval_tickets": Spec("Tickets that wait for somebody's agreement. The whole view: take max.", (), "projector"),
    "overdue_tickets": Spec("Open tickets beyond their limit. The whole view: take max.", (), "projector"),
    "oldest_overdue_seconds": Spec(
        "Engine seconds since the open ticket that is overdue longest became so. The whole view: take max.",
        (),
        "projector",
    ),
    "split_drift_tickets": Spec(
        "By how many tickets a party is off its nominal share this month, homes added up, by cause: eligibility,"
        " emergency, allocation.",
        ("partition", "party", "cause"),
        "dispatch",
    ),
    "split_error_tickets": Spec(
        "The largest allocation error of any home since the partition was opened; 1 or more must never be.",
        ("partition",),
        "dispatch",
    ),
    "whistle_band_percent": Spec(
        "Whistles per hundred tickets that the pack in force finds right, by end of the band: low, high.",
        ("bound",),
        "dispatch",
    ),
    "whistle_band_least_tickets": Spec("Tickets a street must have before the band judges it.", (), "dispatch"),
    "pack_info": Spec("1 for the pack that dispatch decides by.", ("pack",), "dispatch"),
    "build_info": Spec("1 for the version that runs.", ("version",), EVERY),
    "data_free_bytes": Spec("Free bytes on the disk of the data folder.", (), EVERY),
    "certificate_expiry_seconds": Spec(
        "Seconds until a certificate of the settings ends, by setting; negative once it has.", ("file",), EVERY
    ),
    "stream_clients": Spec("Streams that are open.", (), "gateway"),
    "seats_open": Spec(
        "1 where whoever reaches the gateway chooses a seat of the roster without a password.", (), "gateway"
    ),
    "deliveries_waiting": Spec(
        "Messages to webhooks and to people that wait to be sent, or to be sent again.", (), "notifier"
    ),
    "targets_failing": Spec(
        "Webhooks, and people whose notices come to nobody, that have failed for more than an hour, or were paused"
        " since they failed for days.",
        (),
        "notifier",
    ),
}
"""Name (without prefix) -> what it is."""

HISTOGRAMS: dict[HistogramName, Spec] = {
    "step_seconds": Spec(
        "Wall time of a step from taking to commit.",
        ("stage",),
        EVERY,
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    ),
    "report_to_task_seconds": Spec(
        "From the broker's time of a report on incidents.raw to that of the task it led to at once, both from the log.",
        (),
        "fanout",
        (0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
    ),
    "escalation_lateness_seconds": Spec(
        "Wall seconds from the moment a rung was due to its decision.",
        (),
        "dispatch",
        (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0),
    ),
    "http_request_seconds": Spec(
        "From a request to the beginning of its answer, probes left out; a command's waits for its decision.",
        (),
        "gateway",
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
    ),
}
"""Name (without prefix; ``_bucket``, ``_sum``, ``_count`` come behind) -> what it is."""

AUDIT: dict[str, Spec] = {
    "audit_findings": Spec(
        "What the last audit found, by kind; anything but 0 is a fault of ours.", ("kind",), "audit --metrics"
    ),
    "audit_ended_timestamp_seconds": Spec("When the last audit ended.", (), "audit --metrics"),
    "audit_split_drift_tickets": Spec(
        "By how many tickets a party is off its nominal share, all homes, by cause: eligibility, emergency, manual,"
        " allocation.",
        ("party", "cause"),
        "audit --metrics",
    ),
    "audit_whistle_band": Spec(
        "Whether a street whistles within its pack's band: -1 too low, 0 within or too few tickets, 1 too high.",
        ("street",),
        "audit --metrics",
    ),
}
"""Gauges that ``gridwhistle audit --metrics FILE`` writes for a collector of text files: it runs by a timer, not as a
stage."""

PROCESS = (
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
)
"""Of the client library, under its own names; told by every stage on Linux."""
