"""``python -m tests.bench.hostile_sender``: how long honest reports take to their task while somebody sends the worst
he can (DESIGN 5).

Calm and attack in turns on the same stack in the same run, so that what else the machine does falls on both: only the
ratio is
comparable between machines. ``HOSTILE_SECONDS`` is the length of each in all, 60 by default.
"""

import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from engine.calling_off import called_off
from engine.settings import Settings
from tests.support import hostile
from tests.support.poison import Raw, law_of, report
from tests.support.rig import Rig, eventually
from tests.support.servers import kafka
from topics import codec
from topics.envelope import incident_message
from topics.ids import murmur2
from topics.registry import COMMANDS, RAW
from topics.task import Task

SECONDS = float(os.environ.get("HOSTILE_SECONDS", "60"))
"""Of calm, and of attack."""

HONEST, HOSTILE = 50, 100
"""Records a second of each."""

WARM_SECONDS = 8.0
"""Of both, before anything is measured: a broker that has just started spends a core on compiling itself."""

TURNS = 6
"""Into so many pieces each is cut."""

GROWS = 2.0
"""By how much the 99th percentile may grow."""


class Watch:
    """When each honest report was sent, and when its first task stood on the department's topic."""

    def __init__(self) -> None:
        self.sent: dict[int, float] = {}
        self.waited: dict[int, float] = {}

    async def run(self, settings: Settings) -> None:
        """Read the department's topic as it does."""
        reader = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            fetch_max_wait_ms=20,
        )
        await reader.start()
        try:
            reader.assign([TopicPartition(f"{settings.prefix}dept.ranqi.tasks", p) for p in range(3)])
            async for record in reader:
                task = codec.decode(record.value, Task)
                if task.text.startswith("honest "):
                    n = int(task.text.split()[1])
                    self.waited.setdefault(n, time.monotonic() - self.sent[n])
        finally:
            await reader.stop()

    def p99(self, numbers: "list[range]") -> float:
        """The 99th percentile of these, in seconds."""
        waits = sorted(self.waited[n] for some in numbers for n in some)
        return waits[int(len(waits) * 0.99)]

    def typical(self, turns: "list[range]") -> float:
        """The median of the turns' 99th percentiles: one stall of the machine falls into one turn alone."""
        return statistics.median(self.p99([turn]) for turn in turns)


@dataclass(frozen=True)
class Found:
    """Seconds to the task: the 99th percentile of all, and of a typical turn; and hostile records a second."""

    calm: float
    beside: float
    calm_turn: float
    beside_turn: float
    thrown: float

    def __str__(self) -> str:
        """One line for the page of results."""
        return (
            f"p99 {self.calm * 1e3:.0f} ms calm, {self.beside * 1e3:.0f} ms beside {self.thrown:.0f} hostile records/s:"
            f" {self.beside / self.calm:.2f} times; median of the turns' p99 {self.calm_turn * 1e3:.0f} and"
            f" {self.beside_turn * 1e3:.0f} ms: {self.beside_turn / self.calm_turn:.2f} times"
        )


async def paced(rate: float, seconds: float, give: Iterator[Any], send: Callable[[Any], Awaitable[object]]) -> int:
    """Send at a rate; answers how many."""
    began, count = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        await send(next(give))
        count += 1
        await asyncio.sleep(max(0.0, count / rate - (time.monotonic() - began)))
    return count


def worst() -> list[tuple[str, Raw]]:
    """All kinds in turn, made beforehand: reports of every bad kind, a bomb, commands."""
    numbers = itertools.count(1)
    made = [(RAW.name, make(next(numbers))) for _ in range(4) for _, make in hostile.WORST.values()]
    made += [
        (COMMANDS.name, (b"x", value, []))
        for value in itertools.islice(hostile.commands(3, "tawan-20261124-1", 1), 16, 100)
    ]
    return made[::7] + [one for n, one in enumerate(made) if n % 7]


async def main() -> int:
    """Start a stack and measure; 1 when the honest ones wait more than ``GROWS`` times as long, or the attack was
    slower than it says."""
    with tempfile.TemporaryDirectory() as folder, kafka() as address:
        found = await measure(
            Settings(
                kafka=address,
                prefix="hostile.",
                partitions=3,
                replication_factor=1,
                min_insync_replicas=1,
                data_dir=Path(folder),
                redis_url="redis://127.0.0.1:1/0",
                session_timeout_seconds=30,
            )
        )
    return 0 if found.beside <= GROWS * found.calm and found.thrown >= HOSTILE * 0.9 else 1


class Senders:
    """One honest sender, and four strangers in turn: a producer has one request under way, and half a MiB in each would
    be thirty a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings, law = settings, law_of("guancheng")
        parents = {node.parent for node in law.bundle.nodes}
        nowhere = (None, law.bundle.unplaced)
        codes = [node.code for node in law.bundle.nodes]
        self._leaves = [code for code in codes if code not in parents and law.home_of(code) not in nowhere]
        self.all = [self._producer() for _ in range(5)]
        self._strangers = itertools.cycle(self.all[1:])

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka,
            acks="all",
            linger_ms=2,
            max_request_size=2**21,
            max_batch_size=400_000,
        )

    async def honest(self, n: int, watch: Watch) -> None:
        """Report the nth, and note when."""
        place = {"grid": self._leaves[n % len(self._leaves)]}
        data = report(category="gas_leak", text=f"honest {n} of many", location=place)
        watch.sent[n] = time.monotonic()
        await self._send(self.all[0], RAW.name, incident_message("honest", str(n), data))

    async def throw(self, one: tuple[str, Raw]) -> None:
        """Let the next stranger send a bad one."""
        topic, raw = one
        await self._send(next(self._strangers), topic, raw)

    async def _send(self, producer: AIOKafkaProducer, topic: str, raw: Raw) -> None:
        key, value, headers = raw
        partition = (murmur2(key or b"") & 0x7FFFFFFF) % self._settings.partitions
        await producer.send(self._settings.prefix + topic, value, key=key, headers=headers, partition=partition)


async def in_turns(senders: Senders, watch: Watch, seconds: float) -> Found:
    """Warm up, then calm and attack in turns; whoever reported has his task before the next turn begins."""
    numbers, bad = itertools.count(0), itertools.cycle(worst())

    async def honest(n: int) -> None:
        await senders.honest(n, watch)

    async def all_told() -> None:
        await eventually(lambda: len(watch.waited) == done, 120, "all have their tasks")

    done, _ = await asyncio.gather(
        paced(HONEST, WARM_SECONDS, numbers, honest), paced(HOSTILE, WARM_SECONDS, bad, senders.throw)
    )
    await all_told()
    calm, beside, thrown = list[range](), list[range](), 0
    for turn in range(2 * TURNS):
        sending = [
            paced(HONEST, seconds / TURNS, numbers, honest),
            *([paced(HOSTILE, seconds / TURNS, bad, senders.throw)] if turn % 2 else []),
        ]
        sent, *bads = await asyncio.gather(*sending)
        (beside if turn % 2 else calm).append(range(done, done := done + sent))
        thrown += sum(bads)
        await all_told()
    return Found(
        watch.p99(calm),
        watch.p99(beside),
        watch.typical(calm),
        beside_turn=watch.typical(beside),
        thrown=thrown / seconds,
    )


async def measure(settings: Settings, seconds: float = SECONDS) -> Found:
    """100 a second of the worst kinds beside 50 honest reports a second: none is lost, and their 99th percentile is
    compared."""
    rig, watch, senders = Rig(settings), Watch(), Senders(settings)
    try:
        await rig.prepare("guancheng")
        for stage in ("intake", "dispatch", "fanout"):
            rig.start(stage)
        await rig.ready()
        await asyncio.gather(*(one.start() for one in senders.all))
        watching = asyncio.create_task(watch.run(settings))
        found = await in_turns(senders, watch, seconds)
        await called_off(watching)
        print(found)
        return found
    finally:
        await asyncio.gather(*(one.stop() for one in senders.all))
        rig.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
