"""A map of a feed: whole for Los Angeles, and refused where it cannot mean anything."""

from pathlib import Path

import pytest

from engine.errors import InvalidSettings
from engine.feed.feedmap import load_feed_map
from engine.feed.mapping import map_rows, wanted_of
from engine.feed.plan import make_plan
from engine.feed.rows import read_rows
from tests.unit.feed.test_mapping import PACKS
from topics.incident import ReportedIncident
from topics.vocabulary import CommandKind


def test_los_angeles_is_mapped_whole(la_file: Path) -> None:
    """10,000 rows, none lost, each accepted by the door; 3,622 closings lie within the span of creations."""
    mapping = load_feed_map(PACKS / "los-angeles")
    rows = map_rows(mapping, read_rows(la_file, wanted_of(mapping)))
    assert len(rows) == len({row.identity for row in rows}) == 10_000
    assert [row for row in rows if row.faults] == []
    for row in rows:
        ReportedIncident.model_validate(row.data)
    assert rows[0].data["location"]["grid"] == "nc055" and rows[0].data["category"] == "Bulky Items"
    plan = make_plan(rows)
    assert (plan.rows, plan.closings, plan.closings + plan.beyond, plan.left_out) == (10_000, 3_622, 10_000, 0)
    kinds = [step.closing.kind for step in plan.steps if step.closing]
    assert kinds.count(CommandKind.CANCEL) == 142
    assert [step.closing.reason for step in plan.steps if step.closing].count("referred_out") == 4
    assert plan.steps == sorted(plan.steps, key=lambda step: step.at)
    assert all("BOS" not in str(row.data) for row in rows), "owners come from the pack's table, not from the row"


def test_a_pack_without_a_map_says_so(tmp_path: Path) -> None:
    """The message names what is missing."""
    with pytest.raises(InvalidSettings, match=r"feed\.yaml"):
        load_feed_map(tmp_path)


def test_a_map_with_unknown_words_is_refused(tmp_path: Path) -> None:
    """A misspelt field must not silently lose a column."""
    (tmp_path / "feed.yaml").write_text("source: a\nid: b\noccurred_at: c\nclosed: d\n")
    with pytest.raises(InvalidSettings, match="closed"):
        load_feed_map(tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("encoding: klingon", "unknown encoding"),
        ("timezone: Mars", "unknown zone"),
        ("dates: [soon]", "dates"),
        ("id: a\nid: b", "stands twice"),
    ],
)
def test_a_map_says_what_it_cannot_mean(tmp_path: Path, line: str, said: str) -> None:
    """Each with its field."""
    (tmp_path / "feed.yaml").write_text(
        f"source: a\noccurred_at: c\n{'' if line.startswith('id') else 'id: b'}\n{line}\n"
    )
    with pytest.raises(InvalidSettings, match=said):
        load_feed_map(tmp_path)
