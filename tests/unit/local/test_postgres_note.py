"""PostgreSQL's note of its pid: it waits for whoever is named there, so only a server of this folder may be."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.local.postgres import forget_the_dead


def noted(data: Path, pid: int) -> Path:
    """A note as a server leaves it."""
    data.mkdir(parents=True, exist_ok=True)
    note = data / "postmaster.pid"
    note.write_text(f"{pid}\n{data}\n")
    return note


@pytest.mark.parametrize(("served", "stays"), [("data", True), ("original", False), ("", False)])
def test_a_note_stays_where_its_server_serves_this_folder(served: str, stays: bool, tmp_path: Path) -> None:
    """A folder that was copied while its stack ran could not be brought up until that one ended."""
    data = tmp_path / "data"
    (tmp_path / "original").mkdir()
    words = ["-D", str(tmp_path / served)] if served else []
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline()  # its words can be read
        note = noted(data, process.pid)
        forget_the_dead(data)
    assert note.exists() is stays


@pytest.mark.parametrize("text", ["", "x", "-1\n", "4194305\n"])
def test_a_note_of_nobody_is_taken_away_or_left_to_the_server(text: str, tmp_path: Path) -> None:
    """A pid that is none ends nothing here; PostgreSQL says what it thinks of the rest."""
    note = noted(tmp_path, 1)
    note.write_text(text)
    forget_the_dead(tmp_path)
    assert note.exists() is (text in ("", "x"))
