"""Every metric, in one place (STYLE 6): plain counters fed once a batch, read when Prometheus asks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

if TYPE_CHECKING:
    from engine.batch import Batch

COUNTERS = {
    "records_taken": ("Records decided or acted on, by stage.", ("stage",)),
    "clocks_fired": ("Clocks fired, by stage.", ("stage",)),
    "steps": ("Steps committed, by stage.", ("stage",)),
    "openings": ("Partitions opened, by stage and outcome.", ("stage", "outcome")),
    "decisions": ("Decisions by reason; a refusal is a decision.", ("reason",)),
    "rejected": ("Intake records that became no ticket, by reason.", ("reason",)),
    "filed": ("Tickets filed, by street.", ("street",)),
    "whistles": ("Whistles raised, by street.", ("street",)),
    "limit_breaches": ("Clocks that reached 100 % or more, by clock.", ("clock",)),
    "tasks_sent": ("Tasks sent to departments, by department.", ("department",)),
    "held": ("Causes that could not be decided and were set aside.", ("stage",)),
    "unreadable": ("Batches and records that could not be read and were passed by, by topic.", ("topic",)),
    "alarms": ("States an operator must look at, by kind.", ("kind",)),
}
"""Counter name (without prefix and ``_total``) -> help and labels."""

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "open_tickets": ("Tickets in an open status, by partition of this process.", ("partition",)),
    "calendar_horizon_seconds": ("How far ahead, in engine seconds, the calendar in force knows working days.", ()),
    "partitions_live": ("Partitions this process has open and that move, by stage.", ("stage",)),
    "partition_stopped": ("1 for a partition that cannot go on until somebody mends something.", ("stage", "partition")),
    "lag_records": ("Offsets of the inputs behind which a partition is, transaction markers included.", ("stage", "partition")),
    "oldest_due_seconds": ("How long ago, in engine seconds, the oldest clock that has not fired was due.", ("stage", "partition")),
}

STEP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Seconds, wall time of a step from taking to commit."""


class StageMetrics:
    """Counts of one process: dictionaries, since a labelled counter costs ten times as much (performance research 0.5)."""

    def __init__(self, stage: str) -> None:
        """Begin at zero."""
        self.stage = stage
        self.counters: dict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
        self.gauges: dict[tuple[str, tuple[str, ...]], float] = {}
        self._step_counts = [0] * (len(STEP_BUCKETS) + 1)
        self._step_sum = 0.0

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Add to a counter of ``COUNTERS``."""
        self.counters[name, labels] += by

    def gauge(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge of ``GAUGES``."""
        self.gauges[name, labels] = value

    def closed(self, partition: int) -> None:
        """Forget what was said of a partition that is no longer ours."""
        self.gauges.pop(("open_tickets", (str(partition),)), None)

    def forget(self, partition: str) -> None:
        """Forget how a partition stood that somebody else has now."""
        for name in ("partition_stopped", "lag_records", "oldest_due_seconds"):
            self.gauges.pop((name, (self.stage, partition)), None)

    def stepped(self, batch: "Batch") -> None:
        """Take in what a committed step did."""
        self.counters["records_taken", (self.stage,)] += batch.taken
        self.counters["clocks_fired", (self.stage,)] += batch.fired
        self.counters["steps", (self.stage,)] += 1

    def took(self, seconds: float) -> None:
        """Take in how long a step was."""
        self._step_sum += seconds
        for i, bound in enumerate(STEP_BUCKETS):
            if seconds <= bound:
                self._step_counts[i] += 1
                return
        self._step_counts[-1] += 1

    def collect(self) -> Iterator[Metric]:
        """Hand all of it to Prometheus."""
        yield from self._families(COUNTERS, self.counters, CounterMetricFamily)
        yield from self._families(GAUGES, self.gauges, GaugeMetricFamily)
        total, buckets = 0, []
        for bound, n in zip([*map(str, STEP_BUCKETS), "+Inf"], self._step_counts, strict=True):
            total += n
            buckets.append((bound, total))
        steps = HistogramMetricFamily("gridwhistle_step_seconds", "Wall time of a step from taking to commit.", labels=("stage",))
        steps.add_metric((self.stage,), buckets, self._step_sum)
        yield steps

    def _families(
        self, known: dict[str, tuple[str, tuple[str, ...]]], values: dict[tuple[str, tuple[str, ...]], float] | dict[tuple[str, tuple[str, ...]], int],
        family: type[CounterMetricFamily] | type[GaugeMetricFamily],
    ) -> Iterable[Metric]:  # fmt: skip
        for name, (text, labels) in known.items():
            metric = family(f"gridwhistle_{name}", text, labels=labels)
            for (found, given), value in list(values.items()):
                if found == name:
                    metric.add_metric(given, value)
            yield metric


def serve(metrics: StageMetrics, host: str, port: int) -> None:
    """Answer ``/metrics`` on a thread of its own, so that a scrape never holds up a step."""
    registry = CollectorRegistry()
    registry.register(metrics)
    start_http_server(port, host, registry)
