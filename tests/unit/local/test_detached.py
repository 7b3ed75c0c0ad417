"""``up --detach`` looks before it touches anything, and says what goes on when its patience ends."""

import os
import re
import sys
from pathlib import Path

import psutil
import pytest

from engine.cli import detached
from engine.errors import DependencyDown, StackBusy
from engine.local.folder import take_folder
from tests.unit.local.test_lock import lock_that_says

READY = "import sys, time; from engine.cli.detached import tell_ready; tell_ready(int(sys.argv[1]))"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A stack's folder with the log of a former start."""
    folder = take_folder(tmp_path / "stack")
    (folder / "up.log").write_text("up in 9.9 s: the one that runs\n")
    (folder / "up.log").chmod(0o600)
    return folder


def child_says(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """What is started instead of the stack, with the pipe as its last word."""
    monkeypatch.setattr(detached, "python_command", lambda *words: [sys.executable, "-c", code, words[-1]])


def test_the_log_of_a_stack_that_runs_is_left_alone(data: Path) -> None:
    """It is the log of somebody else: who holds the folder is said, and how to look at it."""
    with (
        lock_that_says(data, "pid 1 (gridwhistle up) since 1.00\n"),
        pytest.raises(StackBusy, match=r"held by pid 1 .*'gridwhistle status"),
    ):
        detached.start_detached(data)
    assert (data / "up.log").read_text() == "up in 9.9 s: the one that runs\n"


def test_only_what_the_new_one_says_counts(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The former one's words stay above in the log, and are not taken for this one's."""
    child_says(monkeypatch, "print('fault: no room'); raise SystemExit(2)")
    with pytest.raises(DependencyDown, match="did not come up:\nfault: no room"):
        detached.start_detached(data)
    child_says(monkeypatch, f"print('up in 0.1 s: the new one', flush=True); {READY}; time.sleep(3)")
    detached.start_detached(data)
    assert capsys.readouterr().out == "up in 0.1 s: the new one\n"
    assert (data / "up.log").read_text().splitlines() == [
        "up in 9.9 s: the one that runs",
        "fault: no room",
        "up in 0.1 s: the new one",
    ]


def test_its_words_are_no_sign(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ready when it says so through the pipe, whatever stands in its log."""
    child_says(monkeypatch, "print('up in 0.1 s: or so', flush=True); raise SystemExit(2)")
    with pytest.raises(DependencyDown, match="did not come up:\nup in 0.1 s"):
        detached.start_detached(data)


def test_whoever_lost_patience_ends_nothing() -> None:
    """The pipe's other end may be gone by then."""
    sign, its_end = os.pipe()
    os.close(sign)
    detached.tell_ready(its_end)
    detached.tell_ready(None)
    with pytest.raises(OSError, match="Bad file"):
        os.close(its_end)


def test_a_stack_that_goes_on_starting_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not ended: its pid and its log are what an operator needs."""
    child_says(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(detached, "DETACHED_SECONDS", 0.2)
    with pytest.raises(DependencyDown, match=r"goes on starting as pid \d+.*up\.log") as said:
        detached.start_detached(data)
    found = re.search(r"pid (\d+)", str(said.value))
    assert found is not None
    process = psutil.Process(int(found[1]))
    process.kill()
    process.wait()
