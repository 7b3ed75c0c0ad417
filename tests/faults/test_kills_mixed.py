"""Kills while referrals, replies, duplicates and records in wrong partitions are under way: the long form of
``test_kills``.

One stack, two workers for each critical stage, judged by what shares nothing with the engine. First every named step of
the loop is hit once in each critical stage, then workers are
killed at random moments, stopped past their session, and the broker itself is killed.
"""

import asyncio
import os
import random
import signal

import pytest

from engine.stream.crash_points import POINTS
from tests.faults.conftest import Tell
from tests.faults.trial import PATIENCE, Trial, trial
from tests.support.rig import CRITICAL, eventually

RATE = 30
"""Incidents a second; commands come on top. ``test_kills`` has seven times as many: here their kinds count."""
AT_OPENING = ("fenced", "loaded", "opened")
KILLS, STOPS, BROKER_KILLS = 24, 3, 2
"""Random kills, stops past the session, kills of the broker."""
SEED = 20260302


async def hit(t: Trial, point: str) -> None:
    """Let the first worker of each critical stage be killed at one step of the loop."""
    rig = t.rig
    for stage in CRITICAL:
        if rig.workers[f"{stage}-1"].alive:
            t.kill(f"{stage}-1")
        t.start(stage, crash_at=f"{point}:{1 if point in AT_OPENING or point == 'revoked' else 4}")
    if point == "revoked":  # it is passed when somebody else joins or leaves while partitions are held
        await rig.ready(*(f"{stage}-1" for stage in CRITICAL), within=PATIENCE)
        for stage in CRITICAL:
            t.kill(f"{stage}-2")
            t.start(stage, number=2)
    for stage in CRITICAL:
        worker = rig.workers[f"{stage}-1"]
        await eventually(lambda it=worker: not it.alive, PATIENCE, f"{stage} killed at {point}")  # type: ignore[misc]
        assert worker.process.returncode == -signal.SIGKILL, f"{stage} at {point}: {worker.log.read_text()[-2000:]}"
        t.faults["killed at a step"] += 1
    t.revive()


@pytest.mark.long
async def test_referrals_replies_duplicates_and_wrong_partitions_under_kills(tell: Tell) -> None:
    """Every named step of each critical stage, then random kills, stops past the session, and broker kills."""
    draw = random.Random(SEED)
    async with trial(SEED, rate=RATE, partitions=4, twice=CRITICAL) as t:
        for point in POINTS:
            await hit(t, point)
        assert t.faults["killed at a step"] == len(POINTS) * len(CRITICAL)
        names = [f"{stage}-{n}" for stage in CRITICAL for n in (1, 2)]
        for n in range(KILLS):
            await t.work(draw, 0.3, 2.0)
            victim = draw.choice(names)
            if t.rig.workers[victim].alive:
                t.kill(victim)
            t.revive()
            if n * STOPS // KILLS != (n + 1) * STOPS // KILLS:
                await _stop_past_session(t, draw.choice([name for name in names if t.rig.workers[name].alive]))
        for _ in range(BROKER_KILLS):
            await asyncio.sleep(2)
            await asyncio.to_thread(t.brokers[0].restart_after_kill)
            t.faults["broker killed"] += 1
            await asyncio.sleep(6)
            t.revive()
        await t.judged()
        injected = (
            f"{t.faults['killed at a step']} kills at {len(POINTS)} steps of {len(CRITICAL)} stages, {KILLS} at random,"
            f" {STOPS} stops, broker killed {BROKER_KILLS} times"
        )
    tell(t, injected)
    assert t.audited["rungs"].get("100.accept", 0) > 100
    assert t.verdict.referred > 50 and t.feed.counts["replies"] > 50, t.feed.counts


async def _stop_past_session(t: Trial, name: str) -> None:
    """Freeze a worker until the group has given its partitions away, then let it wake up as a zombie."""
    pid = t.rig.workers[name].process.pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(2.2 * t.settings.session_timeout_seconds)
    os.kill(pid, signal.SIGCONT)
    t.faults["stopped"] += 1
    await asyncio.sleep(1)
    t.revive()
