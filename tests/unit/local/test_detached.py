"""``up --detach`` looks before it touches anything, and says what goes on when its patience ends."""

import re
import sys
from pathlib import Path

import psutil
import pytest

from engine.cli import stack
from engine.errors import DependencyDown, StackBusy
from engine.local.folder import take_folder
from tests.unit.local.test_lock import lock_that_says


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A stack's folder with the log of a former start."""
    folder = take_folder(tmp_path / "stack")
    (folder / "up.log").write_text("up in 9.9 s: the one that runs\n")
    (folder / "up.log").chmod(0o600)
    return folder


def child_says(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """What is started instead of the stack."""
    monkeypatch.setattr(stack, "python_command", lambda *words: [sys.executable, "-c", code])


def test_the_log_of_a_stack_that_runs_is_left_alone(data: Path) -> None:
    """It is the log of somebody else: who holds the folder is said, and how to look at it."""
    with (
        lock_that_says(data, "pid 1 (gridwhistle up) since 1.00\n"),
        pytest.raises(StackBusy, match=r"held by pid 1 .*'gridwhistle status"),
    ):
        stack._detached(data, None)
    assert (data / "up.log").read_text() == "up in 9.9 s: the one that runs\n"


def test_only_what_the_new_one_says_counts(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The former one's words stay above in the log, and are not taken for this one's."""
    child_says(monkeypatch, "print('fault: no room'); raise SystemExit(2)")
    with pytest.raises(DependencyDown, match="did not come up:\nfault: no room"):
        stack._detached(data, None)
    child_says(monkeypatch, "import time; print('up in 0.1 s: the new one', flush=True); time.sleep(3)")
    stack._detached(data, None)
    assert capsys.readouterr().out == "up in 0.1 s: the new one\n"
    assert (data / "up.log").read_text().splitlines() == [
        "up in 9.9 s: the one that runs",
        "fault: no room",
        "up in 0.1 s: the new one",
    ]


def test_a_stack_that_goes_on_starting_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not ended: its pid and its log are what an operator needs."""
    child_says(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(stack, "DETACHED_SECONDS", 0.2)
    with pytest.raises(DependencyDown, match=r"goes on starting as pid \d+.*up\.log") as said:
        stack._detached(data, None)
    found = re.search(r"pid (\d+)", str(said.value))
    assert found is not None
    process = psutil.Process(int(found[1]))
    process.kill()
    process.wait()
