"""A guard against what makes an incident dearer, by counting: calls, commands and bytes are the same on every machine.

Who needs more than a tenth on top says why in docs/results/performance.md, and sets the figure anew.
"""

import pytest

from engine.stream.contracts import Out
from tests.bench.in_process import (
    calls,
    dispatch_of,
    fanout_of,
    intake_of,
    of_topic,
    opening_calls,
    projected,
    reports,
    timed,
)
from tests.support.poison import law_of
from topics.registry import DECISIONS, INCIDENTS

COUNT = 300
HELD = {
    "intake calls": 227,
    "intake bytes": 699,
    "dispatch calls": 213,
    "dispatch bytes": 4322,
    "fan-out calls": 13,
    "fan-out bytes": 500,
    "projector calls": 118,
    "projector commands": 2.9,
    "projector bytes": 2689,
}
"""An incident, on Python 3.11; of the projector what is done in Redis and sent there."""


def size(outs: list[Out]) -> float:
    """Bytes written for an incident."""
    return sum(len(one.value or b"") for one in outs) / COUNT


@pytest.fixture(scope="module")
def cost(redis_url: str) -> dict[str, float]:
    """The same reports through all four stages; once before, so that no first look is counted."""
    law, raws = law_of("guancheng"), reports(COUNT)
    _, placed = timed(intake_of(law), raws)
    incidents = of_topic(placed, INCIDENTS.name)
    _, decided = timed(dispatch_of(law), incidents)
    decisions = of_topic(decided, DECISIONS.name)
    _, tasks = timed(fanout_of(), decisions)
    projected(redis_url, law, decisions)
    folded = projected(redis_url, law, decisions, counting=True)
    return {
        "intake calls": calls(intake_of(law), raws),
        "intake bytes": size(placed),
        "dispatch calls": calls(dispatch_of(law), incidents),
        "dispatch bytes": size(decided),
        "fan-out calls": calls(fanout_of(), decisions),
        "fan-out bytes": size(tasks),
        "projector calls": folded.calls,
        "projector commands": folded.commands,
        "projector bytes": folded.bytes,
    }


@pytest.mark.parametrize("name", HELD)
def test_an_incident_costs_no_tenth_more(cost: dict[str, float], name: str) -> None:
    """Nor so much less that the figure held means nothing any more."""
    assert 0.8 * HELD[name] < cost[name] <= 1.1 * HELD[name]


def test_an_opening_decodes_each_ticket_once_and_its_head_alone() -> None:
    """A million are open in seconds: what each costs at an opening is 14 calls, where it was 29."""
    law = law_of("guancheng")
    core = dispatch_of(law)
    _, placed = timed(intake_of(law), reports(COUNT))
    timed(core, of_topic(placed, INCIDENTS.name))
    found = opening_calls(law, core)
    assert 1 <= found["decoded"] < 1.2
    assert 12 < found["calls"] <= 16
