"""The local stack as a person meets it: up, looked at, hit, ended, started again. One stack, told in order."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.stages import DOORS, STAGES
from tests.support.servers import free_ports
from tests.support.stacks import ENVIRON, run, status, up, wait


def ends_clean(process: subprocess.Popen[bytes], how: signal.Signals, data: Path, pids: list[int]) -> None:
    """A signal ends all of it within ten seconds and leaves neither process nor lock."""
    process.send_signal(how)
    assert process.wait(10) == 0
    assert [
        pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ] == []
    assert not (data / "lock").exists()


def ends_by_down(process: subprocess.Popen[bytes], data: Path) -> None:
    """From another window."""
    pids = [row["pid"] for row in status(data)]
    down = run("down", data=data)
    assert down.returncode == 0 and "ended" in down.stdout
    assert process.wait(10) == 0
    wait(lambda: not any(psutil.pid_exists(pid) for pid in pids), 5, "every process is gone")


def all_ready_and_private(rows: list[dict[str, Any]], supervisor: int) -> None:
    """Every process is ready, and listens on the loopback alone."""
    assert {row["stage"] for row in rows} == {"server", *STAGES, *DOORS}
    assert all(set(row) == {"name", "stage", "pid", "port", "state", "lag"} and row["state"] == "ready" for row in rows)
    for pid in [row["pid"] for row in rows]:
        listening = [at for at in psutil.Process(pid).net_connections("tcp") if at.status == psutil.CONN_LISTEN]
        assert all(at.laddr.ip in ("127.0.0.1", "::1", "::ffff:127.0.0.1") for at in listening), listening
    they_are_forked_of_one_thread(supervisor, rows)


def they_are_forked_of_one_thread(supervisor: int, rows: list[dict[str, Any]]) -> None:
    """Every stage is the supervisor's own child and shares what it stands on; a fork of several threads may hang."""
    children = {child.pid: " ".join(child.cmdline()).strip() for child in psutil.Process(supervisor).children()}
    (server,) = (pid for pid, words in children.items() if words == "gridwhistle fork-server")
    assert psutil.Process(server).num_threads() == 1
    for row in rows:
        if row["stage"] != "server":
            assert children[row["pid"]].startswith(f"gridwhistle run {row['stage']} "), children
            took = psutil.Process(row["pid"]).memory_full_info()
            assert took.pss < 0.6 * took.rss, (row["name"], took)


def dispatch_comes_back(data: Path, rows: list[dict[str, Any]]) -> None:
    """Killed, it is started anew."""
    victim = next(row for row in rows if row["stage"] == "dispatch")
    os.kill(victim["pid"], signal.SIGKILL)

    def back() -> bool:
        found = [row for row in status(data) if row["stage"] == "dispatch"]
        return any(row["state"] == "ready" and row["pid"] != victim["pid"] for row in found)

    wait(back, 30, "dispatch is back")


@pytest.mark.alone(reason="a stack ends within ten seconds")
def test_a_stack_is_started_hit_ended_and_started_again(tmp_path: Path) -> None:
    """Nothing is lost between two starts; each way to end it leaves nothing behind; a second one on the folder is told
    who holds it. Its name is Chinese and has signs that files of settings read in their own way."""
    data, base = tmp_path / '数"\\据', free_ports(20)
    with up(data, "--port-base", str(base)) as process:
        rows = status(data)
        all_ready_and_private(rows, process.pid)

        second = run("up", data=data)
        assert second.returncode != 0 and str(process.pid) in second.stderr + second.stdout

        doctor = run("doctor", data=data)
        assert doctor.returncode == 0 and "FAULT" not in doctor.stdout, doctor.stdout  # the calendar's end is a note

        taken = run("up", "--port-base", str(base), data=tmp_path / "other")
        assert taken.returncode != 0 and str(base) in taken.stderr + taken.stdout, taken.stderr + taken.stdout

        told = run("report", "--grid", "tawan-g1-m1", "--category", "bins_full", "--text", "overflowing", data=data)
        assert told.returncode == 0, told.stderr

        slip = run(
            "pack", "rebase", "--home", "tawna", "--as", "chief:chief-1", "--reason", "x", "--dry-run", data=data
        )
        assert slip.returncode == 2 and "tawan" in slip.stderr, slip.stdout + slip.stderr

        dispatch_comes_back(data, rows)
        ends_clean(process, signal.SIGHUP, data, [row["pid"] for row in rows])  # TERM is what 'down' gives

    fault = run("doctor", data=tmp_path / "nothing here")
    assert fault.returncode in (0, 1) and "Python" in fault.stdout

    with up(data, "--port-base", str(base)) as process:
        listed = run("ticket", "list", data=data)
        assert listed.returncode == 0 and "grid:tawan" in listed.stdout, listed.stdout + listed.stderr
        ends_clean(process, signal.SIGINT, data, [row["pid"] for row in status(data)])

    with up(data, "--port-base", str(base)) as process:
        ends_by_down(process, data)
    assert run("reset", "--yes", data=data).returncode == 0
    assert not data.exists()


def test_a_stack_that_starts_is_ended_as_one_that_runs(tmp_path: Path) -> None:
    """TERM before it is up, as 'down' gives it: the servers are ended in their own way, and neither process nor lock
    stays."""
    data, log = tmp_path / "stack", tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "up", "--data", str(data), "--port-base", str(free_ports(20))],
            env=ENVIRON,
            stdout=out,
            stderr=out,
        )
    try:
        wait(lambda: process.poll() is not None or _servers(process.pid), 300, "its servers run")
        servers = _servers(process.pid)
        assert servers and "up in " not in log.read_text(), log.read_text()
        process.terminate()
        assert process.wait(60) == 130, log.read_text()
        assert [one for one in servers if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
        assert "ending" in log.read_text() and "Traceback" not in log.read_text() and not (data / "lock").exists()
    finally:
        process.kill()
        process.wait()


def _servers(pid: int) -> list[psutil.Process]:
    """Kafka and Valkey, once both have begun."""
    found = [child for child in psutil.Process(pid).children() if _words(child)]
    return found if len(found) >= 2 else []


def _words(child: psutil.Process) -> list[str]:
    """Which servers' names a process was started with; one that has just ended has none."""
    with suppress(psutil.NoSuchProcess):
        return [name for name in ("kafka", "valkey") if name in " ".join(child.cmdline())]
    return []
