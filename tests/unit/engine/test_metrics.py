"""Figures: each named once, labels bounded, and what dispatch tells of a real story."""

import pytest

from engine.observability.metric_names import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from engine.observability.metrics import MOST_SERIES, OTHER, StageMetrics


def test_a_name_that_is_none_fails() -> None:
    """And so do labels that are not its own."""
    metrics = StageMetrics("dispatch")
    with pytest.raises(KeyError, match="no metric 'opened_tickets'"):
        metrics.count("opened_tickets")  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="no metric 'lag_records' with 1 labels"):
        metrics.gauge("lag_records", 1, "dispatch")
    with pytest.raises(KeyError):
        metrics.observe("lateness", 1)  # type: ignore[arg-type]


def test_labels_are_bounded() -> None:
    """However many codes somebody makes up, there are so many series and one for the others; what is known goes on."""
    metrics = StageMetrics("fanout")
    for n in range(MOST_SERIES + 500):
        metrics.count("tasks_sent", f"made_up_{n}")
    metrics.count("tasks_sent", "made_up_7")
    assert len([key for key in metrics.counters if key[0] == "tasks_sent"]) == MOST_SERIES + 1
    assert metrics.counters["tasks_sent", (OTHER,)] == 500
    assert metrics.counters["tasks_sent", ("made_up_7",)] == 2


def test_each_is_told_with_help_and_once() -> None:
    """Everything of the table is told, under its name and help, also before there is a figure."""
    told = list(StageMetrics("dispatch").collect())
    assert [metric.name for metric in told] == [PREFIX + name for name in (*COUNTERS, *GAUGES, *HISTOGRAMS)]
    assert all(len(metric.documentation) > 10 and metric.documentation.endswith(".") for metric in told)


def test_a_histogram_adds_up() -> None:
    """Buckets hold what is at most their bound, and all of it."""
    metrics = StageMetrics("dispatch")
    for seconds in (0.005, 0.006, 99.0):
        metrics.took(seconds)
    steps = next(metric for metric in metrics.collect() if metric.name == f"{PREFIX}step_seconds")
    found = {sample.labels.get("le", sample.name): sample.value for sample in steps.samples}
    assert (found["0.005"], found["0.01"], found["10.0"], found["+Inf"]) == (1, 2, 2, 3)
    assert found[f"{PREFIX}step_seconds_sum"] == pytest.approx(99.011)


def test_what_is_forgotten_makes_room() -> None:
    """A thousand rebalances of 24 partitions are still told partition by partition."""
    metrics = StageMetrics("dispatch")
    for _ in range(1000):
        for number in range(24):
            metrics.gauge("lag_records", 5, "dispatch", str(number))
            metrics.gauge("open_tickets", 5, str(number))
            metrics.forget(str(number))
            metrics.closed(number)
    metrics.gauge("lag_records", 7, "dispatch", "3")
    assert metrics.gauges["lag_records", ("dispatch", "3")] == 7


def test_a_process_that_decides_nothing_any_more_names_no_law() -> None:
    """It reads no new one: the former would stand beside it for ever, as if two were in force."""
    metrics = StageMetrics("dispatch")
    for partition in (0, 1):
        metrics.gauge("open_tickets", 3, str(partition))
    metrics.only("pack_info", {("a@1",): 1})
    metrics.only("whistle_band_percent", {("low",): 1, ("high",): 30})
    metrics.gauge("calendar_horizon_seconds", 60)
    metrics.closed(0)
    assert ("pack_info", ("a@1",)) in metrics.gauges
    metrics.closed(1)
    told = {name for name, _ in metrics.gauges}
    assert not told & {"open_tickets", "pack_info", "whistle_band_percent", "calendar_horizon_seconds"}
    assert "build_info" in told
