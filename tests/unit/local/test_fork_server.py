"""What is forked begins as if it had been started by itself, belongs to whoever asked, and outlives the fork server."""

import json
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest

from engine.local.fork_server import LOADED
from engine.stages import STAGES
from tests.support.stacks import wait

SUPERVISOR = """
import asyncio, json, os, signal, sys, time
import engine.cli
from engine.local import fork_server, forked
from engine.local.supervisor import python_command

fork_server.LOADED = ()


def main():
    if sys.argv[1] == "sleep":
        print("asleep", flush=True)
        time.sleep(60)
    if sys.argv[1] == "raise":
        raise RuntimeError("of the command's own")
    print(json.dumps({
        "argv": sys.argv, "environ": dict(os.environ), "parent": os.getppid(), "leads": os.getsid(0) == os.getpid(),
        "umask": os.umask(0), "open": sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1],
        "shown": open("/proc/self/cmdline").read().rstrip("\\0 "), "term": signal.getsignal(signal.SIGTERM) == 0,
        "collects": __import__("gc").isenabled(),
    }))
    sys.exit(7)


async def said(process):
    text = (await process.stdout.read()).decode()
    return [await process.wait(), text]


async def tell(forks):
    found = {"me": os.getpid(), "server": forks.pid}
    found["told"] = await said(await forks.start(python_command("tell", "--name", "x-1"), {"ONLY": "this"}))
    found["raised"] = await said(await forks.start(python_command("raise"), {}))
    sleeper = await forks.start(python_command("sleep"), {})
    assert (await sleeper.stdout.readline()) == b"asleep\\n"
    os.kill(forks.pid, signal.SIGKILL)
    os.waitpid(forks.pid, 0)
    found["outlives"] = sleeper.returncode
    later = await forks.start([sys.executable, "-c", "print('by itself')", "engine.cli"], dict(os.environ))
    found["later"] = await said(later)
    sleeper.send_signal(signal.SIGTERM)
    found["ended"] = await sleeper.wait()
    dropped = forked.ForkServer()
    asking = asyncio.create_task(dropped.start(python_command("sleep"), {}))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    found["after_a_dropped_one"] = (await said(await dropped.start(python_command("tell"), {})))[0]
    dropped.close()
    left = await forked.ForkServer().start(python_command("sleep"), {})
    await left.stdout.readline()
    found["left"] = left.pid
    return found


engine.cli.main = main
with forked.fork_server() as forks:
    print(json.dumps(asyncio.run(tell(forks))), flush=True)
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What a supervisor saw, which has ended since."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", SUPERVISOR], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_it_begins_as_if_started_by_itself(told: dict[str, Any]) -> None:
    """Its arguments, environment, streams, signals and mask; nothing else of ours is open in it."""
    code, text = told["told"]
    found = json.loads(text)
    assert code == 7
    assert found["argv"] == ["gridwhistle", "tell", "--name", "x-1"]
    assert found["environ"] == {"ONLY": "this"}
    assert found["leads"] and found["term"] and found["collects"]
    assert found["umask"] == 0o077 and found["open"] == [0, 1, 2]
    assert found["shown"] == "gridwhistle tell --name x-1"


def test_it_is_the_supervisors_own_child(told: dict[str, Any]) -> None:
    """Not the fork server's: that may be killed and it runs on, and it is waited for as any child."""
    assert json.loads(told["told"][1])["parent"] == told["me"]
    assert told["outlives"] is None and told["ended"] == -15


def test_what_fails_says_so(told: dict[str, Any]) -> None:
    """With its trace, as the interpreter would."""
    code, text = told["raised"]
    assert code == 1 and "RuntimeError: of the command's own" in text


def test_without_a_fork_server_it_is_started_by_itself(told: dict[str, Any]) -> None:
    """Killed, it is missed by nobody; and a question that was dropped does not answer the next one."""
    assert told["later"] == [0, "by itself\n"]
    assert told["after_a_dropped_one"] == 7


def test_nothing_outlives_the_supervisor(told: dict[str, Any]) -> None:
    """Who is forked ends with it, as the kernel does for every child of it."""

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{told['left']}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    wait(is_gone, 30, "the kernel has ended it")


def test_every_stage_and_door_is_loaded_beforehand() -> None:
    """What a process loads after the fork it has for itself alone; a name that is gone would be passed over."""
    assert {f"engine.stages.{stage}" for stage in STAGES} | {
        "engine.gateway.process",
        "engine.notifier.process",
    } <= set(LOADED)
    for name in LOADED:
        top, *rest = name.split(".")
        spec = PathFinder.find_spec(top)  # as it lies there: faust takes its own place with a module that has no spec
        assert spec is not None and spec.submodule_search_locations, name
        found = Path(spec.submodule_search_locations[0], *rest)
        assert found.is_dir() or found.with_suffix(".py").exists(), name
