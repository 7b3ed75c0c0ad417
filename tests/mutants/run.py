"""Tries one change: a copy of the tree with it, a forked process that has all libraries loaded already, the tests that
run its line, the first failure ends it."""

import importlib
import os
import signal
import sys
import time
from pathlib import Path

WARM = (
    "_pytest",
    "pytest",
    "pytest_asyncio",
    "hypothesis",
    "hypothesis.strategies",
    "pydantic",
    "msgspec",
    "yaml",
    "cel",
    "shapely",
    "holidays",
    "chinese_calendar",
    "rapidfuzz",
    "aiokafka",
    "cramjam",
    "redis",
    "typer",
    "rich",
    "prometheus_client",
    "cloudevents",
    "cryptography.fernet",
    "faust",
)
"""Libraries are imported once and inherited by each fork: three seconds less for each change."""
OURS = ("tests", "rules", "engine", "topics")
FEW, MOST, SLACK = 5.0, 600.0, 20.0
"""The first tests take together at most so many seconds, all of them at most so many: what they do not notice counts as
unnoticed. A change may take six times as long as its tests and so much more, then it is said to loop."""


USAGE = 4
"""What pytest answers where it cannot find a test: that notices nothing."""


def warm() -> None:
    """Import what no change touches."""
    for name in WARM:
        try:
            importlib.import_module(name)
        except ImportError:
            print(f"not preloaded: {name}", file=sys.stderr)


def child(root: Path, tests: list[str]) -> int:
    """Run these tests in this process."""
    import pytest

    os.setsid()
    os.chdir(root)
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]  # ours come from the copy
    sys.path.insert(0, str(root))
    os.environ["PYTHONPATH"] = str(root)
    sys.dont_write_bytecode = True
    with (root.parent / "last.out").open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        return int(
            pytest.main(
                [
                    "-x",
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-p",
                    "no:xdist",
                    "-p",
                    "no:cov",
                    "-W",
                    "ignore",
                    "--tb=line",
                    *tests,
                ]
            )
        )


def tried(root: Path, tests: list[str], seconds: float) -> str:
    """Give ``noticed``, ``looped`` or ``unnoticed``."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = child(root, tests)
        finally:
            os._exit(code)
    end = time.monotonic() + seconds * 6 + SLACK
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code == USAGE:
                raise RuntimeError((root.parent / "last.out").read_text(encoding="utf-8", errors="replace")[-500:])
            return "unnoticed" if code in (0, 5) else "noticed"
        time.sleep(0.02)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "looped"


def first_of(tests: list[str], took: dict[str, float], most: float = FEW) -> int:
    """How many of them fit into so many seconds."""
    total = 0.0
    for n, test in enumerate(tests):
        total += took.get(test, 1.0)
        if total > most and n:
            return n
    return len(tests)


def noticed_by(root: Path) -> str:
    """Name the test that failed last, from what pytest said."""
    said = (root.parent / "last.out").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.split(" ")[1] for line in said if line.startswith(("FAILED ", "ERROR "))), "")
