"""What the proof of a pack costs, by counting: it grows with rules and with grids, never with one times the other."""

from typing import Any

import cel
import pytest

from rules.rulepack.model import PackSource
from rules.rulepack.parts import NodeSource
from rules.rulepack.validation import above, catalogue, places, reachability
from tests.unit.pack.sowing import whole
from topics import bounds


def pack(rules: int, grids: int = 0) -> PackSource:
    """A city with so many exceptions, each of a grid of its own, and so many grids more."""
    made = whole()
    last = {name: value for name, value in made["nodes"][-1].items() if name != "outline"}
    made["nodes"] += [{**last, "code": f"{last['code']}-x{n}"} for n in range(grids)]
    nodes = [node["code"] for node in made["nodes"]]
    made["rules"] = [
        {"id": f"r{n}", "when": f'home == "{nodes[n % 20]}" && hour == {n % 24}', "set": {"urgency": "U2"}}
        for n in range(rules)
    ]
    return PackSource(**made)


class Counted:
    """A function that counts its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
        self._real, self.calls = getattr(where, name), 0
        monkeypatch.setattr(where, name, self)

    def __call__(self, *args: Any, **named: Any) -> Any:
        self.calls += 1
        return self._real(*args, **named)


def test_each_condition_is_read_once_and_the_city_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rules ask: 1,000 rules read each one before them once more, and each walked all grids, in 122 s."""
    read = Counted(monkeypatch, reachability, "compiled_within_bounds")
    reachability._compiled.cache_clear()
    walked = Counted(monkeypatch, reachability, "path")
    few = pack(5)
    list(reachability.reached(few))
    assert (read.calls, walked.calls) == (5, len([n for n in few.nodes if above.home_of(few, n.code)]))
    before = walked.calls
    list(reachability.reached(pack(40)))
    assert (read.calls, walked.calls) == (40, 2 * before)  # five of them are those of before


def test_what_no_more_is_tried_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on all conditions ends the check; before, what each later rule would be tried on was laid out still."""
    monkeypatch.setattr(bounds, "TRIED_IN_ALL", 500)
    made = Counted(monkeypatch, reachability, "_incidents")
    list(reachability.reached(pack(60)))
    assert 1 < made.calls < 20


def test_rules_are_tried_on_the_same_incidents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of each category for all rules together: to make one takes longer than to ask a condition of it."""
    made = Counted(monkeypatch, cel, "Context")
    city = pack(30)
    assert list(catalogue.exceptions(city)) == [] and made.calls == 2 * len(city.categories)


def test_the_way_up_a_tree_compares_no_grids(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their codes alone: to compare two is to compare all their members, and of 20,000 grids that took 7 s."""

    def compared(one: NodeSource, other: object) -> bool:
        raise AssertionError("two grids were compared")

    city = pack(0, grids=300)
    monkeypatch.setattr(NodeSource, "__eq__", compared)
    assert list(places.tree(city)) == [] and len(city.nodes) > 300
