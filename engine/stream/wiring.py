"""What all partitions of a stage that writes in transactions share."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from engine.kafka.broker_time import BrokerTime
from engine.kafka.port import Log, Reader
from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.settings import Settings
from engine.stream.batch import Batch
from engine.stream.contracts import Core, Record
from engine.stream.crash_points import CrashPoint
from topics.registry import TopicSpec

LOADED_AT_ONCE = 2
"""One is folded while the broker is asked for the other: more are no faster, each takes some 30 MB for its fetches, and
all of them would stand open at the end only, instead of one after the other."""


async def nowhere() -> Iterable[TopicSpec]:
    """The stage writes nothing but its state, and decisions."""
    return ()


@dataclass(frozen=True)
class Wiring:
    """What all partitions of a stage share."""

    stage: str
    settings: Settings
    inputs: tuple[TopicSpec, ...]
    state: TopicSpec
    core: Callable[[int], Core]
    """Makes the core of one partition, empty."""
    prepare: Callable[[Iterable[Record]], Awaitable[None]]
    """Fetches what deciding these records will look up (packs); awaited before the agent sees them."""
    packs: Callable[[Iterable[str]], Awaitable[None]]
    """Waits until these packs are there; awaited before an opening's first step."""
    decide: Callable[[Batch], Awaitable[None]]
    """Sends a batch through the stage's Faust agent."""
    crash: CrashPoint
    metrics: StageMetrics
    log: Log
    consumer: Reader
    new_time: Callable[[], BrokerTime]
    outputs: Callable[[], Awaitable[Iterable[TopicSpec]]] = nowhere
    """Tells what the stage writes beside its state; asked where that is gone."""
    held: set[str] = field(default_factory=set)
    """Causes that failed three openings in this process."""
    vault: Vault | None = None
    """What the stage seals with: its key is pinned by each marker."""
    loading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOADED_AT_ONCE))
    """So many partitions read their state at a time."""
    deciding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One partition's batch is at the agent at a time; the others form theirs when it is their turn."""
