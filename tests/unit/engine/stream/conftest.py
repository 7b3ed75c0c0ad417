"""Here time stands still: the loop asks the test's clock wherever it asks for seconds."""

from types import SimpleNamespace

import pytest

from tests.support.loop_rig import START
from tests.support.still_time import CLOCK, now


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("slot", "partition_loop", "watch", "passed_by", "patience", "turns"):
        monkeypatch.setattr(f"engine.stream.{module}.time", CLOCK)
    monkeypatch.setattr("engine.kafka.broker_time.time", SimpleNamespace(time=lambda: START / 1000 + now()))
    monkeypatch.setattr("engine.stream.batch.perf_counter", now)
    monkeypatch.setattr("engine.stream.batch.thread_time", now)
