"""An address is found by its street's first signs: as looking for every street in it finds it, and as fast with thirty
thousand streets as with three."""

import random
from typing import Any

import msgspec
import pytest

from rules.law.placement import Places, normal
from tests.support.poison import law_of
from topics.pack import Address

SIGNS = "东西南大街路a1"
BUNDLE = law_of("guancheng").bundle
LEAF = next(node.code for node in BUNDLE.nodes if node.kind != "dedicated" and node.parent)


def places(streets: list[str]) -> Places:
    """A city whose streets have the numbers 1 to 9 in the same grid."""
    addresses = tuple(Address(street=street, first=1, last=9, leaf=LEAF) for street in streets)
    return Places(msgspec.structs.replace(BUNDLE, addresses=addresses))


def one_by_one(streets: list[str], text: str) -> set[str]:
    """The oracle: each street is looked for."""
    return {name for name in map(normal, streets) if name in text}


@pytest.mark.parametrize("seed", range(20))
def test_the_streets_in_a_text_are_those_that_stand_in_it(seed: int) -> None:
    """One within another, of one sign, doubled, at either end."""
    draw = random.Random(seed)
    streets = ["".join(draw.choices(SIGNS, k=draw.randint(1, 5))) for _ in range(draw.randint(0, 60))]
    city = places(streets)
    for _ in range(50):
        text = normal("".join(draw.choices(SIGNS, k=draw.randint(0, 12))))
        assert city._streets_in(text) == one_by_one(streets, text)


def test_the_work_does_not_grow_with_the_streets() -> None:
    """Looks into the table are counted; before, 30,000 streets cost 485 µs a report."""

    class Counting(dict[str, Any]):
        asked = 0

        def get(self, key: str, otherwise: Any = None) -> Any:
            Counting.asked += 1
            return super().get(key, otherwise)

    def cost(count: int) -> int:
        draw = random.Random(1)
        names = [chr(0x4E00 + draw.randrange(3000)) + chr(0x4E00 + draw.randrange(3000)) + "路" for _ in range(count)]
        city = places(names)
        city._lengths = Counting(city._lengths)
        Counting.asked = 0
        assert city._by_address(f"郑州市管城区{names[-1]}7号院3号楼") is not None
        return Counting.asked

    assert cost(30_000) == cost(3) < 60


def test_a_house_is_found_in_the_longest_street_that_has_a_number() -> None:
    """东大街 goes before 大街; where no number follows, the next is tried."""
    city = places(["大街", "东大街", "院"])
    assert city._by_address("东大街5号") == LEAF
    assert city._by_address("东大街北院 7号") == LEAF
    assert city._by_address("东大街北") is None
    assert city._by_address("东大街55号") is None
