"""Seeded faults: each is caught, named by its file and place with the mend, and all are listed at once."""

import pytest

from tests.unit.pack.seeded_faults import SEEDS
from tests.unit.pack.sowing import found


def test_the_whole_pack_has_no_faults() -> None:
    """What the seeds are sown into is sound."""
    assert found() == []


@pytest.mark.parametrize("name", SEEDS)
def test_each_fault_is_caught(name: str) -> None:
    """A seeded fault is named by its place and by what to mend."""
    seed, where, text = SEEDS[name]
    lines = found(seed)
    assert any(line.startswith(f"{where}: ") and text in line for line in lines), lines
