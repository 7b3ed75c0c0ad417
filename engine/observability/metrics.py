"""The figures of one process: plain dictionaries fed once a batch, read when Prometheus asks."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from engine.observability.metric_names import (
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    PREFIX,
    CounterName,
    GaugeName,
    HistogramName,
    Spec,
)
from rules import VERSION

if TYPE_CHECKING:
    from engine.stream.batch import Batch

MOST_SERIES = 2_000
"""Of one metric in one process: a code that somebody makes up must not fill Prometheus."""

OTHER = "other"
"""Stands for every label beyond."""

BY_LAW = ("pack_info", "whistle_band_percent", "whistle_band_least_tickets", "calendar_horizon_seconds")
"""What dispatch tells of the law that it decides by."""

Key = tuple[str, tuple[str, ...]]
N = TypeVar("N", int, float)


class Series(dict[Key, N]):
    """Name and labels -> figure. The first of a new one is looked at: a name that is none, and labels that are not its
    own, are our fault."""

    def __init__(self, known: Mapping[Any, Spec], zero: N) -> None:
        """Start empty."""
        super().__init__()
        self._known = known
        self._zero: N = zero
        self._of: dict[str, int] = {}

    def __missing__(self, key: Key) -> N:
        """Say zero, once it is certain that there may be such a thing."""
        self.prove(key)
        return self._zero

    def prove(self, key: Key) -> None:
        """Refuse what is none of ours.

        Raises:
            KeyError: There is no such metric, or it has other labels.
        """
        name, labels = key
        if name not in self._known or len(self._known[name].labels) != len(labels):
            raise KeyError(f"no metric {name!r} with {len(labels)} labels")

    def room(self, key: Key) -> Key:
        """Give the key under which a figure may stand: beyond the bound that of the others."""
        if key in self:
            return key
        self.prove(key)
        n = self._of.get(key[0], 0)
        if n >= MOST_SERIES and key[1]:
            return key[0], (OTHER,) * len(key[1])
        self._of[key[0]] = n + 1
        return key

    def drop(self, key: Key) -> None:
        """Take one out: there is room for another."""
        if self.pop(key, None) is not None and set(key[1]) != {OTHER}:
            self._of[key[0]] -= 1


class Histogram:
    """Counts by bucket."""

    def __init__(self, buckets: tuple[float, ...]) -> None:
        """Begin at zero."""
        self.buckets, self.counts, self.sum = buckets, [0] * (len(buckets) + 1), 0.0

    def observe(self, value: float) -> None:
        """Take one in."""
        self.sum += value
        self.counts[bisect_left(self.buckets, value)] += 1

    def told(self) -> list[tuple[str, float]]:
        """Add the buckets up, as Prometheus has them."""
        total, found = 0, []
        for bound, n in zip([*map(str, self.buckets), "+Inf"], self.counts, strict=True):
            total += n
            found.append((bound, float(total)))
        return found


class StageMetrics:
    """Counts of one process: dictionaries, since a labelled counter costs ten times as much (FIELD 6)."""

    def __init__(self, stage: str) -> None:
        """Begin at zero."""
        self.stage = stage
        self.counters: Series[int] = Series(COUNTERS, 0)
        self.gauges: Series[float] = Series(GAUGES, 0.0)
        self.histograms = {name: Histogram(spec.buckets) for name, spec in HISTOGRAMS.items()}
        self.when_asked: list[Callable[[], None]] = []
        """Called on the thread of whoever asks, before it is answered: what costs nothing while nobody looks."""
        self.gauge("build_info", 1, VERSION)

    def count(self, name: CounterName, *labels: str, by: int = 1) -> None:
        """Add to a counter."""
        key = (name, labels)
        if key not in self.counters:
            key = cast(Any, self.counters.room(key))
        self.counters[key] += by

    def gauge(self, name: GaugeName, value: float, *labels: str) -> None:
        """Set a gauge."""
        key = (name, labels)
        if key not in self.gauges:
            key = cast(Any, self.gauges.room(key))
        self.gauges[key] = value

    def observe(self, name: HistogramName, value: float) -> None:
        """Take one observation in."""
        self.histograms[name].observe(value)

    def only(self, name: GaugeName, values: Mapping[tuple[str, ...], float]) -> None:
        """Set all of a gauge: what is not named any more is gone."""
        for key in [key for key in list(self.gauges) if key[0] == name and key[1] not in values]:
            self.gauges.drop(key)
        for labels, value in values.items():
            self.gauge(name, value, *labels)

    def closed(self, partition: int) -> None:
        """Forget what was said of a partition that is no longer ours."""
        names = ("open_tickets", "held_causes", "split_drift_tickets", "split_error_tickets")
        for key in [key for key in list(self.gauges) if key[0] in names and key[1][0] == str(partition)]:
            self.gauges.drop(key)
        if not any(key[0] == "open_tickets" for key in list(self.gauges)):
            self._decides_nothing()

    def _decides_nothing(self) -> None:
        """Forget the law: a process without a partition reads no new one, and would say the former for ever."""
        for key in [key for key in list(self.gauges) if key[0] in BY_LAW]:
            self.gauges.drop(key)

    def forget(self, partition: str) -> None:
        """Forget how a partition stood that somebody else has now."""
        for name in ("partition_stopped", "lag_records", "oldest_due_seconds", "openings_without_progress"):
            self.gauges.drop((name, (self.stage, partition)))

    def stepped(self, batch: "Batch") -> None:
        """Take in what a committed step did."""
        self.count("records_taken", self.stage, by=batch.taken)
        self.count("clocks_fired", self.stage, by=batch.fired)
        self.count("steps", self.stage)

    def took(self, seconds: float) -> None:
        """Take in how long a step was."""
        self.histograms["step_seconds"].observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """Hand all of it to Prometheus."""
        for look in self.when_asked:
            look()
        yield from self._families(COUNTERS, self.counters, CounterMetricFamily)
        yield from self._families(GAUGES, self.gauges, GaugeMetricFamily)
        for name, spec in HISTOGRAMS.items():
            family = HistogramMetricFamily(PREFIX + name, spec.help, labels=spec.labels)
            found = self.histograms[name]
            family.add_metric((self.stage,) if spec.labels else (), found.told(), found.sum)
            yield family

    def _families(
        self,
        known: Mapping[Any, Spec],
        values: Mapping[Key, float],
        family: type[CounterMetricFamily] | type[GaugeMetricFamily],
    ) -> Iterator[Metric]:
        found: dict[str, Metric] = {
            name: family(PREFIX + name, spec.help, labels=spec.labels) for name, spec in known.items()
        }
        for (name, labels), value in list(values.items()):  # a copy: the loop's thread may add to it meanwhile
            found[name].add_metric(labels, value)  # type: ignore[attr-defined]
        yield from found.values()
