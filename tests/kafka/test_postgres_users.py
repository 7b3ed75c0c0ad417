"""PostgreSQL of a folder of ours: started by root and by a plain user, killed and started again, its data kept."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from engine.local import postgres
from tests.support.servers import free_ports

PLAIN = (
    "import os, sys; from pathlib import Path; from engine.local import postgres\n"
    "postgres.step_down(Path(sys.argv[1])) if os.geteuid() == 0 else None\n"
    "os.execv(sys.executable, sys.argv[2:])"
)
"""Become a plain user where we are root, then start it as that one would."""


@contextmanager
def running(folder: Path, port: int, plain: bool, **environ: str) -> Iterator[psutil.Process]:
    """Start it, wait until it says that it is ready, kill it."""
    folder.mkdir(exist_ok=True, mode=0o700)
    command = postgres.command(folder / "data", port, folder, folder / "password")
    (folder / "data").mkdir(exist_ok=True, mode=0o700)
    (folder / "password").write_text("of-a-test")
    words = [sys.executable, "-c", PLAIN, str(folder), *command] if plain else command
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | environ
    )
    try:
        until = time.monotonic() + 60
        while not postgres.answers(folder / "data", process.pid):
            assert process.poll() is None and time.monotonic() < until, process.communicate(timeout=5)[0]
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("plain", [False, True], ids=["as we are", "as a plain user"])
def test_it_runs_as_nobody_special_and_keeps_what_was_written(tmp_path: Path, plain: bool) -> None:
    """Never as root; after a kill what was committed is there, and without the password nobody comes in."""
    folder, port = tmp_path / "stack", free_ports(1)
    url = f"postgresql://{postgres.USER}:of-a-test@/{postgres.DATABASE}?host={folder}&port={port}"
    with running(folder, port, plain) as server:
        assert server.uids().effective != 0
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace("of-a-test", "wrong"))
    with running(folder, port, plain), psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    assert os.stat(folder).st_mode & 0o077 == 0


def test_its_programs_may_lie_where_nobody_else_may_look(tmp_path: Path) -> None:
    """A clone in root's own home, 0700: PostgreSQL asks whether it may run its own programs before it runs them."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    package = postgres.binaries().parents[1]
    for folder in package.parent.glob(f"{package.name}*"):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    with running(tmp_path / "stack", free_ports(1), plain=False, PYTHONPATH=str(home)) as server:
        assert server.exe().startswith(str(home))
