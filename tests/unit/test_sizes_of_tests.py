"""A module has at most 300 lines and a function 40; what is longer still among the tests is named and only gets
fewer."""

import ast
from pathlib import Path

TESTS, ROOT = Path(__file__).parents[1], Path(__file__).parents[2]
PRODUCT = ("engine", "rules", "topics", "deploy")
MODULE, FUNCTION = 300, 40

LONG_MODULES = {
    "faults/test_kills.py",
}
LONG_FUNCTIONS = {
    "faults/test_kills.py": 1,
    "kafka/test_alerts.py": 1,
}
"""Module -> how many of its functions are longer still: each tells one long story on real servers, or is a table."""


def lines_of(path: Path) -> tuple[int, list[str]]:
    """How many lines a module has, and which of its functions are too long."""
    text = path.read_text(encoding="utf-8")
    functions = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [one.name for one in functions if (one.end_lineno or 0) - one.lineno + 1 > FUNCTION]
    return len(text.splitlines()), long


def test_no_module_and_no_function_grows_too_long() -> None:
    """Whoever cuts one takes it off the list."""
    found = {str(path.relative_to(TESTS)): lines_of(path) for path in TESTS.rglob("*.py")}
    assert len(found) > 150
    assert {name for name, (lines, _) in found.items() if lines > MODULE} - LONG_MODULES == set()
    assert {name: long for name, (_, long) in found.items() if len(long) > LONG_FUNCTIONS.get(name, 0)} == {}


def test_no_module_and_no_function_of_the_product_is_too_long() -> None:
    """Without any exception."""
    found = {str(path.relative_to(ROOT)): lines_of(path) for top in PRODUCT for path in (ROOT / top).rglob("*.py")}
    assert len(found) > 300
    assert {name: lines for name, (lines, _) in found.items() if lines > MODULE} == {}
    assert {name: long for name, (_, long) in found.items() if long} == {}
