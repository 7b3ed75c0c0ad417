"""A change that a former run of mutants tried is found again by its text, and no other is taken for it."""

import pytest

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
