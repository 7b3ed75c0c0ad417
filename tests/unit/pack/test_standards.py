"""Filing and closing standards: every limit is read or listed, none guessed; the shipped catalogue is whole."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

from engine.client.publish_pack import prove, prove_catalogue
from engine.errors import InvalidRulePack
from rules.rulepack.loader import PackUnreadable
from rules.rulepack.standards import FILE, catalogue_of, limit_of, text_of
from topics.vocabulary import Unit

TABLE = """kind,big_code,big_name,small_code,small_name,handling_unit,supervising_unit,filing_condition,\
closing_condition,limit
component,01,公用设施,01,井盖,节水中心、各产权单位,城管局,缺失,恢复,2紧急工作时
component,01,公用设施,01,井盖,节水中心、各产权单位,城管局,破损,更换,4小时
event,02,街面秩序,07,违章搭建,执法队 及街办,城管局,"搭建，违规",拆除,15天
event,02,街面秩序,08,伐树,园林中心,城管局,未经审批,制止,1紧急工作时制止
"""


def rows(text: str) -> list[dict[str, str]]:
    """The table's rows."""
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("2紧急工作时", (2, Unit.URGENT_HOUR)),
        ("3紧急工作日", (3, Unit.URGENT_DAY)),
        ("4小时", (4, Unit.WORK_HOUR)),
        ("15天", (15, Unit.WORK_DAY)),
        (" 1天 ", (1, Unit.WORK_DAY)),
        ("1紧急工作时制止", None),
        ("天", None),
        ("0天", None),
        ("两天", None),
        ("2工作", None),
        ("", None),
        ("2天或3天", None),
    ],
)
def test_a_limit_is_an_amount_and_a_unit_or_not_understood(text: str, limit: tuple[int, Unit] | None) -> None:
    """LAW 8: 小时 and 天 are working time, 紧急 runs day and night; a word behind it is not understood."""
    assert limit_of(text) == limit


def test_a_table_becomes_categories_and_what_is_unclear_is_listed(tmp_path: Path) -> None:
    """The first unit leads; conditions of one class are numbered; a row without a limit has no category."""
    found = catalogue_of(rows(TABLE), "toy", "Toy")
    assert [c["code"] for c in found["categories"]] == ["component_01_01_1", "component_01_01_2", "event_02_07_1"]
    assert [(c["limit"], c["urgency"]) for c in found["categories"]] == [
        ("2 urgent_hour", "U2"),
        ("4 work_hour", "U3"),
        ("15 work_day", "U3"),
    ]
    assert [d["label_zh"] for d in found["departments"]] == ["节水中心", "各产权单位", "执法队", "街办", "园林中心"]
    assert (found["categories"][2]["lead"], found["categories"][2]["co"]) == ("unit_003", ["unit_004"])
    assert found["not_understood"] == [{"row": 5, "what": "伐树：未经审批", "limit": "1紧急工作时制止"}]
    (tmp_path / FILE).write_text(text_of(found, "made here"), encoding="utf-8")
    read = prove_catalogue(str(tmp_path))
    assert len(read.categories) == 3 and read.categories[2].closing_standard == "拆除"


def test_the_shipped_catalogue_is_whole() -> None:
    """519 standards over 190 small classes: 518 limits read, one listed."""
    national = prove_catalogue("national")
    assert Counter(category.limit.unit for category in national.categories) == {
        Unit.WORK_DAY: 412, Unit.WORK_HOUR: 61, Unit.URGENT_HOUR: 41, Unit.URGENT_DAY: 4,
    }  # fmt: skip
    assert [(row.row, row.limit) for row in national.not_understood] == [(403, "1紧急工作时制止")]
    assert len({category.code.rsplit("_", 1)[0] for category in national.categories} | {"event_of_row_403"}) >= 190


def test_a_catalogue_is_not_run_and_its_faults_are_all_listed(tmp_path: Path) -> None:
    """It has no homes; what is wrong with it is said at once."""
    with pytest.raises(InvalidRulePack, match="catalogue without homes"):
        prove("national")
    found = catalogue_of(rows(TABLE), "toy", "Toy")
    found["categories"][0]["lead"] = "nobody"
    found["categories"].append(dict(found["categories"][1]))
    (tmp_path / FILE).write_text(text_of(found, "made here"), encoding="utf-8")
    with pytest.raises(InvalidRulePack) as fault:
        prove_catalogue(str(tmp_path))
    assert "unknown department 'nobody'" in str(fault.value) and "names 2 categories" in str(fault.value)
    with pytest.raises(PackUnreadable, match="no column limit"):
        catalogue_of(rows(TABLE.replace(",limit", ",time")), "toy", "Toy")
