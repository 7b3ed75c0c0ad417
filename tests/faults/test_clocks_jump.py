"""Wall clocks of workers an hour ahead or behind: engine time is the broker's, so nothing is early and nothing waits
for an hour."""

import random
from functools import partial
from pathlib import Path

import pytest

from tests.faults.conftest import Tell
from tests.faults.trial import PATIENCE, Trial, trial
from tests.support.rig import CRITICAL, eventually

SEED, HOUR = 20260306, 3600
SHIFT = """
import os, time, datetime as _d
_by, _time, _ns, _now = float(os.environ["SHIFTED_BY"]), time.time, time.time_ns, _d.datetime.now
time.time = lambda: _time() + _by
time.time_ns = lambda: _ns() + int(_by * 1e9)
class _Shifted(_d.datetime):
    @classmethod
    def now(cls, tz=None):
        return _now(tz) + _d.timedelta(seconds=_by)
_d.datetime = _Shifted
with open(os.environ["SHIFTED_SEEN"], "a") as seen:
    seen.write(f"{time.time() - _time():.0f}\\n")
"""
"""``sitecustomize`` of a worker: every wall clock that its Python asks is off, the monotonic one is not."""


def shift(t: Trial, name: str, seconds: int) -> None:
    """From its next start on, a worker's wall clock is off by so much."""
    place = t.folder / "shift"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(SHIFT)
    t.rig.more[name] = {"PYTHONPATH": str(place), "SHIFTED_BY": str(seconds), "SHIFTED_SEEN": str(seen(t, name))}


def seen(t: Trial, name: str) -> Path:
    """Where a worker writes how far its clock was off as it started."""
    return t.folder / f"{name}.shifted"


def says(t: Trial, name: str, seconds: int) -> bool:
    """Whether a worker says that its clock is so far off, within a minute."""
    return any(abs(off_by - seconds) < 60 for off_by in t.gauges(name, "clock_skew_seconds"))


@pytest.mark.long
async def test_wall_clocks_an_hour_off(tell: Tell) -> None:
    """One worker of each critical stage an hour ahead, the other behind, changing places by kills while clocks fire."""
    draw = random.Random(SEED)
    async with trial(SEED, twice=CRITICAL) as t:
        for round_ in range(4):
            off = {f"{stage}-{n}": HOUR if (n + round_) % 2 else -HOUR for stage in CRITICAL for n in (1, 2)}
            for name, seconds in off.items():
                shift(t, name, seconds)
                t.kill(name)
                t.revive()
            await t.going(60)
            for name, seconds in off.items():
                await eventually(
                    partial(says, t, name, seconds),
                    PATIENCE,
                    f"{name} says that its clock is {seconds:+} s off",
                    every=0.5,
                )
            t.alarms.clear()
            assert "clock_skew" in t.listen(*off)
            await t.work(draw, 2, 6)
        await t.judged()
        for stage in CRITICAL:
            for number in (1, 2):
                assert {abs(int(line)) for line in seen(t, f"{stage}-{number}").read_text().split()} == {HOUR}
    tell(
        t,
        f"wall clocks of {2 * len(CRITICAL)} workers at +1 h and -1 h, changed 4 times by kill -9",
        alarms=", ".join(sorted(t.alarms)),
    )
    assert t.verdict.clocks > 100
