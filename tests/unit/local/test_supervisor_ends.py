"""The supervisor is supervised: killed, it leaves nobody behind and its end is known; what it cannot write it says, and
goes on."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from engine.errors import StackBusy
from engine.local.lock import demand_no_orphans, held, holder, left_behind
from engine.local.stack import never_silent
from engine.local.status import rows
from tests.support.stacks import both, run

SUPERVISING = """
import asyncio, os, pathlib, resource, sys
from engine.local.lock import held
from engine.local.supervisor import Child, Supervisor
folder, code, most = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

async def main():
    supervisor = Supervisor(lambda: None, lambda text: print(text, flush=True))
    child = Child("c-1", "c", [sys.executable, "-c", code], folder=folder)
    supervisor.add(child)
    while child.process is None:
        await asyncio.sleep(0.02)
    print("pid", child.process.pid, child.since, flush=True)
    await asyncio.sleep(60)

if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
with held(folder, "gridwhistle up"):
    asyncio.run(main())
"""

WRITES = "import sys, time\nwhile True:\n  open(sys.argv[0] or 'written', 'a').write('x'); time.sleep(0.01)"


def supervise(folder: Path, code: str, most: int = 0) -> subprocess.Popen[str]:
    """A supervisor in a process of its own, over one child that runs some Python."""
    for name in ("run", "logs"):
        (folder / name).mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISING, str(folder), code, str(most)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: subprocess.Popen[str], word: str) -> str:
    """The first line that holds a word."""
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"{word} was never said")


def until(holds: Callable[[], bool], within: float = 20) -> None:
    """Wait until it holds."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_killed_supervisor_leaves_nobody_who_writes_on_and_is_told_of(tmp_path: Path) -> None:
    """The child ends with it, the folder is free, and status and the next start know that it ended without a word."""
    written = tmp_path / "written"
    process = supervise(tmp_path, WRITES.replace("sys.argv[0] or 'written'", repr(str(written))))
    try:
        _, pid, since = said(process, "pid").split()
        until(written.exists)
        assert left_behind(tmp_path) is None and holder(tmp_path) is not None
        process.kill()
        process.wait()
        until(lambda: not runs(int(pid)))
        size = written.stat().st_size
        time.sleep(0.2)
        assert written.stat().st_size == size
        silent = left_behind(tmp_path)
        assert silent is not None and silent.startswith(f"pid {process.pid} (gridwhistle up)")
        (tmp_path / "stack.json").write_text(
            json.dumps({"pack": "guancheng", "kafka": "127.0.0.1:1", "redis_url": "redis://127.0.0.1:1/0"})
        )
        assert [(row["name"], row["pid"], row["state"]) for row in await rows(tmp_path)] == [
            ("supervisor", process.pid, "ended without a word")
        ]
        told = run("status", data=tmp_path)
        assert told.returncode == 1 and "nobody supervises" in told.stdout, both(told)
        demand_no_orphans([("c-1", int(pid), float(since))])
        with held(tmp_path, "gridwhistle up"):
            assert left_behind(tmp_path) is None
        assert left_behind(tmp_path) is None
    finally:
        process.kill()
        process.wait()


def test_whoever_runs_on_without_a_supervisor_is_named(tmp_path: Path) -> None:
    """By name, pid and what ends it; a pid that is another process now is nobody's."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        try:
            since = psutil.Process(process.pid).create_time()
            with pytest.raises(StackBusy, match=rf"dispatch-1 \(pid {process.pid}\).*kill {process.pid}"):
                demand_no_orphans([("dispatch-1", process.pid, since), ("kafka", None, None)], within=0)
            demand_no_orphans([("dispatch-1", process.pid, since - 100)], within=0)
        finally:
            process.kill()


def test_a_copied_folder_names_nobody_of_the_stack_that_runs(tmp_path: Path) -> None:
    """Its stack.json holds that one's pids, and 'up' told to kill them: they have a supervisor."""
    code = (
        "import subprocess, sys; one = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE);"
        " print(one.pid, flush=True); sys.stdin.read(); one.kill(); one.wait()"
    )
    words = [sys.executable, "-c", code, "gridwhistle", "up", "--data", str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdin is not None and supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        demand_no_orphans([("dispatch-1", pid, psutil.Process(pid).create_time())], within=0)


def test_a_log_that_the_disk_refuses_ends_nothing_and_is_said_once(tmp_path: Path) -> None:
    """A quota of the kernel's own on each file: the child talks far beyond it, its supervisor says so and watches
    on."""
    process = supervise(
        tmp_path,
        "import time\nfor n in range(10 ** 9):\n  print('x' * 200, flush=True)\n  time.sleep(0.001)",
        most=20_000,
    )
    try:
        pid = int(said(process, "pid").split()[1])
        line = said(process, "cannot be written")
        assert "c-1.log" in line and "make room" in line
        time.sleep(0.5)
        assert process.poll() is None and runs(pid)
        assert (tmp_path / "logs" / "c-1.log").stat().st_size <= 20_000
    finally:
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0]
    assert "cannot be written" not in rest


def test_a_terminal_that_is_gone_costs_the_line_alone() -> None:
    """Whatever printing raises, what follows is done."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, os.strerror(28))

    never_silent(Gone)("ending")
    closed = io.StringIO()
    closed.close()
    never_silent(lambda: closed)("ending")
    out = io.StringIO()
    never_silent(lambda: out)("ending")
    assert out.getvalue() == "ending\n"


def test_a_start_on_a_full_disk_ends_with_the_reason(tmp_path: Path) -> None:
    """Which file, and what to do; no trace, and nothing is left running."""
    command = 'ulimit -f 0; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", command, "up", sys.executable, "-m", "engine.cli", "up", "--data", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert (
        "File too large; make room there" in done.stderr
        and str(tmp_path) in done.stderr
        and "Traceback" not in done.stderr
    )
    assert holder(tmp_path / "s") is None
