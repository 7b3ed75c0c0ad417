"""Faults of shape do not hide faults of law: each is said with its file, its line, the value found and the mend."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from engine.cli.newpack import make_pack
from engine.cli.pack import pack
from engine.client.publish_pack import check
from tests.unit.pack.seeded_faults import SEEDS
from tests.unit.pack.sowing import WHOLE, category, node
from tests.unit.pack.test_faults_of_files import MANY, write


def said(folder: Path, change: Any = None) -> list[str]:
    """The faults of the pack with some change made to its YAML."""
    whole = copy.deepcopy(WHOLE)
    if change is not None:
        change(whole)
    return check(str(write(folder, whole)))[0]


def has(lines: list[str], *texts: str) -> bool:
    """Whether one line holds all of these."""
    return any(all(text in line for text in texts) for line in lines)


def test_a_misspelt_member_hides_no_fault_of_law(tmp_path: Path) -> None:
    """It is read as what it may mean, so that nothing follows from its lack; what else is wrong is said beside it."""

    def change(whole: dict[str, Any]) -> None:
        whole["departmnts"] = whole.pop("departments")
        SEEDS["shares"][0](whole)
        SEEDS["address grid"][0](whole)

    whole = copy.deepcopy(WHOLE)
    change(whole)
    folder = write(
        tmp_path, {name: value for name, value in whole.items() if name != "departmnts"} | {"departments": []}
    )
    text = (folder / "categories.yaml").read_text(encoding="utf-8").replace("departments: []", "")

    (folder / "categories.yaml").write_text(
        text + yaml.safe_dump({"departmnts": whole["departmnts"]}, allow_unicode=True), encoding="utf-8"
    )
    lines = check(str(folder))[0]
    assert len(lines) == 3, lines
    assert has(lines, "categories.yaml: departmnts: unknown; did you mean `departments`? (line ")
    assert has(lines, "pack.yaml: shares: they add up to 99")
    assert has(lines, "grid.yaml: addresses.东关南里街: grid 'nowhere' is not a node (line ")


def test_wrong_values_hide_no_fault_of_law(tmp_path: Path) -> None:
    """A wrong urgency, a limit that is none, an unknown member, each with what was found; the tree and the roster are
    checked all the same."""

    def change(whole: dict[str, Any]) -> None:
        category(whole, "noise").update(urgency="U9")
        category(whole, "dust").update(limit="soon", colour="red")
        category(whole, "banner").update(limit="4 hours")
        node(whole, "tawan").update(lable="x")
        SEEDS["department unknown"][0](whole)
        SEEDS["no desk"][0](whole)

    lines = said(tmp_path, change)
    assert has(lines, "categories.noise.urgency: 'U9' is none of U1, U2, U3, U4", "(line ")
    assert has(lines, "categories.dust.limit: 'soon' is no limit; write an amount and its unit, e.g. 4 work_hour")
    assert has(lines, "categories.dust.colour: unknown; here may stand code, label")
    assert has(lines, "categories.banner.limit.unit: 'hour' is none of", "did you mean `work_hour`?")
    assert has(lines, "nodes.tawan.lable: unknown; did you mean `label`?")
    assert has(lines, "categories.gas_leak: unknown department 'mars'")
    assert has(lines, "roster: nobody has the role desk")
    assert len(lines) == 7, lines


def test_a_file_that_cannot_be_read_hides_no_fault_in_the_others(tmp_path: Path) -> None:
    """The roster is lost: nothing is said of people, and the shares and the addresses are checked."""
    whole = copy.deepcopy(WHOLE)
    SEEDS["shares"][0](whole)
    SEEDS["address backwards"][0](whole)
    folder = write(tmp_path, whole)
    (folder / "roster.yaml").write_text("roster_version: a\nroster:\n  - {person: a}\n\t- b\n")
    lines = check(str(folder))[0]
    assert has(lines, "roster.yaml: tabs are not allowed in YAML, line 4: indent with spaces")
    assert has(lines, "shares: they add up to 99") and has(lines, "run backwards")
    assert len(lines) == 3, lines


def test_a_member_that_is_missing_says_what_it_is(tmp_path: Path) -> None:
    """And what needs it is not checked, since it would all be wrong."""
    lines = said(
        tmp_path,
        lambda whole: (
            whole.update(ladders=5, timezone=8),
            category(whole, "noise").pop("group"),
            SEEDS["no desk"][0](whole),
        ),
    )
    assert has(lines, "categories.noise.group: is missing; The class it belongs to, for figures.")
    assert has(lines, "ladders:", "found 5") and has(lines, 'timezone: 8 is no text; quote it: "8"')
    assert not has(lines, "unknown ladder") and not has(lines, "there is no ladder")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'grid_version: "2026-01"',
            "grid_version: 2026-01-01",
            ("grid_version: 2026-01-01 is no text; quote it", "(line 2)"),
        ),
        ("label: Town,", "label: no,", ("nodes.zhen.label: false is no text", 'quote `no`, e.g. "no"')),
        ("level: town,", "level: yes,", ("nodes.zhen.level: true is no text", "quote `yes`")),
        ("nodes:\n", "nodes:\nnodes:\n", ("grid.yaml: the key 'nodes' stands twice; keep one",)),
        ("  - {code: zhen", "\t- {code: zhen", ("tabs are not allowed in YAML, line 4",)),
        ("label_zh: 示例镇}", "label_zh: 示例镇: 一}", ("grid.yaml: ", "line 4")),
        (
            "parent: zhen, label: Not",
            "parent: zhem, label: Not",
            ("nodes.unplaced: parent 'zhem' is not a node", "(line 5)"),
        ),
    ],
)
def test_what_people_write_wrong_in_yaml(tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    """With line and mend."""
    make_pack(tmp_path / "town")
    path = tmp_path / "town" / "grid.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    lines = check(str(tmp_path / "town"))[0]
    assert has(lines, *words), lines


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "噪音: noise",
            "噪音: noisy",
            ("feed.yaml: category.map.噪音: unknown category 'noisy'; did you mean `noise`?", "(line "),
        ),
        (
            "东街一格: dongjie-g1",
            "东街一格: dongjie-g9",
            ("feed.yaml: location.grid.map.东街一格: unknown grid 'dongjie-g9'; did you mean `dongjie-g",),
        ),
        (
            "occurred_at: 受理时间",
            "ocurred_at: 受理时间",
            ("feed.yaml: ocurred_at: unknown; did you mean `occurred_at`?",),
        ),
        ("encoding: gbk", "encoding: klingon", ("unknown encoding 'klingon'",)),
        ("dates: [iso, ymd, excel]", "dates: [dmy, mdy]", ("dates: names both dmy and mdy",)),
        ("kind: cancel", "kind: close", ("'close' is none of close_by_source, cancel",)),
        ("id: 工单号", "id: no", ("feed.yaml: id: false is no text", "quote `no`")),
    ],
)
def test_the_feed_is_checked_with_its_pack(tmp_path: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    """Beside a fault of law, in one list."""
    make_pack(tmp_path / "town")
    for name, before, after in (("feed.yaml", old, new), ("pack.yaml", "share: 40", "share: 39")):
        path = tmp_path / "town" / name
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
    result = CliRunner().invoke(pack, ["check", str(tmp_path / "town")])
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert has(lines, *words), lines
    assert has(lines, "pack.yaml: shares: they add up to 99")


def test_many_faults_of_law_are_said_beside_one_of_shape(tmp_path: Path) -> None:
    """Whatever the fault of law: an unknown member in the pack does not hide it."""
    lines = said(tmp_path, lambda whole: ([SEEDS[name][0](whole) for name in MANY], whole.update(colour="red")))
    assert has(lines, "colour: unknown")
    assert [name for name in MANY if not has(lines, f": {SEEDS[name][1]}: ", SEEDS[name][2])] == []
