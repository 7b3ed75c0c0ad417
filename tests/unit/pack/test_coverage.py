"""一格五员, 八定, and the whistle's band: what a grid lacks is listed; a street is judged by whole numbers."""

import json

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from engine.audit.rates import rate
from engine.cli.pack import pack
from rules.law.compiled import Law
from rules.rulepack.vacancies import gaps, leaves
from tests.support.city import REF, city_bundle
from tests.support.poison import law_of
from topics.pack import WhistleBand


def test_every_grid_of_the_demonstration_has_all_of_its_people_and_attributes() -> None:
    """Guancheng as shipped."""
    assert gaps(law_of("guancheng")) == [] and len(leaves(law_of("guancheng"))) > 30


def test_the_five_roles_of_xushi_are_filled_everywhere() -> None:
    """11 supervisors, 59 town guides, 71 village guides, 69 group workers, 728 informants; its made-up grids have no
    outline."""
    found = gaps(law_of("xushi"))
    assert {gap.roles for gap in found} == {()} and {gap.attributes for gap in found} <= {
        ("boundary",),
        ("boundary", "size"),
    }


def test_who_leaves_leaves_a_gap() -> None:
    """The east's own specialist was the only one there was."""
    bundle = city_bundle()
    roster = tuple(replace(e, nodes=("west",)) if e.role == "specialist" else e for e in bundle.roster)
    found = {
        gap.grid: gap.roles
        for gap in gaps(Law(REF, replace(bundle, roster=roster, five_roles=("specialist", "checker"))))
    }
    assert found["east1"] == found["hill2"] == ("specialist",) and found["west1"] == ()


def test_the_command_lists_them_and_exits_1() -> None:
    """For people and for machines."""
    told = CliRunner().invoke(pack, ["vacancies", "los-angeles"])
    assert told.exit_code == 1 and "boundary not settled" in told.output
    assert told.output.endswith("97 of 97 grids lack something\n")
    none = CliRunner().invoke(pack, ["vacancies", "guancheng", "--json"])
    assert none.exit_code == 0 and json.loads(none.output) == []


@pytest.mark.parametrize(
    ("tickets", "whistles", "verdict"),
    [
        (49, 0, "too_few_tickets"),
        (100, 1, "too_low"),
        (100, 2, "within"),
        (200, 30, "within"),
        (200, 31, "too_high"),
        (1000, 19, "too_low"),
    ],
)
def test_a_street_is_judged_by_its_band(tickets: int, whistles: int, verdict: str) -> None:
    """Two to fifteen in a hundred, from fifty tickets on."""
    assert rate(tickets, whistles, WhistleBand(2, 15, 50)).verdict == verdict
    assert rate(tickets, whistles, None).verdict == "within"
