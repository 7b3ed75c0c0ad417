"""Which tests run a line of ``rules/`` and how long each takes: measured once, so that a change is tried on those tests
alone."""

import ast
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from coverage import CoverageData

FOLDERS = ("tests/unit", "tests/property", "tests/contract", "tests/thorough")
"""The tests that need no servers."""
FIRST = ("tests/unit/rules/", "tests/property/", "tests/thorough/test_")
"""Stories of the law notice most; they start fast, too."""

DECLARED = "tests/contract/"
"""They look at what is declared, and run no line of it."""


class Cover:
    """Tests by line."""

    def __init__(self, root: Path, work: Path, folders: Sequence[str] = FOLDERS) -> None:
        """Read what was measured; measure it first if need be, by the tests of these folders or files alone."""
        self.root, self._data, self._times, self._folders = root, work / "coverage.db", work / "junit.xml", folders
        if not self._times.exists():
            self._measure()
        self.took = took(self._times)
        self._tests: dict[str, dict[int, list[str]]] = defaultdict(dict)
        data = CoverageData(str(self._data))
        data.read()
        for name in data.measured_files():
            path = str(Path(name).relative_to(root)) if Path(name).is_relative_to(root) else name
            self._tests[path] = {
                line: [test.split("|")[0] for test in tests if test]
                for line, tests in data.contexts_by_lineno(name).items()
            }

    def _measure(self) -> None:
        """Run all tests once under coverage, each its own context."""
        environ = os.environ | {"COVERAGE_FILE": str(self._data)}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *self._folders,
            "--cov=rules",
            "--cov-context=test",
            "--cov-report=",
            f"--junitxml={self._times}",
        ]
        subprocess.run(command, cwd=self.root, env=environ, check=False)

    def of(self, path: str, line: int) -> list[str]:
        """Tests that run the statement of this line, or, where it runs on import, those that run anything of its file
        or look at declarations; the likeliest first."""
        lines = self._tests.get(path, {})
        statement = statement_of((self.root / path).read_text(encoding="utf-8"), line)
        found = {test for at in statement or lines for test in lines.get(at, ()) if test in self.took}
        if statement is None:
            found |= {test for test in self.took if test.startswith(DECLARED)}
        return sorted(found, key=lambda test: (not test.startswith(FIRST), self.took[test], test))

    def seconds(self, tests: list[str]) -> float:
        """How long these took, unhurried."""
        return sum(self.took[test] for test in tests)


def function_of(text: str, line: int) -> str:
    """Name the class and function in which a line stands, ``Book.apply``; nothing for what stands in none."""
    named = [
        (node.lineno, node.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return ".".join(name for _, name in sorted(named))


def statement_of(text: str, line: int) -> range | None:
    """Lines of the statement of a function in which this line stands; of one with a body those of its head. ``None``
    for what runs on import."""
    inside, found = False, None
    node: ast.AST | None = ast.parse(text)
    while node is not None:
        inside = inside or (isinstance(node, ast.FunctionDef) and line >= node.body[0].lineno)
        inner = next(
            (
                one
                for one in ast.walk(node)
                if one is not node and isinstance(one, ast.stmt) and one.lineno <= line <= (one.end_lineno or 0)
            ),
            None,
        )
        found, node = (node, inner) if inner is None else (inner, inner)
    if not inside or not isinstance(found, ast.stmt):
        return None
    body = getattr(found, "body", None)
    return range(found.lineno, body[0].lineno if isinstance(body, list) else (found.end_lineno or found.lineno) + 1)


def _node(where: str, name: str) -> str:
    """The test as pytest is asked for it; a class of tests begins with a capital, a module does not."""
    parts = where.split(".")
    module = [part for part in parts if not part[:1].isupper()]
    return "::".join(["/".join(module) + ".py", *parts[len(module) :], name])


def took(path: Path) -> dict[str, float]:
    """Seconds of each test that passed, by its node: what fails without a change notices nothing."""
    found = {}
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None or case.find("skipped") is not None:
            continue
        found[_node(str(case.get("classname")), str(case.get("name")))] = float(case.get("time", "0"))
    return found
