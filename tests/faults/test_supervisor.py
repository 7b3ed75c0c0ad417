"""The supervisor itself is killed: the kernel ends all that it started, ``up`` on the same folder goes on, nothing is
lost."""

import asyncio
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest

from engine.local.folder import read_stack, settings_for
from tests.faults.conftest import Tell
from tests.faults.trial import AUDITED, PATIENCE, Trial
from tests.support.feed import Feed
from tests.support.ledger import Ledger
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from tests.support.stacks import ENVIRON, status

SEED, KILLS = 20260311, 4


async def bring_up(data: Path, *words: str) -> "subprocess.Popen[bytes]":
    """``up`` in a process of its own, ready."""
    log = data.with_suffix(".log")
    log.unlink(missing_ok=True)
    with log.open("wb") as out:
        command = [sys.executable, "-m", "engine.cli", "up", "--data", str(data), *words]
        process = subprocess.Popen(command, env=ENVIRON, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    await eventually(
        lambda: "up in " in log.read_text() or process.poll() is not None, PATIENCE, "the stack is up", every=0.3
    )
    assert process.poll() is None, log.read_text()[-2000:]
    return process


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is there any more."""
    return not any(psutil.pid_exists(pid) for pid in pids)


def trial_on(data: Path, folder: Path) -> Trial:
    """Feed and ledger of the stack that a folder has."""
    stack = read_stack(data)
    assert stack is not None
    settings = settings_for(data, stack, {})
    feed = Feed(settings, folder / "journal.jsonl", 12, seed=SEED)
    return Trial(
        folder,
        Rig(settings),
        [],
        feed=feed,
        ledger=Ledger(settings.kafka, settings.prefix, settings.partitions),
        seed=SEED,
    )


@pytest.mark.long
async def test_supervisor_killed(tell: Tell, tmp_path: Path) -> None:
    """Four times kill -9 of ``up`` under load, servers and stages with it; each time ``up`` without a word goes on."""
    draw, data = random.Random(SEED), tmp_path / "stack"
    process = await bring_up(data, "--port-base", str(free_ports(20)), "--clock", "2026-03-02T08:00:00+08:00@60")
    t = trial_on(data, tmp_path)
    try:
        await t.begin()
        await t.going(60)
        for _ in range(KILLS):
            await t.work(draw, 1, 5)
            pids = [row["pid"] for row in status(data)]
            process.send_signal(signal.SIGKILL)
            process.wait()
            t.faults["supervisor killed"] += 1
            await eventually(partial(gone, pids), 10, "the kernel has ended its children", every=0.2)
            said = await asyncio.to_thread(status, data)
            assert ("supervisor", "ended without a word") in [(row["name"], row["state"]) for row in said], said
            process = await bring_up(data)
            await t.going(60, within=PATIENCE)
        await t.judged(audit=False)
        found = await asyncio.to_thread(t.audit)
        assert {name: found[name] for name in AUDITED if name != "missing"} == dict.fromkeys(
            [name for name in AUDITED if name != "missing"], 0
        ), found["problems"]
    finally:
        await t.end()
        if process.poll() is None:
            process.terminate()
            process.wait(20)
    tell(
        t,
        f"kill -9 of the supervisor {KILLS} times, Kafka, Valkey and five stages with it",
        "status: ended without a word",
    )
