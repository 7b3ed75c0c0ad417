"""A module has at most 300 lines and a function 40, of tests as well."""

from pathlib import Path

import pytest

from tests.support import trees

MODULE, FUNCTION = 300, 40


def lines_of(path: Path) -> tuple[int, list[str]]:
    """How many lines a module has, and which of its functions are too long."""
    long = [one.name for one in trees.functions(path) if (one.end_lineno or 0) - one.lineno + 1 > FUNCTION]
    return len(trees.text(path).splitlines()), long


@pytest.mark.parametrize("tops", [(*trees.PRODUCT, "deploy"), ("tests",)], ids=["the product", "its tests"])
def test_no_module_and_no_function_is_too_long(tops: tuple[str, ...]) -> None:
    """Without any exception."""
    found = {trees.name(path): lines_of(path) for path in trees.paths(*tops)}
    assert len(found) > 150
    assert {name: lines for name, (lines, _) in found.items() if lines > MODULE} == {}
    assert {name: long for name, (_, long) in found.items() if long} == {}
