"""What processes take: their own CPU while it was looked, their share of memory, and the sums by kind."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
import typer

from engine.cli.stack import status
from engine.local.resources import Use, measured, totals, with_unlisted


def test_a_busy_process_is_told_from_one_that_sleeps() -> None:
    """And one that has ended is left out."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    rows: list[dict[str, Any]] = [
        {"name": "me", "stage": "dispatch", "pid": os.getpid()},
        {"name": "gone", "stage": "intake", "pid": ended.pid},
        {"name": "theirs", "stage": "server", "pid": None},
    ]

    def burn(seconds: float) -> None:
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass

    (busy,) = measured(rows, 0.2, burn)
    (idle,) = measured(rows, 0.2)
    assert (busy.name, busy.stage) == ("me", "dispatch")
    assert busy.memory_mib > 5
    assert busy.cpu_percent > 3 * max(1.0, idle.cpu_percent) or busy.cpu_percent > 30


def test_what_a_process_started_and_nobody_lists_is_counted_with_it() -> None:
    """PostgreSQL's own processes, and the fork server; what is listed itself is not counted twice, and what has ended
    meanwhile not at all."""

    class Fake:
        """A process and what it takes; ``None``: it has ended."""

        def __init__(self, pid: int, takes: int | None, *children: "Fake") -> None:
            self.pid, self.takes, self._children = pid, takes, children

        def children(self) -> tuple["Fake", ...]:
            """What it started."""
            return self._children

    def figure(one: Any) -> int:
        if one.takes is None:
            raise psutil.NoSuchProcess(one.pid)
        return int(one.takes)

    stage = Fake(3, 1000, Fake(4, 5))
    supervisor: Any = Fake(1, 10, Fake(2, 100, Fake(5, 7), Fake(6, None)), stage)
    assert with_unlisted(figure, supervisor, {1, 3}) == 117
    assert with_unlisted(figure, cast("Any", stage), {1, 3}) == 1005


def test_stages_are_added_up_apart_from_the_broker() -> None:
    """People of a demonstration and Prometheus are no stages of ours."""
    uses = [
        Use("kafka", "server", 4.0, memory_mib=300),
        Use("dispatch-1", "dispatch", 1.0, memory_mib=80),
        Use("intake-1", "intake", 0.5, memory_mib=70),
        Use("actors", "demo", 9.0, memory_mib=50),
    ]
    assert totals(uses) == {"all stages": (1.5, 150), "the whole stack": (pytest.approx(14.5), 500)}


def test_where_no_stack_runs_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table of nothing with exit 0 would read as a stack that takes nothing."""
    with pytest.raises(typer.Exit) as ended:
        status(tmp_path / "nothing", resources=True, over=0.1)
    said = capsys.readouterr().out
    assert ended.value.exit_code == 1 and "no stack runs in" in said and "CPU" not in said
