"""A server ends with whoever started it, and begins without a copy of a process that has threads: what runs in one may
wait for ever, and its starter with it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import uvloop

from engine.local.bound import bound_to_us
from engine.local.forked import by_itself

ROOT = Path(__file__).parents[3]

STARTS = """
import subprocess, sys, time
from engine.local.bound import bound_to_us
child = subprocess.Popen(bound_to_us([sys.executable, "-c", "import time; time.sleep(60)"]))
print(child.pid, flush=True)
time.sleep(60)
"""


def test_it_ends_with_whoever_started_it() -> None:
    """However that went."""
    with subprocess.Popen([sys.executable, "-c", STARTS], cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        child = psutil.Process(int(starter.stdout.readline()))
        until = time.monotonic() + 20
        while child.cmdline()[1:2] != ["-c"]:  # it has become the command
            assert time.monotonic() < until
            time.sleep(0.01)
        starter.kill()
        child.wait(20)


def test_one_whose_starter_is_gone_does_not_begin() -> None:
    """It died before the kernel was told; nobody would ever end it."""
    words = bound_to_us([sys.executable, "-c", "print('begun')"])
    words[words.index(str(os.getpid()))] = "1"
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_what_is_not_there_is_said_at_once() -> None:
    """By whoever starts it."""
    with pytest.raises(FileNotFoundError, match="no-such-server"):
        bound_to_us(["no-such-server"])


def test_what_is_no_program_is_named(tmp_path: Path) -> None:
    """In a line, not by a trace."""
    (tmp_path / "server").write_bytes(b"\x00")
    (tmp_path / "server").chmod(0o700)
    words = bound_to_us([str(tmp_path / "server")])
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and done.stderr == f"{tmp_path}/server cannot be started: Exec format error\n"


def test_its_name_and_its_signals_are_its_own() -> None:
    """It is the command that was asked for, and ends by what ends that."""
    with subprocess.Popen(bound_to_us(["sleep", "60"])) as sleeper:
        while psutil.Process(sleeper.pid).name() != "sleep":
            assert sleeper.poll() is None
            time.sleep(0.01)
        sleeper.send_signal(signal.SIGTERM)
        assert sleeper.wait(20) == -signal.SIGTERM


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_it_begins_on_either_loop_and_its_files_are_its_owners_alone(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """A stack runs on the quicker one, which takes fewer of the words that begin a process."""

    async def said() -> bytes:
        words = [sys.executable, "-c", "import os; print(oct(os.umask(0)))"]
        running = await by_itself(words, dict(os.environ))
        assert running.stdout is not None
        found = b""
        while piece := await running.stdout.read(100):
            found += piece
        assert await running.wait() == 0
        return found

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(said()) == b"0o77\n"


def test_nothing_runs_in_a_copy_of_a_process_that_has_threads() -> None:
    """Not in the tests either: one such start, and a run waits for ever."""
    word = "preexec" + "_fn="
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("engine", "rules", "topics", "tests", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []
