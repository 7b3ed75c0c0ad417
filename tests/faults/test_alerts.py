"""The long form of ``tests/kafka/test_alerts.py`` (``make alerts``): more kinds of trouble, each alone, with how long
it took to be seen and to be over."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.local.folder import settings_of
from tests.faults.results import machine
from tests.kafka.test_alerts import Watched, watched, write
from tests.kafka.test_held_again import hold_all
from tests.support.stacks import both, run, status, wait
from topics.envelope import incident_message

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "alerts.md"
HEAD = """# Alerts: what was broken, and how soon it was said

Written by `make alerts`: a real Prometheus (1 s between scrapes, the rules' lengths of time shortened to 1/30, `for`
to 1/60) and Alertmanager beside a running stack. The quick kinds are in
`make test`. Not to be injected without root or another clock: DiskFilling, DiskFull, CertificateEnding,
CertificateEnded, ClockSkew, FilesRunOut; of load that this machine has not: Lag,
StepsSlow, ReportToTaskSlow, ClocksLate, OldestDue; that must never be: AllocationError, AuditViolation. Those are
shown by promtool's tests alone.

"""
PERSONS = {
    "residents": ("resident-boaijie-11", "resident-boaijie-12"),
    "red_property": ("property-boaijie-11", "property-boaijie-12"),
    "specialist": ("specialist-boaijie-11",),
}
CHIEF = ("--as", "chief:chief-1")


def said(here: Watched, *words: str) -> str:
    """A command that must go well."""
    done = run(*words, data=here.data)
    assert done.returncode == 0, both(done)
    return done.stdout


async def report(here: Watched, category: str, grid: str, count: int) -> None:
    """Reports by the front door."""
    now = datetime.now(UTC)
    records = [
        incident_message(
            "test",
            f"{category}-{now.timestamp()}-{n}",
            {"occurred_at": now.isoformat(), "channel": "app", "category": category, "location": {"grid": grid}},
            structured=True,
        )
        for n in range(count)
    ]
    await write(here.kafka, "gw.incidents.raw", [(key, value) for key, value, _ in records], headers=records[0][2])


def process(here: Watched, stage: str) -> int:
    """The pid of a stage's one process."""
    return next(int(one["pid"]) for one in status(here.data) if one["stage"] == stage and one["pid"])


def kill_again_and_again(here: Watched) -> None:
    """End the projector, each time it is back."""
    before = -1
    for _ in range(5):
        wait(
            lambda before=before: (now := process(here, "projector")) != before and os.path.exists(f"/proc/{now}"),
            60,
            "the projector is back",
        )
        before = process(here, "projector")
        os.kill(before, signal.SIGKILL)


def hold(here: Watched) -> None:
    """Set the first incident of the stack aside as dispatch does after three openings, while it stands still; it is
    fenced, opens again and finds it."""
    pid = process(here, "dispatch")
    os.kill(pid, signal.SIGSTOP)
    try:
        asyncio.run(report(here, "bins_full", "tawan-g1-m1", 1))
        wait(lambda: asyncio.run(hold_all(settings_of(here.data))), 60, "intake has placed it, and it is held")
    finally:
        os.kill(pid, signal.SIGCONT)


def let_go(here: Watched) -> None:
    """Drop whatever is held, with a reason."""
    for line in said(here, "held", "list", "--json").splitlines():
        said(here, "held", "drop", json.loads(line)["id"], "--reason", "a test", *CHIEF)


def duty(here: Watched, change: str) -> None:
    """Everybody of a grid off duty, or on again."""
    for role, people in PERSONS.items():
        for person in people:
            said(here, "duty", change, person, "--role", role, *CHIEF)


def nobody(here: Watched) -> None:
    """Nobody of a grid is on duty, and four reports come."""
    duty(here, "off")
    asyncio.run(report(here, "bins_full", "boaijie-g1-m1", 4))


def another_calendar(here: Watched) -> None:
    """A law whose holidays are known to 2030."""
    folder = here.data.parent / "law"
    folder.mkdir()
    (folder / "pack.yaml").write_text(
        'name: guancheng\nextends: guancheng\ncalendar: {country: US, hours: ["08:00-12:00", "14:00-18:00"], from_year:'
        " 2004, to_year: 2030}\n"
    )
    said(here, "pack", "publish", str(folder))


@pytest.mark.long
def test_more_faults_raise_their_alerts_and_end_them(tmp_path: Path) -> None:
    """Each kind fires when it is brought about, and ends when it is mended."""
    nothing: Callable[[Watched], None] = lambda here: None  # noqa: E731
    kinds: list[tuple[str, str, Callable[[Watched], None], Callable[[Watched], None]]] = [
        ("CausesHeld", "an incident set aside; let go with a reason", hold, let_go),
        (
            "CalendarHorizon",
            "the calendar of China ends with the year; mended by a law that knows more",
            nothing,
            another_calendar,
        ),
        ("NobodyOnDuty", "everybody of a grid off duty, four reports", nobody, lambda here: duty(here, "on")),
        (
            "WhistlesTooFew",
            "60 tickets in a street without a whistle; six gas leaks",
            lambda here: asyncio.run(report(here, "bins_full", "tawan-g1-m1", 60)),
            lambda here: asyncio.run(report(here, "gas_leak", "tawan-g1-m1", 6)),
        ),
        ("StageRestarts", "the projector killed five times", kill_again_and_again, nothing),
    ]
    rows: list[str] = []
    with watched(tmp_path) as here:
        for name, how, break_it, mend in kinds:
            began = time.monotonic()
            break_it(here)
            wait(lambda name=name: name in here.asked.firing(), 180, f"{name} fires")
            fired = time.monotonic()
            mend(here)
            mended = time.monotonic()
            wait(lambda name=name: name not in here.asked.firing(), 180, f"{name} ends")
            rows.append(f"| {name} | {how} | {fired - began:.0f} | {time.monotonic() - mended:.0f} |")
            print(rows[-1], flush=True)
        assert here.was_told("on-call", "CausesHeld") and here.was_told("weekly", "WhistlesTooFew")
    table = ["| alert | what was done | fired after s | ended s after the mend |", "|---|---|---|---|", *rows]
    RESULTS.write_text(
        HEAD
        + f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {len(rows)} of {len(kinds)} kinds fired and ended.\n\n"
        + "\n".join(table)
        + "\n"
    )
