"""Every pair of features comes out as it was decided on purpose (``pairs.tsv``), and the page says so."""

import pytest

from tests.support import pairs
from tests.support.meetings import STATES


@pytest.mark.parametrize("feature", STATES)
def test_what_is_asked_of_a_ticket_with_a_feature_comes_out_as_decided(feature: str) -> None:
    """Where it is then, until when, or why not: the same as in the table, for everything that can be asked."""
    decided = pairs.table()
    assert {act: pairs.comes_of(feature, act) for act in pairs.ACTS} == {
        act: decided[feature, act] for act in pairs.ACTS
    }


def test_the_page_is_drawn_from_the_table_and_the_stories() -> None:
    """'python -m tests.support.pairs' was run after the last change; no pair is without a test."""
    text = pairs.PAGE.read_text(encoding="utf-8")
    assert text == pairs.document() and "no test" not in text
    assert set(pairs.table()) == {(feature, act) for feature in STATES for act in pairs.ACTS}


def test_every_row_of_the_decision_is_told_as_a_story() -> None:
    """Of each pair of decision 8 a test is marked with its features, and no mark names a pair that the decision does
    not have."""
    page = (pairs.ROOT / "docs" / "decisions" / "0008-where-two-features-meet.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip() for line in page.splitlines() if " × " in line and line.startswith("| ")}
    marked = {f"{one} × {other}" for (one, other), _, _ in pairs.stories()}
    assert (sorted(rows - marked), sorted(marked - rows)) == ([], [])
