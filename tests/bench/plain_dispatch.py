"""Dispatch in plain Python beside the compiled one: a stand of its own, which decides the very incidents that that one
took."""

from collections.abc import Sequence
from pathlib import Path

from engine.kafka import clients
from engine.stream.contracts import Out, Record
from engine.stream.sending import send
from tests.bench import gate, sizes, slices
from tests.bench.stand import Servers, Stand, Used
from topics.registry import DECISIONS, INCIDENTS

ENV = Path(__file__).parents[2] / ".venv-compiled"
"""Where the compiled one lies; ``make compiled`` makes it."""


def compiled(stand: Stand) -> Stand:
    """Let its stages run from there."""
    assert ENV.exists(), "ours with the law compiled is missing; 'make bench' makes it"
    stand.rig.python, stand.rig.code = ENV / "bin" / "python", ENV
    return stand


def planned(servers: Servers, folder: Path) -> Stand:
    """A stand with nothing but dispatch, run by this Python."""
    return Stand.of(servers, folder, "w1p.", sizes.PARTITIONS, "dispatch", session=300)


async def used(stand: Stand, incidents: Sequence[Record]) -> Used:
    """Write these incidents as intake did, and let dispatch work them off, alone.

    Raises:
        NotRight: One of them was not decided, or twice.
    """
    prefix, count = stand.settings.prefix, stand.settings.partitions
    watched = [tp for topic in (INCIDENTS, DECISIONS) for tp in slices.parts(prefix + topic.name, count)]
    before = await slices.marks(stand.settings, watched)
    await _written(stand, incidents)
    found = await stand.work_off("dispatch", len(incidents))
    log = await slices.between(stand.settings, before, await slices.marks(stand.settings, watched))
    by = {name: [one for one in log if one.topic == name] for name in (INCIDENTS.name, DECISIONS.name)}
    if faults := gate.undecided(by[INCIDENTS.name], by[DECISIONS.name]):
        raise gate.NotRight(faults)
    return found.each(len(incidents))


async def _written(stand: Stand, incidents: Sequence[Record]) -> None:
    """In a transaction: what was written outside of one is taken for a stranger's."""
    producer = clients.transactional(stand.settings, "bench")
    await producer.start()
    for first in range(0, len(incidents), sizes.AT_ONCE):
        some = [
            Out(INCIDENTS.name, one.partition, one.key, one.value, one.headers)
            for one in incidents[first : first + sizes.AT_ONCE]
        ]
        async with producer.transaction():
            for ack in await send(producer, stand.settings.prefix, some):
                await ack
    await producer.stop()
