"""A pid is nobody: who holds a folder is known by pid and begin, and nobody else is ever ended for it."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.cli.stack import down
from engine.errors import StackBusy
from engine.local.lock import held, holding_process, same_process


@contextmanager
def bystander(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *words])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def lock_that_says(folder: Path, text: str) -> Iterator[None]:
    """A lock that is held, and names somebody."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(text)
        file.flush()
        yield


def test_down_ends_no_process_it_did_not_start(tmp_path: Path) -> None:
    """A stale pid that is somebody else's now, a begin that does not fit, words that are no pid: all refused, nobody
    ended."""
    with bystander() as other, bystander("engine.cli", "up") as lookalike:
        began = psutil.Process(lookalike.pid).create_time()
        for text in (
            f"pid {other.pid} (gridwhistle up)\n",
            f"pid {lookalike.pid} (gridwhistle up) since {began - 5:.2f}\n",
            "pid 1 (gridwhistle up)\n",
            "nonsense\n",
            "",
        ):
            with lock_that_says(tmp_path, text), pytest.raises(StackBusy, match="no 'gridwhistle up'"):
                down(tmp_path)
        time.sleep(0.2)
        assert (other.poll(), lookalike.poll()) == (None, None)


def test_a_lock_that_nobody_holds_ends_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file stayed after a power cut; its pid is a bystander's now."""
    with bystander("engine.cli", "up") as other:
        (tmp_path / "lock").write_text(f"pid {other.pid} (gridwhistle up)\n")
        down(tmp_path)
        assert "no stack runs" in capsys.readouterr().out
        time.sleep(0.2)
        assert other.poll() is None


def test_the_holder_is_found_by_pid_and_begin(tmp_path: Path) -> None:
    """This process holds it; a second taker is told who."""
    with held(tmp_path, "gridwhistle up"):
        found = subprocess.run(
            [
                sys.executable,
                "-c",
                (
                    f"from pathlib import Path; from engine.local.lock import held\nwith held(Path({str(tmp_path)!r}),"
                    " 'x'): pass"
                ),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"held by pid {os.getpid()} (gridwhistle up)" in found.stderr


def test_a_zombie_does_not_live() -> None:
    """It has a pid and a begin, and runs nothing."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    began = psutil.Process(process.pid).create_time()
    assert same_process(process.pid, began + 9) is None
    until = time.monotonic() + 10
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert same_process(process.pid, began) is None
    process.wait()
    assert holding_process(Path("/nowhere")) is None


@pytest.mark.parametrize(("pid", "since"), [(-1, 1.0), (10**30, 1.0), ("abc", 1.0), (1, "z")])
def test_what_is_no_pid_is_nobody(pid: Any, since: Any) -> None:
    """A damaged stack.json keeps nothing from starting."""
    assert same_process(pid, since) is None
