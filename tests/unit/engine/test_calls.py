"""A guard against what makes an incident dearer, by counting: calls and bytes are the same on every machine.

Who needs more than a tenth on top says why in docs/results/performance.md, and sets the figure anew.
"""

import pytest

from engine.stream.contracts import Out
from tests.bench.in_process import START, calls, dispatch_of, intake_of, record, timed
from tests.support.poison import good, law_of
from topics.registry import INCIDENTS, RAW

COUNT = 300
HELD = {"intake calls": 247, "intake bytes": 699, "dispatch calls": 223, "dispatch bytes": 4322}
"""An incident, on Python 3.11."""


def size(outs: list[Out]) -> float:
    """Bytes written for an incident."""
    return sum(len(one.value or b"") for one in outs) / COUNT


@pytest.fixture(scope="module")
def cost() -> dict[str, float]:
    """The same reports through intake and dispatch; once before, so that no first look is counted."""
    law = law_of("guancheng")
    sent = [Out(RAW.name, 0, key, value, headers) for key, value, headers in good(5, COUNT)]
    raws = [record(RAW.name, n, one, START + n * 500) for n, one in enumerate(sent)]
    _, placed = timed(intake_of(law), raws)
    named = [one for one in placed if one.topic == INCIDENTS.name]
    incidents = [record(INCIDENTS.name, n, one, START + n * 500) for n, one in enumerate(named)]
    _, decided = timed(dispatch_of(law), incidents)
    return {
        "intake calls": calls(intake_of(law), raws),
        "intake bytes": size(placed),
        "dispatch calls": calls(dispatch_of(law), incidents),
        "dispatch bytes": size(decided),
    }


@pytest.mark.parametrize("name", HELD)
def test_an_incident_costs_no_tenth_more(cost: dict[str, float], name: str) -> None:
    """Nor so much less that the figure held means nothing any more."""
    assert 0.8 * HELD[name] < cost[name] <= 1.1 * HELD[name]
