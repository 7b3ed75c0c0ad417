"""Rows of a source become incidents and closings as the pack's map says, and none is lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.errors import InvalidSettings
from engine.feed.feedmap import FeedMap, GridMap, load_feed_map
from engine.feed.mapping import map_row
from engine.feed.plan import make_plan
from engine.feed.rows import Row, read_rows
from topics.incident import ReportedIncident
from topics.vocabulary import CommandKind

PACKS = Path(__file__).parents[3] / "rules" / "packs"
WHOLE = {
    "no": "7", "when": "2018-01-01T00:00:09", "type": "Bulky Items", "words": "a sofa", "way": "Call", "lat": "34.06", "lon": "-118.29", "nc": "55",
    "street": "1 Main St", "promise": "2018-01-06T00:00:00", "owner": "BOS", "closed": "2018-01-06T10:18:29", "status": "Closed",
}  # fmt: skip


def moment(text: str) -> int:
    """UTC milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_every_column_arrives_where_the_map_says(small_map: FeedMap) -> None:
    """Local times become instants, a promised day ends at its midnight, codes are formed, and the door accepts the data."""
    row = map_row(small_map, Row(1, WHOLE))
    assert (row.identity, row.at, row.fault) == ("town:7", moment("2018-01-01T08:00:09"), None)
    incident = ReportedIncident.model_validate(row.data)
    assert incident.channel == "hotline" and incident.category == "Bulky Items" and incident.text == "a sofa"
    assert incident.promised_by is not None and int(incident.promised_by.timestamp() * 1000) == moment("2018-01-07T08:00:00")
    assert (incident.location.lat, incident.location.lon, incident.location.grid, incident.location.address) == (34.06, -118.29, "nc-55", "1 Main St")
    assert incident.attributes == {"owner": "BOS"}
    assert row.closing is not None
    assert (row.closing.at, row.closing.kind, row.closing.reason) == (moment("2018-01-06T18:18:29"), CommandKind.CLOSE_BY_SOURCE, "closed")


def test_empty_columns_are_left_out(small_map: FeedMap) -> None:
    """What a source does not know is absent, not an empty word."""
    row = map_row(small_map, Row(1, dict.fromkeys(WHOLE, "") | {"no": "8", "when": "2018-01-01T00:00:09"}))
    assert set(row.data) == {"occurred_at", "channel"}
    assert row.closing is None and row.fault is None
    ReportedIncident.model_validate(row.data)


@pytest.mark.parametrize("change", [{"when": "yesterday"}, {"when": ""}, {"lat": "nan"}, {"lat": "north"}, {"closed": "soon"}, {"promise": "2018-13-01"}])
def test_a_row_that_cannot_be_mapped_keeps_its_columns_and_its_identity(small_map: FeedMap, change: dict[str, str]) -> None:
    """It is sent on as it is, for intake to reject with its reason."""
    row = map_row(small_map, Row(3, WHOLE | change))
    assert row.identity == "town:7" and row.fault
    assert row.data == WHOLE | change


def test_codes_are_formed_from_text_or_padded_numbers() -> None:
    """Nothing but these two forms is taken, since the format comes from a pack."""
    assert GridMap(column="nc", format="nc{:03d}").code("55") == "nc055"
    assert GridMap(column="nc", format="nc-{}").code("a5") == "nc-a5"
    with pytest.raises(ValueError, match="invalid literal"):
        GridMap(column="nc", format="nc{:03d}").code("x")
    with pytest.raises(ValidationError):
        GridMap(column="nc", format="{0.__class__}")


def test_a_row_without_an_id_is_called_by_its_number(small_map: FeedMap) -> None:
    """Nothing is dropped unseen, not even a row that cannot say which it is."""
    assert map_row(small_map, Row(3, WHOLE | {"no": " "})).identity == "town:row-3"


def test_los_angeles_is_mapped_whole(la_file: Path) -> None:
    """10,000 rows, none lost, each accepted by the door; 3,622 closings lie within the span of creations."""
    mapping = load_feed_map(PACKS / "los-angeles")
    rows = [map_row(mapping, row) for row in read_rows(la_file)]
    assert len(rows) == len({row.identity for row in rows}) == 10_000
    assert [row for row in rows if row.fault] == []
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
