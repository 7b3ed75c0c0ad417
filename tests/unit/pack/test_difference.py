"""``pack diff``: every change of a law is told, by its name, and nothing else is."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli.pack import pack as pack_commands
from rules.rulepack.diff import Changed, differences
from rules.rulepack.loader import load_pack
from rules.rulepack.model import PackSource
from tests.unit.pack.seeded_faults import SEEDS
from tests.unit.pack.sowing import WHOLE, whole
from tests.unit.pack.test_faults_of_files import write


def shown(*words: str, code: int = 0) -> str:
    """What ``gridwhistle pack diff guancheng ...`` says."""
    told = CliRunner().invoke(pack_commands, ["diff", "guancheng", *words])
    assert told.exit_code == code, told.output
    return told.output


def source(plain: dict[str, object]) -> PackSource:
    """A pack from its members."""
    return PackSource(**plain)  # type: ignore[arg-type]


def sown(name: str) -> PackSource:
    """The pack with this fault in it: each is one of law, so that it can be read."""
    changed = whole()
    SEEDS[name][0](changed)
    return source(changed)


SOUND = source(WHOLE)


@pytest.mark.parametrize("name", SEEDS)
def test_whatever_is_changed_is_told(name: str) -> None:
    """Every seeded fault is a difference of the section it was sown in, both ways; what is untouched is not told."""
    after = sown(name)
    found, back = differences(SOUND, after), differences(after, SOUND)
    was, now = SOUND.model_dump(), after.model_dump()
    touched = {section for section in was if was[section] != now[section]}
    assert {one.section for one in found} == {one.section for one in back} == touched
    assert len(found) == len(back)


def test_the_same_pack_differs_in_nothing() -> None:
    """However often it is read."""
    assert differences(load_pack("jiamusi"), load_pack("jiamusi")) == []


def test_a_limit_a_person_and_an_order_read_well(tmp_path: Path) -> None:
    """By code and member; the command prints it, also as JSON, and says so when a pack cannot be read."""
    changed = whole()
    noise = next(one for one in changed["categories"] if one["code"] == "noise")
    noise["limit"] = "3 work_hour"
    changed["shares"][0], changed["shares"][1] = changed["shares"][1], changed["shares"][0]
    changed["roster"] = [one for one in changed["roster"] if one["person"] != "street-dongdajie-2"]
    found = differences(source(WHOLE), source(changed))
    assert [(one.section, one.name) for one in found] == [
        ("shares", "(order)"),
        ("categories", "noise.limit"),
        ("roster", "street-dongdajie-2 (street)"),
    ]
    assert (
        isinstance(found[0], Changed)
        and found[1].after == {"amount": 3, "unit": "work_hour"}
        and found[2].after is None
    )
    folder = str(write(tmp_path, changed))
    told = shown(folder)
    assert (
        "noise.limit: " in told
        and "-> 3 work_hour" in told
        and "- street-dongdajie-2 (street)" in told
        and told.endswith("3 differences\n")
    )
    assert len(json.loads(shown(folder, "--json"))) == 3
    assert shown("guancheng") == "no difference\n"
    assert "no such pack or folder" in shown(str(tmp_path / "nowhere"), code=1)
