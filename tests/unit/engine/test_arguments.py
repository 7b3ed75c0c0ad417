"""No wrong argument of any command ends in a trace: one line names it and the mend (every command of the tree, found by
walking it)."""

import asyncio
import functools
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from engine import cli
from engine.cli import COMMANDS, command_of
from rules.commands.lifecycle_table import CHILD_TABLE
from rules.commands.lifecycle_table import TABLE as LAW

BUILT = functools.cache(lambda name, module: typer.main.get_command(command_of(name, module)))
"""A tree of commands, built once: that is all that takes time."""
TABLE = {command: module for group in COMMANDS.values() for command, (module, _) in group.items()}
EVIL = ["", "-1", "99999999999999999999", "a\x1b[31m\nb"]
"""Tried on every argument and option."""
STARTS = {("run",), ("up",), ("demo-actors",)}
"""Given rightly these stay; they are tried with values that cannot be right."""


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from leaves(child, (*path, name))


def tree() -> list[tuple[tuple[str, ...], Any]]:
    """All commands."""
    return [leaf for name, module in TABLE.items() for leaf in leaves(BUILT(name, module), (name,))]


ALL = tree()
ALIKE = {("ticket", str(kind).replace("_", "-")) for kind in {**LAW, **CHILD_TABLE}} - {
    ("ticket", "park"),
    ("ticket", "finish"),
    ("ticket", "whistle"),
}
"""Made by one function: three of them stand for all where every option is tried."""


def called(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> tuple[int, str, str]:
    """Give a command as the shell does; anything raised is a trace on somebody's screen."""
    monkeypatch.setattr(sys, "argv", ["gridwhistle", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err, (words, err)
    return int(ended.value.code or 0), out, err


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No stack, no way to find one, and none is started."""

    def starts(*words: Any, **more: Any) -> None:
        raise AssertionError(f"started: {words}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDWHISTLE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(subprocess, "Popen", starts)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", starts)
    monkeypatch.setattr(cli, "command_of", BUILT)


def filled(command: Any, without: str = "") -> list[str]:
    """The arguments and options that a command insists on, with something in each but one."""
    words = []
    for parameter in command.params:
        if parameter.required and parameter.name != without:
            words += ["1"] if parameter.param_type_name == "argument" else [parameter.opts[0], "1"]
    return words


@pytest.mark.parametrize(
    ("path", "command"),
    [one for one in ALL if one[0] not in ALIKE],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_wrong_values_are_told_in_a_line(
    path: tuple[str, ...], command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each argument and option with each evil value: 1 or 2, nothing raised, nothing done to the terminal."""
    for parameter in command.params:
        if parameter.name in ("help", "data") or getattr(parameter, "is_flag", False):
            continue
        for value in EVIL:
            if path in STARTS and not _is_refused(parameter, value):
                continue
            words = [*path, *filled(command, parameter.name)]
            words += [value] if parameter.param_type_name == "argument" else [f"{parameter.opts[0]}={value}"]
            code, out, err = called(capsys, monkeypatch, words)
            assert code in (0, 1, 2), (words, code)
            assert "\x1b" not in out + err
            if code == 2:
                assert err.startswith(("gridwhistle", path[0])) or out, (words, err)
                assert len(err.strip().split("\n")) <= 12, (words, err)


def _is_refused(parameter: Any, value: str) -> bool:
    """Of commands that stay: only what must be refused before anything is started."""
    if parameter.name in ("port_base", "for_seconds"):
        return value in ("-1", "99999999999999999999")
    return parameter.name in ("stage", "workers") and value == "-1"


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_what_is_missing_or_unknown_is_named(
    path: tuple[str, ...], command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, with the command's own name, and where its help stands."""
    code, _, err = called(capsys, monkeypatch, [*path, "--no-such-option"])
    assert (
        code == 2
        and "--no-such-option" in err
        and f"see 'gridwhistle {' '.join(path)} --help'" in err
        and err.count("\n") == 1
    )
    for parameter in command.params:
        if parameter.required:
            words = filled(command, parameter.name)
            code, _, err = called(capsys, monkeypatch, [*path, *words])
            assert code == 2 and err.count("\n") == 1 and ("Missing" in err or "Invalid" in err), (words, err)
    code, out, _ = called(capsys, monkeypatch, [*path, "--help"])
    assert code == 0 and "Usage: gridwhistle" in out


def test_unknown_commands_and_near_ones(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the finger is told what was meant."""
    assert (
        called(capsys, monkeypatch, ["tikcet"])[2]
        == "gridwhistle: no command 'tikcet'; did you mean 'ticket'? 'gridwhistle --help' lists them\n"
    )
    assert called(capsys, monkeypatch, ["ticket"])[0] == 2
    assert called(capsys, monkeypatch, ["--help"])[0] == 0
    assert called(capsys, monkeypatch, ["ticket", "\udcff"])[0] == 2


def test_a_stack_that_is_away_is_told_in_one_line_with_its_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The commands that the line tells to give can be given as they stand."""
    code, _, err = called(capsys, monkeypatch, ["tail", "decisions", "--data", str(tmp_path / "some where")])
    assert code == 2 and err.count("\n") == 1
    assert "--data " + shlex.quote(str(tmp_path / "some where")) in err


REFUSED = [
    "up --port-base=",
    "up --port-base=99999",
    "up --port-base=x",
    "up --clock=-1",
    "up --clock=2026-03-02@600",
    "up --clock=0001-01-01T00:00:00+00:00@1",
    "up --clock=9999-12-31T23:59:59-14:00@1",
    "replay --from 0001-01-01",
    "replay --from 9999-12-31T23:59:59-14:00",
    "up --clock=2026-03-02T08:00:00+08:00@0",
    "up --for=-1",
    "up --for=nan",
    "up --for=inf",
    "up --for=1e20",
    "up --workers=dispatch",
    "up --workers=dispatch=0",
    "up --workers=nosuch=1",
    "up --pack=nosuch",
    "up --pack=",
    "up --kafka=nowhere",
    "up --redis=nowhere",
    "up --data=/dev/null/x",
    "run nosuch",
    "run dispatch",
    "tail dept:nosuch",
    "tail nosuch",
    "tail dept:../x",
    "feed nosuch.csv",
    "feed /",
    "pack check nosuch",
    "pack show /dev/null",
    "pack publish nosuch",
    "audit --journal nosuch.jsonl",
    "replay --pack nosuch",
    "explain nosuch",
    "ticket show nosuch",
    "ticket list --limit=0",
    "ticket list --queue=nosuch",
    "duty on x --role nosuch --as chief:x",
    "report --grid x --text x",
]
"""Slips of the finger as people make them."""


@pytest.mark.parametrize("line", REFUSED)
def test_a_slip_is_told_in_a_line_and_nothing_is_started(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exit 1 or 2, a line that names the command (a pack's faults stand below it), and no stack in the folder."""
    code, out, err = called(capsys, monkeypatch, shlex.split(line))
    said = err or out
    assert code in (1, 2), (code, out, err)
    assert said.startswith(("gridwhistle", "pack ")) and said.count("\n") == 1 + (" has 1 fault:" in said), said
    assert not (tmp_path / "data" / "stack.json").exists()
