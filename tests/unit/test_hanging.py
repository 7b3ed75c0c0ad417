"""A test that hangs ends by its name and says what it waits for: once a run hung at its last three of 600, and nobody
could say which."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HANGS = """
import asyncio

async def never_answers(asked):
    await asked

async def test_of_something_else():
    asked = asyncio.get_running_loop().create_future()
    helping = asyncio.create_task(never_answers(asked), name="the reader")
    await asyncio.sleep(0)
    await helping

async def test_that_comes_after():
    pass
"""


def test_a_test_that_hangs_ends_and_says_where_its_tasks_stand(tmp_path: Path) -> None:
    """The run goes on with the next one."""
    (tmp_path / "test_hangs.py").write_text(HANGS)
    words = (*("-p", "tests.support.hanging"), *("-p", "no:cacheprovider"), "--timeout=0.5")
    config = ("-c", ROOT / "pyproject.toml", "--rootdir", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *config, *words, tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert "1 failed, 1 passed" in done.stdout
    said = done.stdout.partition("Tasks that had not ended")[2]
    reader = said.partition("the reader\n")[2].partition("\n\n")[0]
    assert "in never_answers" in reader
    assert "in test_of_something_else" in said


def test_whatever_make_test_runs_has_such_a_limit() -> None:
    """Without it the last of a run's tests may take the run's own time."""
    told = subprocess.run(["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    runs = [line for line in told.splitlines() if "-m pytest" in line]
    assert len(runs) == 3
    assert all("--timeout=900 " in line and "faulthandler_timeout=1200 " in line for line in runs)
