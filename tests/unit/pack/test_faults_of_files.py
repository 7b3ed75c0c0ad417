"""What cannot be read as a pack at all: which file, which line, and the mend."""

import copy
from pathlib import Path

import pytest
import yaml

from engine.client.publish_pack import prove
from engine.errors import InvalidRulePack
from rules.rulepack import yaml_reading
from rules.rulepack.loader import PackUnreadable, load_pack
from rules.rulepack.shape import unreadable
from tests.unit.pack.seeded_faults import SEEDS
from tests.unit.pack.sowing import WHOLE, Pack, category, found, node

MANY = (
    "shares",
    "two points",
    "address grid",
    "address backwards",
    "department unstaffed",
    "department unknown",
    "alias clash",
    "category party",
    "start tier",
    "no desk",
    "roster grid",
    "CEL unreadable",
    "clock missing",
    "rungs fall",
    "horizon",
    "zone",
    "node party",
    "roster two names",
    "no chief",
    "triage null",
)
"""Twenty faults of law, each of another kind."""


def test_many_faults_are_listed_at_once() -> None:
    """Twenty faults in one pack: none hides another."""
    seeds = [SEEDS[name] for name in MANY]
    lines = found(*(seed for seed, _, _ in seeds))
    missing = [
        name
        for name, (_, where, text) in zip(MANY, seeds, strict=True)
        if not any(line.startswith(f"{where}: ") and text in line for line in lines)
    ]
    assert missing == []


def write(folder: Path, pack: Pack) -> Path:
    """Write a pack as four files."""
    where = {
        "pack": (
            set(pack)
            - {"nodes", "addresses", "grid_version", "categories", "departments", "rules", "roster", "roster_version"}
        )
    }
    where |= {
        "grid": {"nodes", "addresses", "grid_version"},
        "categories": {"categories", "departments", "rules"},
        "roster": {"roster", "roster_version"},
    }
    for file, members in where.items():
        (folder / f"{file}.yaml").write_text(
            yaml.safe_dump({m: pack[m] for m in sorted(members)}, allow_unicode=True), encoding="utf-8"
        )
    return folder


def test_a_refusal_names_the_file_of_each_fault(tmp_path: Path) -> None:
    """Refused whole, and every line begins with the file to open."""
    pack = copy.deepcopy(WHOLE)
    for name in ("shares", "address grid", "start tier", "no desk"):
        SEEDS[name][0](pack)
    with pytest.raises(InvalidRulePack) as refused:
        prove(str(write(tmp_path, pack)))
    lines = [line.strip() for line in str(refused.value).splitlines()[1:]]
    assert len(lines) == 4
    assert {line.split(":")[0] for line in lines} == {"pack.yaml", "grid.yaml", "categories.yaml", "roster.yaml"}


def test_members_of_the_wrong_kind_are_named_by_code(tmp_path: Path) -> None:
    """Pydantic's faults, all of them, say the category's code and not its number."""
    pack = copy.deepcopy(WHOLE)
    category(pack, "noise")["limit"] = "soon"
    category(pack, "dust")["urgency"] = "U9"
    node(pack, "tawan")["colour"] = "red"
    with pytest.raises(PackUnreadable) as refused:
        load_pack(write(tmp_path, pack))
    text = "\n".join(refused.value.faults)
    assert "categories.yaml: categories.noise.limit: " in text
    assert "categories.yaml: categories.dust.urgency: " in text
    assert "grid.yaml: nodes.tawan.colour: " in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: a\ntitle: b\n", "'title' stands twice"),
        ("- a\n- b\n", "must hold members with names"),
        ("a: [1\n", "expected ',' or ']'"),
        ("rules: []\n", "rules: stands in categories.yaml already"),
    ],
)
def test_files_that_cannot_be_read_are_told_together(tmp_path: Path, text: str, said: str) -> None:
    """A key twice, no mapping, no YAML, a member in two files: each is said, and so is the file that is missing."""
    folder = write(tmp_path, copy.deepcopy(WHOLE))
    (folder / "grid.yaml").unlink()
    (folder / "roster.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackUnreadable) as refused:
        load_pack(folder)
    assert any("grid.yaml" in fault for fault in refused.value.faults)
    assert any(fault.startswith("roster.yaml: ") and said in fault for fault in refused.value.faults)


def test_an_unknown_pack_names_the_shipped_ones() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(PackUnreadable, match="guancheng, heshan, jiamusi, liangcheng, los-angeles, national, xushi"):
        load_pack("atlantis")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("label: a: b\n", True), ("label: %a\n", True), ("label: @a\n", True), ("label: 'a\n", False), ("a: [1\n", False)],
)
def test_a_text_that_wants_quotes_is_told_so(text: str, hint: bool, tmp_path: Path) -> None:
    """By the sign on which the reader stopped; what is broken in another way gets no such advice."""
    path = tmp_path / "pack.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(yaml.YAMLError) as broken:
        yaml_reading.load(path)
    assert ("quote a text" in unreadable(broken.value, path)) is hint
