"""What processes take: their own CPU while it was looked, their share of memory, and the sums by kind."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from engine.cli.stack import status
from engine.local.resources import Use, measured, totals


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
