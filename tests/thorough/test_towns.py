"""The towns whose methods these are: their numbers exactly, on top of one catalogue; what extends a pack, and how it
may not."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from engine.client.publish_pack import prove
from rules.decide import decide
from rules.law.compiled import Law
from rules.rulepack.compiler import pack_ref
from rules.rulepack.loader import PackUnreadable, load_pack
from rules.state.causes import IncidentCause
from rules.state.partition_state import Book
from topics.ids import HomeCode
from topics.incident import Incident
from topics.pack import PackBundle
from topics.vocabulary import Status

AT = 1_772_409_600_000
"""Monday 2026-03-02 08:00 in Shanghai."""


def counts(bundle: PackBundle) -> Counter[str]:
    """Nodes by level, the unplaced one apart."""
    return Counter(node.level for node in bundle.nodes if node.kind != "unplaced")


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("liangcheng", {"street": 1, "area": 4, "residential": 27, "micro": 60}),
        ("heshan", {"street": 1, "community": 8, "grid": 40}),
        ("xushi", {"town": 1, "village": 11, "group": 69}),
        ("jiamusi", {"city": 1, "county": 10, "street": 97, "community": 194, "grid": 194}),
    ],
)
def test_a_town_has_the_tree_its_method_names(name: str, levels: dict[str, int]) -> None:
    """1.4.27.60; communities; villages and groups; ten counties and 97 streets."""
    bundle = prove(name)
    assert counts(bundle) == levels
    assert {department.code for department in bundle.departments} == {
        department.code for department in prove("guancheng").departments
    }


def test_xushi_has_its_five_roles_in_their_numbers() -> None:
    """一格五员: 11 supervisors, 59 town guides, 71 village guides, 69 group workers, 728 informants."""
    posts = Counter(entry.person.rsplit("-", 1)[0] for entry in prove("xushi").roster)
    five = ("supervisor", "town-guide", "village-guide", "group-worker", "informant")
    assert [posts[post] for post in five] == [11, 59, 71, 69, 728]


def test_heshan_adds_what_villages_in_the_city_ask_for() -> None:
    """A parent's catalogue and six categories more."""
    codes = [category.code for category in prove("heshan").categories]
    assert len(codes) == len(prove("guancheng").categories) + 6
    assert prove("heshan").categories[-1].code == "village_cables" and "gas_leak" in codes


@pytest.mark.parametrize("name", ["guancheng", "liangcheng", "heshan", "xushi", "jiamusi"])
def test_in_every_grid_of_every_town_somebody_is_offered_every_kind_of_ticket(name: str) -> None:
    """Nothing waits for want of a rule: each category in each of some grids is filed, with person, task and limit."""
    bundle = prove(name)
    law = Law(pack_ref(bundle), bundle)
    parents = {node.parent for node in bundle.nodes}
    leaves = [node.code for node in bundle.nodes if node.code not in parents and node.kind != "unplaced"]
    book, laws, n = Book({law.ref: law}), {law.ref: law}, 0
    book.opened(law.ref, 0)
    for leaf in leaves[:: max(1, len(leaves) // 12)]:
        for category in bundle.categories:
            n += 1
            home = law.home_of(leaf)
            assert home is not None
            incident = Incident(
                identity=f"t:{n}",
                home=HomeCode(home),
                occurred_at=AT,
                received_at=AT,
                channel="app",
                pack=law.ref,
                placed_by="grid",
                category=category.code,
                leaf=leaf,
            )
            outcome = decide(book, laws, IncidentCause(f"incidents:0:{n}", incident), AT)
            book.apply(outcome)
            ticket = book.tickets[outcome.tickets[0].ticket]
            assert (
                ticket.status in (Status.OFFERED, Status.WHISTLED)
                and ticket.person
                and (ticket.deadline_at or category.wish)
            )


def extend(folder: Path, **members: object) -> str:
    """A pack of one file."""
    folder.mkdir()
    (folder / "pack.yaml").write_text(yaml.safe_dump(members, allow_unicode=True), encoding="utf-8")
    return str(folder)


def test_a_pack_takes_from_another_what_it_does_not_say_itself(tmp_path: Path) -> None:
    """Own members stand in the place of the parent's, more_ adds to them, files that are not there are the parent's."""
    more = [
        {
            "code": "wasps",
            "label": "Wasps",
            "group": "民生服务",
            "urgency": "U3",
            "limit": "1 work_day",
            "lead": "xiaofang",
        }
    ]
    pack = load_pack(extend(tmp_path / "mine", extends="guancheng", name="mine", top_repeats=3, more_categories=more))
    parent = load_pack("guancheng")
    assert (pack.name, pack.top_repeats, pack.nodes) == ("mine", 3, parent.nodes)
    assert [category.code for category in pack.categories] == [
        *(category.code for category in parent.categories),
        "wasps",
    ]


def test_a_parent_that_is_not_there_or_runs_in_a_circle_is_a_fault(tmp_path: Path) -> None:
    """Said in words, never a traceback."""
    with pytest.raises(PackUnreadable, match="no such pack or folder"):
        load_pack(extend(tmp_path / "one", extends="atlantis", name="one"))
    extend(tmp_path / "two", extends=str(tmp_path / "three"), name="two")
    with pytest.raises(PackUnreadable, match="runs in a circle"):
        load_pack(extend(tmp_path / "three", extends=str(tmp_path / "two"), name="three"))
    with pytest.raises(PackUnreadable, match="more_nonsense"):
        load_pack(extend(tmp_path / "four", extends="guancheng", name="four", more_nonsense=[1]))
