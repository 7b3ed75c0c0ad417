"""What dispatch does while clocks are due and reports come in beside: when each clock fired, when each report was
decided."""

from dataclasses import dataclass, field
from typing import Any

from engine.kafka import clients
from tests.bench import gate, sizes, slices
from tests.bench.gate import cause_of
from tests.bench.open_loop import Watch, planned, sent_at
from tests.bench.open_tickets import ELEVEN, Aged, seconds_left
from tests.support.poison import good
from tests.support.rig import eventually
from topics.registry import DECISIONS, RAW

BEFORE = 10
"""Seconds of reports before the first clock is due, in whose second half is seen what calm looks like: a broker that
has just started compiles itself."""

SEED = 7
IDENTITY = b'"good%d:' % SEED
"""How the identity of a report from beside begins in its decision."""


@dataclass
class Found:
    """Moments of the broker's clock, in milliseconds."""

    due: dict[str, int]
    """Decision -> when the clock that it comes of is due."""
    fired: dict[str, int] = field(default_factory=dict)
    """The same -> when it was appended."""
    doubled: int = 0
    sent: list[float] = field(default_factory=list)
    """When the nth report was to be sent, in seconds."""
    decided: dict[int, int] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)

    def see(self, record: Any, _: float) -> None:
        """Take a decision from the log."""
        name = cause_of(record)
        self.doubled += name in self._ids
        self._ids.add(name)
        if name.startswith("clock:"):
            self.fired.setdefault(name, record.timestamp)
        elif IDENTITY in record.value:
            number = record.value.split(IDENTITY, 1)[1].split(b'"', 1)[0]
            self.decided[int(number)] = record.timestamp

    def late(self) -> list[float]:
        """By how many milliseconds each was late."""
        return [self.fired[name] - at for name, at in self.due.items() if name in self.fired]

    def waits(self, first: float, last: float) -> list[float]:
        """Milliseconds from the planned moment to the decision, of reports planned between two moments."""
        moments = enumerate(self.sent)
        return [self.decided[n] - at * 1e3 for n, at in moments if first <= at < last and n in self.decided]

    def faults(self) -> list[str]:
        """What must not be."""
        early = sum(value < 0 for value in self.late())
        told = {
            "clocks have not fired": len(self.due) - len(self.late()),
            "clocks fired early": early,
            "decisions stand there twice": self.doubled,
            "reports are not decided": len(self.sent) - len(self.decided),
        }
        return [f"{number} {words}" for words, number in told.items() if number]


async def watched(made: Aged, seconds: float) -> Found:
    """Send reports from a little before eleven until so long after it, and see what dispatch does.

    Raises:
        NotRight: A clock did not fire, fired early or twice, or a report was not decided.
    """
    stand, begin = made.stand, made.clock.broker(ELEVEN) / 1000 - BEFORE
    assert seconds_left(made) > BEFORE + 2, "eleven has passed while the stages were started"
    found = Found({name: made.clock.broker(at) for name, at in made.due.items()})
    found.sent = planned(begin, sizes.BESIDE, BEFORE + seconds)
    producer, topic = clients.sender(stand.settings, linger_ms=0), stand.settings.prefix + RAW.name
    messages = list(good(SEED, len(found.sent), urgent_percent=10))
    await producer.start()

    async def send(number: int) -> None:
        key, value, headers = messages[number]
        await producer.send(topic, value, key=key, headers=headers)

    tps = slices.parts(stand.settings.prefix + DECISIONS.name, stand.settings.partitions)
    async with Watch(stand.settings, tps, found.see):
        late = await sent_at(found.sent, send)
        print(
            f"{len(found.sent)} reports sent beside, the sender itself late by {late * 1e3:.0f} ms at most", flush=True
        )
        await _until_all(found)
    await producer.stop()
    if faults := found.faults():
        raise gate.NotRight(faults)
    return found


async def _until_all(found: Found) -> None:
    def all_there() -> bool:
        return len(found.late()) == len(found.due) and len(found.decided) == len(found.sent)

    try:
        await eventually(all_there, 300, "every clock has fired, every report is decided", every=1.0)
    except AssertionError:
        raise gate.NotRight(found.faults()) from None
