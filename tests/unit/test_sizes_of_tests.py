"""A module has at most 300 lines and a function 40; what is longer still among the tests is named and only gets
fewer."""

from pathlib import Path

from tests.support import trees

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
    long = [one.name for one in trees.functions(path) if (one.end_lineno or 0) - one.lineno + 1 > FUNCTION]
    return len(trees.text(path).splitlines()), long


def test_no_module_and_no_function_grows_too_long() -> None:
    """Whoever cuts one takes it off the list."""
    found = {trees.name(path).removeprefix("tests/"): lines_of(path) for path in trees.paths("tests")}
    assert len(found) > 150
    assert {name for name, (lines, _) in found.items() if lines > MODULE} - LONG_MODULES == set()
    assert {name: long for name, (_, long) in found.items() if len(long) > LONG_FUNCTIONS.get(name, 0)} == {}


def test_no_module_and_no_function_of_the_product_is_too_long() -> None:
    """Without any exception."""
    found = {trees.name(path): lines_of(path) for path in trees.paths(*PRODUCT)}
    assert len(found) > 300
    assert {name: lines for name, (lines, _) in found.items() if lines > MODULE} == {}
    assert {name: long for name, (_, long) in found.items() if long} == {}
