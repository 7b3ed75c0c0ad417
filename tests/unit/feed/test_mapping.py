"""Rows of a source become incidents and closings as the pack's map says, and none is lost."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.feed.feedmap import FeedMap, GridMap
from engine.feed.mapping import map_row, map_rows
from engine.feed.rows import Row
from engine.feed.showing import masked, shown_word
from engine.feed.words import note_lines, notes_of
from topics.incident import ReportedIncident
from topics.vocabulary import CommandKind

PACKS = Path(__file__).parents[3] / "rules" / "packs"
WHOLE = {
    "no": "7",
    "when": "2018-01-01T00:00:09",
    "type": "Bulky Items",
    "words": "a sofa",
    "way": "Call",
    "lat": "34.06",
    "lon": "-118.29",
    "nc": "55",
    "street": "1 Main St",
    "promise": "2018-01-06T00:00:00",
    "owner": "BOS",
    "closed": "2018-01-06T10:18:29",
    "status": "Closed",
}


def moment(text: str) -> int:
    """UTC milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_every_column_arrives_where_the_map_says(small_map: FeedMap) -> None:
    """Local times become instants, a promised day ends at its midnight, codes are formed, and the door accepts the
    data."""
    row = map_row(small_map, Row(1, WHOLE))
    assert (row.identity, row.at, row.faults) == ("town:7", moment("2018-01-01T08:00:09"), ())
    incident = ReportedIncident.model_validate(row.data)
    assert incident.channel == "hotline" and incident.category == "Bulky Items" and incident.text == "a sofa"
    assert incident.promised_by is not None and int(incident.promised_by.timestamp() * 1000) == moment(
        "2018-01-07T08:00:00"
    )
    assert (incident.location.lat, incident.location.lon, incident.location.grid, incident.location.address) == (
        34.06,
        -118.29,
        "nc-55",
        "1 Main St",
    )
    assert incident.attributes == {"owner": "BOS"}
    assert row.closing is not None
    assert (row.closing.at, row.closing.kind, row.closing.reason) == (
        moment("2018-01-06T18:18:29"),
        CommandKind.CLOSE_BY_SOURCE,
        "closed",
    )


def test_empty_columns_are_left_out(small_map: FeedMap) -> None:
    """What a source does not know is absent, not an empty word."""
    row = map_row(small_map, Row(1, dict.fromkeys(WHOLE, "") | {"no": "8", "when": "2018-01-01T00:00:09"}))
    assert set(row.data) == {"occurred_at", "channel"}
    assert row.closing is None and row.faults == ()
    ReportedIncident.model_validate(row.data)


@pytest.mark.parametrize(
    "change",
    [
        {"when": "yesterday"},
        {"when": ""},
        {"lat": "nan"},
        {"lat": "north"},
        {"closed": "soon"},
        {"promise": "2018-13-01"},
    ],
)
def test_a_row_that_cannot_be_mapped_keeps_its_columns_and_its_identity(
    small_map: FeedMap, change: dict[str, str]
) -> None:
    """It is sent on as it is, for intake to reject with its reason."""
    row = map_row(small_map, Row(3, WHOLE | change))
    assert row.identity == "town:7" and [fault.column for fault in row.faults] == list(change)
    assert row.data == {"columns": WHOLE | change} and row.closing is None
    with pytest.raises(ValidationError):
        ReportedIncident.model_validate(row.data)


def test_codes_are_formed_from_text_or_padded_numbers() -> None:
    """Nothing but these two forms is taken, since the format comes from a pack."""
    assert GridMap(column="nc", format="nc{:03d}").code("55") == "nc055"
    assert GridMap(column="nc", format="nc-{}").code("a5") == "nc-a5"
    with pytest.raises(ValueError, match="invalid literal"):
        GridMap(column="nc", format="nc{:03d}").code("x")
    with pytest.raises(ValidationError):
        GridMap(column="nc", format="{0.__class__}")


def test_a_row_without_an_id_is_at_fault(small_map: FeedMap) -> None:
    """Called by its number it would be dropped as a duplicate of another file's row of that number."""
    row = map_row(small_map, Row(3, WHOLE | {"no": " "}))
    assert row.id == "" and "is empty" in str(row.faults[0]) and row.faults[0].column == "no"


def test_an_id_that_stands_twice_with_other_columns_is_at_fault(small_map: FeedMap) -> None:
    """The second would be dropped as a duplicate; the same row twice is one."""
    first, same, other = map_rows(small_map, [Row(1, WHOLE), Row(2, dict(WHOLE)), Row(3, WHOLE | {"words": "another"})])
    assert (first.faults, same.faults) == ((), ())
    assert "stands in row 1 already" in str(other.faults[0]) and other.identity == "town:7"


def test_an_id_that_a_spreadsheet_cut_is_at_fault(small_map: FeedMap) -> None:
    """1.23457E+11 stands for a thousand ids."""
    assert "was cut by a spreadsheet" in str(map_row(small_map, Row(1, WHOLE | {"no": "1.23457E+11"})).faults[0])


def test_values_are_masked(small_map: FeedMap) -> None:
    """A fault shows the shape of a value; a telephone number or a name in the wrong column does not stand in a log."""
    texts = ("2026/13/5 8:05", "13812345678", "138-1234-5678", "张三丰", "34,06", "x" * 60)
    assert [masked(text) for text in texts] == [
        "2026/13/5 8:05", "13*********", "13*-****-****", "张**", "34,06", "x" + "*" * 39 + "…",
    ]  # fmt: skip
    fault = map_row(small_map, Row(1, WHOLE | {"when": "13812345678"})).faults[0]
    assert (
        "345678" not in str(fault) and "one looks like 2018" not in str(fault) and "2026-03-05T08:05:00" in fault.mend
    )


@pytest.mark.parametrize("when", ["9999-12-31", "9999-12-31T23:59:59+14:00", "9999-12-31T23:59:59-08:00"])
def test_a_promise_without_a_midnight_after_it_is_at_fault(small_map: FeedMap, when: str) -> None:
    """The last day of the calendar has no next one: said by column, with the mend."""
    fault = map_row(small_map, Row(1, WHOLE | {"promise": when})).faults[0]
    assert (fault.column, fault.value[:4]) == (
        "promise",
        "9999",
    ) and "write an earlier day, or leave it empty" in fault.mend


@pytest.mark.parametrize("column", ["when", "promise"])
def test_a_year_that_no_incident_has_is_said_in_words(small_map: FeedMap, column: str) -> None:
    """Not in those of a library; the value stands before it."""
    fault = map_row(small_map, Row(1, WHOLE | {column: "0001-01-01T00:00:00"})).faults[0]
    assert (
        fault.column == column and "0001" in str(fault) and "is no time that an incident can have; write" in fault.mend
    )


SHOWN = ("转办", "已办结", "二次派单", "closed", "Referred", "in-progress")
HIDDEN = (
    "13812345678",
    "１３８１２３４５６７８",
    "一三八零零一三八零零零",
    "王小明13800138000",
    "John Smith",
    "a.b@c.de",
    "Li Ming",
    "豫A·12345",
    "Wolfeschlegelsteinhausen",
)


def test_words_that_are_not_listed_are_shown_where_they_can_be_nobody(small_map: FeedMap) -> None:
    """A short word without digits is; numbers, names of several words and the row's own reporter are masked, also for
    machines."""
    assert [shown_word(word, "Asia/Shanghai") for word in SHOWN] == list(SHOWN)
    assert [word for word in HIDDEN if shown_word(word, "Asia/Shanghai") == word] == []
    feed = small_map.model_copy(update={"reporter": {"name": "who"}})
    rows = [
        map_row(feed, Row(1, WHOLE | {"who": "王小明", "status": word, "way": word, "closed": "x"[:0]}))
        for word in ("王小明", "13812345678")
    ]
    said = " ".join(note_lines(notes_of(rows)))
    assert "小明" not in said and "345678" not in said and "王**" in said and "13*********" in said
    assert all("小明" not in word and "345678" not in word for row in rows for _, word in row.notes)
    listed = map_row(feed, Row(1, WHOLE | {"who": "Closed", "closed": ""}))
    assert listed.notes == (("status without the time of closing, so it closes nothing", "Closed"),), (
        "a word of the pack's own map is nobody's name"
    )


CLERKS = FeedMap.model_validate(
    {
        "source": "12345",
        "id": "工单号",
        "occurred_at": "受理时间",
        "timezone": "Asia/Shanghai",
        "dates": ["ymd", "excel"],
        "decimal": ",",
        "empty": ["无", "-", "N/A"],
        "category": {"column": "类别", "map": {"垃圾": "bins_full"}},
        "text": "内容",
        "reporter": {"name": "来电人", "phone": "电话"},
        "location": {"lat": "纬度", "lon": "经度", "grid": {"column": "网格", "map": {"东街": "dongjie"}}},
        "closing": {
            "at": "办结",
            "status": "状态",
            "map": {"已办结": {"kind": "close_by_source", "reason": "closed"}, "办理中": None},
        },
    }
)
"""The map of a clerk's own table."""
COLUMNS = {
    "工单号": "２０２６０１", "受理时间": "２０２６年３月５日 ２４：００", "类别": "垃圾", "内容": "-",
    "来电人": "无", "电话": "１３８００００００００",
    "纬度": "34,75", "经度": "113,66", "网格": "东街", "办结": "46087.5", "状态": "已办结",
}  # fmt: skip
"""One row of it."""


def test_a_clerks_columns_in_chinese() -> None:
    """Full-width digits, Excel's dates, words for nothing, a decimal comma, a map of categories, and the reporter."""
    row = map_row(CLERKS, Row(1, COLUMNS))
    assert row.faults == () and row.id == "202601"
    assert row.data == {
        "occurred_at": "2026-03-06T00:00:00+08:00",
        "channel": "import",
        "category": "bins_full",
        "reporter": {"phone": "13800000000"},
        "location": {"lat": 34.75, "lon": 113.66, "crs": "WGS84", "grid": "dongjie"},
    }
    assert row.closing is not None and row.closing.at == moment("2026-03-06T04:00:00")
    strange = map_row(CLERKS, Row(2, COLUMNS | {"状态": "转办"}))
    assert strange.closing is None and strange.notes == (("status that is not listed, so it closes nothing", "转办"),)
    still_open = map_row(CLERKS, Row(2, COLUMNS | {"状态": "办理中"}))
    assert (still_open.closing, still_open.notes, still_open.faults) == (None, (), ())
    cut = map_row(CLERKS, Row(2, COLUMNS | {"电话": "1.38E+10", "纬度": ""}))
    assert [fault.column for fault in cut.faults] == ["电话", "纬度"]


def test_a_time_that_comes_twice_is_told_by_the_row_before_it(small_map: FeedMap) -> None:
    """On 2018-11-04 Los Angeles had 01:30 twice: a later row that would go back is the second; the first cannot be
    told, and is flagged."""
    rows = [
        Row(n, WHOLE | {"no": str(n), "when": f"2018-11-04T{when}", "closed": "", "status": ""})
        for n, when in enumerate(("00:50:00", "01:40:00", "01:10:00", "01:20:00", "03:00:00"))
    ]
    found = map_rows(small_map, rows)
    assert [row.at for row in found] == [
        moment(f"2018-11-04T{when}:00") for when in ("07:50", "08:40", "09:10", "09:20", "11:00")
    ]
    assert [bool(row.notes) for row in found] == [False, True, False, False, False]
    assert found[2].data["occurred_at"] == "2018-11-04T01:10:00-08:00"
    downwards = map_rows(
        small_map, [Row(9, rows[4].columns | {"no": "9", "when": "2018-11-04T04:00:00"}), rows[4], rows[2], rows[1]]
    )
    assert [row.at for row in downwards] == [
        moment(f"2018-11-04T{when}:00") for when in ("12:00", "11:00", "09:10", "08:40")
    ]
    assert [bool(row.notes) for row in map_rows(small_map, rows[2:4])] == [
        True,
        True,
    ], "nothing tells which way the file runs"


def test_a_time_that_does_not_exist_is_at_fault(small_map: FeedMap) -> None:
    """On 2018-03-11 the clock jumped over 02:30."""
    fault = map_row(small_map, Row(1, WHOLE | {"when": "2018-03-11T02:30:00"})).faults[0]
    assert "does not exist in America/Los_Angeles" in fault.mend
    assert map_row(small_map, Row(1, WHOLE | {"when": "2018-03-11T02:30:00-08:00"})).faults == ()


def test_what_the_door_would_refuse_is_said_by_column(small_map: FeedMap) -> None:
    """Not by the field of a model the clerk has never seen."""
    fault = map_row(small_map, Row(1, WHOLE | {"words": "x" * 4001})).faults[0]
    assert fault.column == "words" and "4000" in fault.mend
