"""A change that a former run of mutants tried is found again by its text, and no other is taken for it."""

import pytest

from tests.mutants.cover import function_of
from tests.mutants.page import key
from tests.mutants.same import is_same

ROW = {"old": "if a < b and c(d, e):", "new": "if a <= b and c(d, e):"}
SOURCE = """\
def f() -> None:
    if (
        a {} b
        and c(
            d,
            e,
        )
    ):
        x {} y
"""


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [(("<", "<"), ("<=", "<"), True), (("<", "<"), (">", "<"), False), (("<", "<"), ("<", "<="), False)],
    ids=["set anew by a formatter", "another change of the line", "the like of another line"],
)
def test_a_change_is_known_by_its_words(before: tuple[str, str], after: tuple[str, str], same: bool) -> None:
    """However the line is broken; what becomes of it must be the same, and nothing else may differ."""
    assert is_same(ROW, SOURCE.format(*before), SOURCE.format(*after)) is same


def test_a_reason_excuses_the_one_place_it_was_written_for() -> None:
    """The same words in another function or file are another change."""
    row = ROW | {"path": "rules/a.py", "function": "f"}
    others = [row | {"path": "rules/b.py"}, row | {"function": "Book.f"}, row | {"new": "if a > b and c(d, e):"}]
    assert len({key(one) for one in (row, *others)}) == 4
    assert key(row | {"line": 7}) == key(row)


def test_the_function_of_a_line_is_the_innermost_with_what_it_stands_in() -> None:
    """A method with its class; on import nothing."""
    source = (
        "X = 1\nclass Book:\n    def apply(self):\n        def inner():\n            return 2\n        return inner\n"
    )
    assert [function_of(source, line) for line in (1, 5, 6)] == ["", "Book.apply.inner", "Book.apply"]
