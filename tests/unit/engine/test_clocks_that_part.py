"""More than two seconds between this machine and the broker is seen by stages, doors and whoever asks; how long the
broker took is no skew."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from engine.kafka.broker_time import BrokerTime, off_by
from engine.local.asked import Figures, read
from engine.local.status import _state
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stream.watch import Watch
from rules.commands.effective_moment import effective
from tests.support.city import HOUR, MINUTE
from tests.support.loop_rig import START, LoopRig
from tests.support.still_time import now, still
from tests.unit.engine.test_openings import Large, partition
from topics.command import Actor, Command
from topics.reference import EngineClock
from topics.vocabulary import CommandKind, Role


@pytest.mark.parametrize(
    ("sent", "acknowledged", "appended", "off"),
    [
        (100.0, 100.1, 100.05, None),
        (100.0, 130.0, 129.0, None),
        (100.0, 130.0, 101.0, None),
        (100.0, 100.1, 101.9, None),
        (100.0, 100.1, 98.5, None),
        (100.0, 100.1, 3700.1, -3600.0),
        (3700.0, 3700.1, 100.0, 3600.0),
        (100.0, 130.0, 97.0, 3.0),
    ],
    ids=[
        "agreed",
        "slow, at its end",
        "slow, at its begin",
        "a little behind",
        "a little ahead",
        "an hour behind",
        "an hour ahead",
        "ahead and slow",
    ],
)
def test_only_what_is_certain_is_called_skew(
    sent: float, acknowledged: float, appended: float, off: float | None
) -> None:
    """The broker had it at some moment between sending and acknowledgement."""
    found = off_by(sent, acknowledged, appended)
    assert found is None if off is None else found == pytest.approx(off)


@pytest.mark.parametrize("skew", [-3600, 3600, 2.5, -2.5])
def test_a_stage_raises_an_alarm_once_and_its_time_stays_the_brokers(
    skew: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for each change of state; engine time does not look at the wall clock at all."""
    wall = 1_800_000_000.0
    monkeypatch.setattr("engine.kafka.broker_time.time.time", lambda: wall + skew)
    time = BrokerTime(EngineClock(0, 0, 1), monotonic=lambda: 5.0)
    time.seen(int(wall * 1000))
    assert time.now() == int(wall * 1000)
    metrics = StageMetrics("dispatch")
    watch = _watch({0: time}, metrics)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            watch._look_at_clocks()
    assert metrics.counters["alarms", ("clock_skew",)] == 1
    assert len([one for one in caplog.records if "off the broker" in one.getMessage()]) == 1
    monkeypatch.setattr("engine.kafka.broker_time.time.time", lambda: wall)
    watch._look_at_clocks()
    monkeypatch.setattr("engine.kafka.broker_time.time.time", lambda: wall + skew)
    watch._look_at_clocks()
    assert metrics.counters["alarms", ("clock_skew",)] == 2


@still
async def test_a_broker_that_answers_late_is_no_clock_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stamp lies between sending and acknowledgement: a full disk lets many seconds pass there. An hour off is seen
    all the same."""
    async with LoopRig() as rig:
        wall = {"off": 0.0}
        monkeypatch.setattr("engine.kafka.broker_time.time.time", lambda: START / 1000 + now() + wall["off"])
        worker = await rig.worker().start()
        rig.log.faults.at("ack", lambda: asyncio.sleep(8), who="dispatch.p0", times=2)
        await rig.send("a")
        await rig.all_decided()
        assert worker.loop.watch.skew() == pytest.approx(0.0, abs=0.01)
        await asyncio.sleep(60)
        assert worker.counted("alarms", "clock_skew") == 0
        for off in (3600.0, -3600.0):
            wall["off"] = off
            assert worker.loop.watch.skew() == pytest.approx(off, abs=9)
        await asyncio.sleep(10)
        assert worker.counted("alarms", "clock_skew") == 1


async def test_engine_time_goes_by_the_broker_that_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """State and decisions may lie on two: a clock that fired by the one ahead would be early by the other's stamp."""
    opening = partition(Large(-1), set())

    async def sent(*args: Any) -> list[Any]:
        acks = [SimpleNamespace(topic=name, offset=0, timestamp=at) for name, at in (("a", 5_000), ("b", 2_000))]
        return [asyncio.sleep(0, ack) for ack in acks]

    async def nothing(*args: Any) -> None: ...

    monkeypatch.setattr("engine.stream.partition.send", sent)
    opening._producer = SimpleNamespace(begin_transaction=nothing, commit_transaction=nothing)  # type: ignore[assignment]
    opening.time = BrokerTime(EngineClock(0, 0, 1), lambda: 0.0)
    await opening._commit([], {})
    assert (opening.time.now(), opening._newest_ms) == (2_000, 5_000)


def test_of_several_brokers_the_one_that_is_off_is_told() -> None:
    """One behind does not hide one ahead."""
    skews = dict(enumerate((-0.5, None, 7.0, 0.0)))
    assert _watch({n: SimpleNamespace(skew=lambda skew=skew: skew) for n, skew in skews.items()}).skew() == 7.0


def _watch(times: dict[int, Any], metrics: StageMetrics | None = None) -> Watch:
    """The look at a loop's clocks, of which nothing runs."""
    slots = {n: SimpleNamespace(opening=SimpleNamespace(time=time)) for n, time in times.items()}
    loop: Any = SimpleNamespace(slots=slots, metrics=metrics or StageMetrics("dispatch"), settings=Settings())
    return Watch(loop)


@pytest.mark.parametrize("hours", [-48, -1, 1, 48])
def test_what_a_door_with_a_wrong_clock_stamps_is_bounded_by_the_broker(hours: int) -> None:
    """Never after the broker had it, at most a quarter of an hour before: an hour off wins no deadline beyond that."""
    had = 1000 * HOUR
    given = effective(
        Command(
            id="c",
            kind=CommandKind.FINISH,
            actor=Actor(Role.SPECIALIST, "p"),
            accepted_at=had + hours * HOUR,
            ticket="t",
        ),
        had,
        had,
    )
    assert had - 15 * MINUTE <= given <= had
    assert given == (had if hours > 0 else had - 15 * MINUTE)


def test_status_reads_it_from_the_stage() -> None:
    """By the figures that the stage itself tells, beside what is stored."""
    metrics = StageMetrics("dispatch")
    metrics.gauge("clock_skew_seconds", -3600.2, "dispatch")
    metrics.gauge("partition_stopped", 1, "dispatch", "1")
    metrics.gauge("partition_stopped", 1, "dispatch", "4")
    metrics.gauge("partitions_unread", 3, "dispatch")
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    registry.register(metrics)
    asked = read(generate_latest(registry).decode())
    assert (asked, asked.is_skewed) == (Figures(-3600.2, 2, 3), True)
    assert _state("ready", 1, asked) == "ready, 2 stopped, clock -3600.2 s off the broker's, 3 partitions unread"
    assert _state("ended", 1, Figures()) == "ended, 1 stopped"
    assert _state("ready", 0, Figures(1.9)) == "ready"
