"""Stacks of the product in processes of their own, for tests that meet it as a person does."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.signals import hearing

ROOT = Path(__file__).parents[2]
ENVIRON = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("GRIDWHISTLE_") or name == "GRIDWHISTLE_CACHE_DIR"
}


def run(
    *words: str, data: Path | None = None, within: float = 300, cwd: Path = ROOT, **environ: str
) -> subprocess.CompletedProcess[str]:
    """One command of the product, to its end."""
    command = [sys.executable, "-m", "engine.cli", *words, *(["--data", str(data)] if data is not None else [])]
    return subprocess.run(
        command, cwd=cwd, env=ENVIRON | environ, capture_output=True, text=True, timeout=within, check=False
    )


def both(done: subprocess.CompletedProcess[str]) -> str:
    """All that it said."""
    return done.stdout + done.stderr


@contextmanager
def up(data: Path, *more: str, cwd: Path = ROOT, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """A stack in a process of its own; whatever happens it is ended, by its pid."""
    log = data.with_suffix(f".{time.monotonic_ns()}.log")
    command = [sys.executable, "-m", "engine.cli", "up", "--data", str(data), *more]
    with log.open("wb") as out:
        process = subprocess.Popen(
            hearing(command),
            cwd=cwd,
            env=ENVIRON | environ,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait(lambda: "up in " in log.read_text() or process.poll() is not None, 300, "the stack is up")
        assert process.poll() is None, log.read_text()[-2000:]
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def wait(holds: Any, within: float, what: str) -> None:
    """Wait until something holds."""
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, f"not within {within} s: {what}"
        time.sleep(0.2)


def status(data: Path | None = None, **environ: Any) -> list[dict[str, Any]]:
    """What ``status --json`` lists."""
    found: list[dict[str, Any]] = json.loads(run("status", "--json", data=data, **environ).stdout)
    return found
