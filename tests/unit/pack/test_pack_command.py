"""``gridwhistle pack``: check says all faults and exits 1; show says what a pack says."""

import copy
import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli.pack import pack
from engine.cli.rebase import demand_known
from engine.errors import InvalidRulePack, InvalidSettings
from rules.rulepack.standards import COLUMNS
from tests.unit.pack.seeded_faults import SEEDS
from tests.unit.pack.sowing import WHOLE
from tests.unit.pack.test_faults_of_files import write


def test_check_says_a_pack_is_sound() -> None:
    """The name with its hash, exit 0, for a name and for a folder alike."""
    result = CliRunner().invoke(pack, ["check", "guancheng"])
    assert result.exit_code == 0
    assert result.stdout.startswith("guancheng@")
    assert "more than 3/5 of a ticket" in result.stdout


def test_check_lists_all_faults_and_exits_one(tmp_path: Path) -> None:
    """Every fault on a line of its own, with file and place."""
    faulty = copy.deepcopy(WHOLE)
    for name in ("shares", "address grid", "start tier", "no desk", "CEL unreadable"):
        SEEDS[name][0](faulty)
    result = CliRunner().invoke(pack, ["check", str(write(tmp_path, faulty))])
    assert result.exit_code == 1
    assert "has 5 faults" in result.stdout
    assert "  pack.yaml: shares: they add up to 99; make them 100" in result.stdout
    assert "  categories.yaml: rules.mine: the condition cannot be read" in result.stdout


def test_check_of_a_folder_that_is_none_exits_one(tmp_path: Path) -> None:
    """Said in words, with the shipped packs' names."""
    result = CliRunner().invoke(pack, ["check", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert (
        "no such pack or folder; shipped are guancheng, heshan, jiamusi, liangcheng, los-angeles, national, xushi"
        in result.stdout
    )


def test_show_says_tree_shares_ladder_and_every_category() -> None:
    """One line for each category, with its limit and lead."""
    result = CliRunner().invoke(pack, ["show", "los-angeles"])
    assert result.exit_code == 0
    assert "98 council" in result.stdout
    assert "red_property 40 %" in result.stdout
    assert "owned: department -> city" in result.stdout
    lines = [line.split() for line in result.stdout.splitlines() if line.startswith("  ")]
    assert len(lines) == 12
    assert ["homeless_encampment", "U3", "90", "urgent_day"] in [line[:4] for line in lines]


def test_show_says_where_an_emergency_begins() -> None:
    """At the street, with a whistle, whatever the catalogue's default is; and which years the calendar knows."""
    result = CliRunner().invoke(pack, ["show", "guancheng"])
    gas = next(line for line in result.stdout.splitlines() if line.startswith("  gas_leak"))
    assert "street, whistle" in gas
    assert "years 2004 to 20" in result.stdout


@pytest.mark.parametrize("given", ["", "  ", "./", "../"])
def test_only_a_name_is_a_shipped_packs(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script's variable that was not set names no pack; a path of dots is one's own folder, not the shipped
    packs'."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(pack, ["check", given])
    assert result.exit_code == 1
    assert ("no such pack or folder" in result.stdout) == (not given.strip()), result.stdout
    (tmp_path / "pack.yaml").write_text("name: mine\nextends: guancheng\n")
    assert CliRunner().invoke(pack, ["check", "."]).stdout.startswith("mine@")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("kind,big_code\n", "no column"),
        (",".join(COLUMNS) + "\n", "no row"),
        (
            ",".join(COLUMNS) + '\nevent,01,"' + "x" * 200_000 + '",02,a,b,c,d,1天\n',
            "below line 1: field larger than field limit (131072); is a quote left open",
        ),
    ],
)
def test_a_table_that_is_none_is_refused_and_nothing_written(text: str, said: str, tmp_path: Path) -> None:
    """An empty export, a head alone, a quote that was left open: said in words."""
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    former = csv.field_size_limit(131_072)  # csv's own; a feed raises it for its process
    try:
        result = CliRunner().invoke(pack, ["import-standards", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out")])
    finally:
        csv.field_size_limit(former)
    assert isinstance(result.exception, InvalidRulePack) and said in str(result.exception), result.exception
    assert not (tmp_path / "out").exists()


def test_rebase_knows_what_the_pack_and_the_tickets_have() -> None:
    """A slip is answered with the nearest; what is known, and no wish at all, pass."""
    demand_known("--home", None, [])
    demand_known("--home", "tawan", ["tawan", "boaijie"])
    with pytest.raises(InvalidSettings, match=r"--category 'bin_full' .*there are bins_full and 1 more"):
        demand_known("--category", "bin_full", ["noise", "bins_full"])
