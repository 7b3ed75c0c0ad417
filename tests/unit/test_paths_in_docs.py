"""A path that a page names is there, and so is what it names in that module."""

import ast
import re
from pathlib import Path

import pytest

from tests.support import trees

ROOT = trees.ROOT
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/decisions").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
]
TOPS = "topics|rules|engine|deploy|docs|tests"
WHERE = re.compile(rf"`((?:{TOPS})/[\w/.-]+)`(?: \(((?:`\w+`(?:, )?)+)\))?")


def named(page: Path) -> list[tuple[str, list[str]]]:
    """Every path of a page, with the names that stand in brackets behind it."""
    return [(path, re.findall(r"\w+", names)) for path, names in WHERE.findall(page.read_text(encoding="utf-8"))]


def made_in(path: Path) -> set[str]:
    """What a module defines, in whatever class."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = {node.name for node in trees.nodes(path) if isinstance(node, kinds)}
    targets = [node.targets for node in trees.nodes(path) if isinstance(node, ast.Assign)]
    return found | {one.id for some in targets for one in some if isinstance(one, ast.Name)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_of_a_page_is_there(page: Path) -> None:
    """A module that has moved takes its mentions along."""
    assert sorted({path for path, _ in named(page) if not (ROOT / path).exists()}) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_of_a_module_is_in_it(page: Path) -> None:
    """A function that was renamed as well."""
    found = {path: set(names) - made_in(ROOT / path) for path, names in named(page) if names}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_questions_of_a_stranger_are_answered_by_a_function() -> None:
    """The first five by module and name; a wrong one is found."""
    rows = [line for line in (ROOT / "docs/README.md").read_text(encoding="utf-8").splitlines() if "? |" in line][:5]
    asked = ("80 %", "lead department", "step committed", "pack set", "cannot be read")
    assert all(words in row for words, row in zip(asked, rows, strict=True))
    assert all(any(names for _, names in WHERE.findall(row)) for row in rows)
    assert "commit_everything" not in made_in(ROOT / "engine/stream/partition.py")
