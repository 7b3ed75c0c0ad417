"""The law compiled decides what the law in plain Python decides, to the byte: recorded days, its own tests, a morning
on a real stack. The wheel is built here once, which takes a minute of CPU and a C compiler."""

import asyncio
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.kafka.log_snapshot import Log
from engine.settings import Settings
from tests.support import wheels
from tests.support.data import real_data
from tests.support.morning import STEPS, a_morning, decided
from tests.support.rig import Rig
from tests.support.wheels import ROOT
from topics.registry import DECISIONS
from topics.vocabulary import CommandKind

OWN_TESTS = (
    "tests/unit/rules",
    "tests/unit/intake",
    "tests/unit/engine/test_batches.py",
    "tests/unit/engine/test_dispatch_inputs.py",
    "tests/property/test_clock_oracle.py",
    "tests/property/test_people.py",
    "tests/property/test_split.py",
    "tests/thorough/replay",
    "tests/thorough/test_lifecycle_model.py",
    "tests/unit/views/test_screens.py",
)
"""What is tried of the law, and of intake, in plain Python, tried once more on the compiled one."""

LOOK_INSIDE = 4
"""Tests among them that a compiled law does not allow, by their mark."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled one."""
    return wheels.built(tmp_path_factory.mktemp("wheel"), is_compiled=True)


@pytest.fixture(scope="module")
def env(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with it, in which the source's folder is searched last: for the tests."""
    folder = tmp_path_factory.mktemp("compiled") / "env"
    wheels.installed(wheel, folder, has_tests=True)
    return folder


def run(env: Path | None, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Let the Python of an environment, or ours, do something where no source lies about."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("GRIDWHISTLE_", "PYTEST_"))}
    return subprocess.run(
        [str(env / "bin" / "python") if env else sys.executable, *words],
        cwd=env or ROOT,
        env=clean | environ,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def version(env: Path | None, **environ: str) -> str:
    """What the command says that it is."""
    return run(env, "-m", "engine.cli", "--version", **environ).stdout.strip()


def test_the_wheel_has_every_module_in_both_forms_and_says_which_runs(wheel: Path, env: Path) -> None:
    """Of each ``.so`` the ``.py`` lies beside it; ours here is never compiled."""
    assert "-any" not in wheel.name
    names = set(zipfile.ZipFile(wheel).namelist())
    compiled = {name.split(".")[0] + ".py" for name in names if name.endswith(".so") and "/" in name}
    assert len(compiled) > 30 and "rules/decide.py" in compiled and compiled <= names
    assert version(env).endswith("the law compiled") and version(None).endswith("the law plain Python")


def test_a_python_that_it_does_not_fit_runs_the_same_files_as_plain(wheel: Path, env: Path, tmp_path: Path) -> None:
    """As another release of Python would meet them: what was compiled has a name that it does not look for."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    for path in tmp_path.rglob("*.so"):
        path.rename(path.with_name(path.name.replace(".cpython-3", ".cpython-9")))
    assert version(env, PYTHONPATH=str(tmp_path)).endswith("the law plain Python")


@pytest.mark.parametrize("what", ["demo", "batches"])
def test_recorded_days_come_out_byte_by_byte(env: Path, what: str) -> None:
    """The demonstration's day with its commands and clocks; dispatch's decisions and state, in batches of 1 and of
    500."""
    same(env, what)


def test_the_rows_of_los_angeles_come_out_byte_by_byte(env: Path) -> None:
    """Reports of a real city under its own law, closed as it closed them."""
    same(env, "los-angeles", str(real_data("la311-2018.csv")))


def same(env: Path, *words: str) -> None:
    """Let both forms decide, and lay them side by side."""
    compiled = run(env, "-m", "tests.support.both_forms", "compiled", *words)
    plain = run(None, "-m", "tests.support.both_forms", "plain Python", *words)
    assert (compiled.returncode, plain.returncode) == (0, 0), compiled.stderr[-2000:] + plain.stderr[-2000:]
    pairs = zip(plain.stdout.splitlines(), compiled.stdout.splitlines(), strict=True)
    assert [pair for pair in pairs if pair[0] != pair[1]][:1] == []
    assert plain.stdout.count("\n") > 500


def test_the_laws_own_tests_hold_where_it_is_compiled(env: Path) -> None:
    """Refusals, what is raised, a random walk through the whole table; left out is what looks into modules, and no
    more."""
    how = ("-q", "-x", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "--import-mode=append")
    done = run(env, "-m", "pytest", *how, *(str(ROOT / name) for name in OWN_TESTS))
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert len(skipped) == LOOK_INSIDE and all("the law is compiled: " in line for line in skipped), skipped


async def test_a_morning_decided_by_compiled_stages_is_what_plain_python_decides(
    stack_settings: Settings, env: Path
) -> None:
    """Reports become tickets, people take them to their end, clocks fire, dispatch is killed and opens from its state;
    then plain Python decides the whole log once more, byte by byte, and so does the compiled law."""
    rig = Rig(stack_settings, code=env, python=env / "bin" / "python")
    try:
        log = await a_morning(rig, STEPS)
        done = f"replayed: all {len(log.of(DECISIONS.name))} decisions of 3 partitions identical, byte by byte\n"
        for where in (None, env):
            again = await asyncio.to_thread(run, where, "-m", "engine.cli", "replay", **rig.environment())
            assert (again.returncode, again.stdout, again.stderr) == (0, done, "")
        assert from_report_to_close(log) > 0
    finally:
        rig.close()


def from_report_to_close(log: Log) -> int:
    """Count tickets with which everything was done as asked, the last of it that the reporter is satisfied."""
    kept: dict[str, list[str | None]] = {}
    for decision in decided(log, "command"):
        if decision.reason == "done_as_asked":
            kept.setdefault(decision.ticket or "", []).append(decision.command)
    return sum(list(map(CommandKind, filter(None, done))) == [*STEPS] for done in kept.values())


@pytest.mark.parametrize("missing", ["compiler", "wish"])
def test_without_the_wish_or_a_compiler_the_same_source_gives_the_plain_wheel(tmp_path: Path, missing: str) -> None:
    """And says why, where compiling was asked for."""
    environ = {"CC": str(tmp_path / "no-compiler")} if missing == "compiler" else {}
    built = wheels.built(tmp_path, is_compiled=missing == "compiler", **environ)
    assert built.name.endswith("-py3-none-any.whl")
    said = (tmp_path / "said.txt").read_text(encoding="utf-8")
    assert ("a C compiler" in said and "the wheel is plain Python" in said) is (missing == "compiler")


def test_an_editable_install_is_never_compiled(tmp_path: Path) -> None:
    """However much it is asked for: nothing is laid beside the source."""
    for name in wheels.tracked():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", "from setuptools import build_meta; build_meta.build_editable('.')"],
        cwd=tmp_path,
        env=os.environ | {"GRIDWHISTLE_COMPILE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.glob("*.whl")) and list(tmp_path.rglob("*.so")) == list(tmp_path.rglob("*.c")) == []
