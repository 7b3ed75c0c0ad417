"""``up --demo``: the demonstration's people as a child process, something to look at, and the audit at the end."""

import asyncio
import json
import re
import sys
import time
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.kafka import clients
from engine.local.lag import lags_and_stopped
from engine.local.stack import Stack, until_signal
from engine.local.supervisor import Child, child_environ, python_command
from topics.departments import ANY_TASKS

SPEED = 600
"""A working day of ten hours in a minute."""


def demo_clock() -> str:
    """Start at 08:00 of a working day, Guancheng time."""
    import chinese_calendar

    day = date(2026, 3, 2)
    while not chinese_calendar.is_workday(day):
        day += timedelta(days=1)
    return f"{datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo('Asia/Shanghai')).isoformat()}@{SPEED}"


async def run_demo(stack: Stack, seconds: float | None, as_json: bool, began: float) -> int:
    """Tell the day; answers the audit's exit code."""
    watching = sys.stdout.isatty() and not as_json
    first_task = asyncio.create_task(_first_task(stack, began))

    def line(text: str) -> None:
        if not watching:
            print(text, file=sys.stderr if as_json else sys.stdout, flush=True)

    people = Child(
        "actors",
        "demo",
        python_command("demo-actors", "--data", str(stack.folder)),
        environ=child_environ(0),
        folder=stack.folder,
        on_line=line,
        start=stack.begin,
    )
    stack.supervisor.add(people)
    top = (
        await asyncio.create_subprocess_exec(*python_command("top", "--data", str(stack.folder))) if watching else None
    )
    ended = asyncio.create_task(until_signal(seconds))
    await asyncio.wait(
        {ended, *([asyncio.create_task(top.wait())] if top else [])}, return_when=asyncio.FIRST_COMPLETED
    )
    ended.cancel()
    if top is not None and top.returncode is None:
        top.terminate()
        await top.wait()
    await stack.supervisor.stop("actors")
    await _settled(stack)
    taken = first_task.result() if first_task.done() and not first_task.cancelled() else None
    first_task.cancel()
    return await _audit(stack, as_json, taken)


async def _first_task(stack: Stack, began: float) -> float:
    """Measure the seconds from ``up`` to the first task on any department's topic."""
    consumer = clients.watcher(stack.settings, auto_offset_reset="latest")
    consumer.subscribe(pattern=f"^{re.escape(stack.settings.prefix)}{ANY_TASKS}$")
    await consumer.start()
    try:
        await consumer.getone()
        return round(time.monotonic() - began, 1)
    finally:
        await consumer.stop()


async def _settled(stack: Stack) -> None:
    """Give the stages a few seconds to work off what was sent; time goes on, so new clocks may fire meanwhile."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        lags = (await lags_and_stopped(stack.settings))[0]
        if lags and sum(lags.values()) <= 20:
            break
        await asyncio.sleep(0.5)
    await asyncio.sleep(1.0)
    # stages stop deciding before the audit reads, so that nothing is judged half way
    await stack.supervisor.stop(
        "intake-1", *[child.name for child in stack.supervisor.children if child.stage == "dispatch"]
    )
    await asyncio.sleep(1.5)


async def _audit(stack: Stack, as_json: bool, first_task_seconds: float | None) -> int:
    journal = stack.folder / "journals" / "demo.jsonl"
    arguments = [
        "audit",
        "--data",
        str(stack.folder),
        *(["--journal", str(journal)] if journal.exists() else []),
        *(["--json"] if as_json else []),
    ]
    process = await asyncio.create_subprocess_exec(
        *python_command(*arguments), stdout=asyncio.subprocess.PIPE if as_json else None
    )
    out, _ = await process.communicate()
    if as_json:
        try:
            found: dict[str, Any] = json.loads(out)
        except json.JSONDecodeError:
            print(out.decode(), file=sys.stderr)
            return process.returncode or 1
        print(json.dumps(found | {"first_task_seconds": first_task_seconds}), flush=True)
    else:
        print(f"first task on a department's topic: {first_task_seconds} s after up", flush=True)
    return process.returncode or 0
