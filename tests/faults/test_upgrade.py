"""From the last landed version to this one with open tickets, back, and forward again: nothing lost, doubled or early
on the way."""

import asyncio
import os
import subprocess
import sys
import tarfile
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest

from tests.faults.conftest import Tell
from tests.faults.trial import ALL, PATIENCE, SPEED, START_MS, Trial, trial
from tests.support.rig import Rig, eventually

SEED = 20260308
LANDED = "e85b67a4debf55dcd89e5dbd15df5e2164547932"
"""The version before this one, as it stands in the history of this very clone; whoever lands a version moves it."""
ROOT = Path(__file__).parents[2]
PREPARE = """
import asyncio, os
from engine.client.publish_pack import publish
from engine.kafka.reference import start_clock
from engine.kafka.topic_admin import apply
from engine.security.vault import make_master_key
from engine.settings import load_settings
s = load_settings(os.environ)
for folder in ("run", "logs", "journals"):
    (s.data_dir / folder).mkdir(parents=True, exist_ok=True)
make_master_key(s.key_file)
asyncio.run(apply(s, []))
asyncio.run(start_clock(s, {start}, {speed}))
print(asyncio.run(publish(s, "guancheng")))
"""
"""What ``up`` does before it starts stages, by the landed version's own code."""


def landed(folder: Path) -> Path:
    """Unpack the landed version from the history."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "archive", LANDED, "engine", "rules", "topics"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"the landed version is not in this clone's history; 'git fetch --unshallow' brings it: {done.stderr.decode()}"
    )
    with tarfile.open(fileobj=BytesIO(done.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return folder


def by_the_landed(old: Path) -> Callable[[Rig], Awaitable[None]]:
    """Give the way a stack is prepared by the landed version."""

    async def prepare(rig: Rig) -> None:
        environment = rig.environment() | {"PYTHONSAFEPATH": "", "PYTHONPATH": str(old)}
        script = PREPARE.format(start=START_MS, speed=SPEED)
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", script],
            cwd=old,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert _version(old) != _version(ROOT)
        rig.code = old

    return prepare


def _version(folder: Path) -> str:
    """Ask a folder which engine it has."""
    script = "import engine, sys; print(engine.__file__, engine.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(folder) in done.stdout, done.stdout
    return done.stdout


async def change(t: Trial, code: Path | None) -> None:
    """Drain every stage of one version and start those of the other; the city reports and works on meanwhile."""
    t.terminate(*t.rig.workers)
    t.rig.code = code
    t.start(*ALL)


def refused(t: Trial) -> dict[str, str]:
    """Workers that ended by themselves, with what they said."""
    return {
        name: worker.log.read_text(errors="replace")[-3000:]
        for name, worker in t.rig.workers.items()
        if not worker.alive
    }


def fired(t: Trial, tickets: set[str]) -> int:
    """Clocks of these tickets that have fired."""
    return sum(
        decision["cause"] == "clock" and decision["ticket"] in tickets for decision, _ in t.ledger.decisions.values()
    )


async def old_on_newer_state(t: Trial, old: Path) -> bool:
    """Go back to the old version: whether it goes on; where it does not, every worker that ended says why."""
    await change(t, old)
    now = len(t.ledger.known)
    await eventually(
        lambda: len(t.ledger.known) > now + 60 or bool(refused(t)),
        PATIENCE,
        "the old version goes on, or refuses",
        every=0.5,
    )
    goes_on = not refused(t)
    said = " | ".join(refused(t).values())
    for name in [name for name, worker in t.rig.workers.items() if not worker.alive]:
        assert "newer" in said or "version" in said, f"{name} ended without a mend: {said}"
    return goes_on


@pytest.mark.long
async def test_upgrade_rollback_and_forward_again(tell: Tell, tmp_path: Path) -> None:
    """Open tickets go on under the new version; the old one, on newer state, goes on or refuses loudly; forward again
    all is there."""
    old = landed(tmp_path / "landed")
    async with trial(SEED, prepared=by_the_landed(old)) as t:
        await t.going(200)
        by_old = set(t.ledger.tickets())
        tickets = {event["ticket"] for _, event in t.ledger.events() if event["type"] == "TicketFiled"}
        await change(t, None)
        await t.rig.ready(within=PATIENCE)
        before = fired(t, tickets)
        await t.going(150)
        await eventually(
            lambda: fired(t, tickets) > before + 20,
            PATIENCE,
            "clocks of tickets that the old version filed fire under the new one",
            every=0.5,
        )

        goes_on = await old_on_newer_state(t, old)
        t.terminate(*[name for name, worker in t.rig.workers.items() if worker.alive])

        t.rig.code = None
        t.start(*ALL)
        await t.rig.ready(within=PATIENCE)
        await t.going(100)
        await t.judged()
        assert by_old <= set(t.ledger.tickets())
    tell(
        t,
        f"{LANDED[:7]} -> this -> {LANDED[:7]} -> this, {len(tickets)} tickets filed by the first",
        old_on_newer_state="goes on" if goes_on else "refuses",
    )
