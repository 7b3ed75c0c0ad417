"""One partition broken in each way known keeps nobody else waiting: the others' 99th percentile to a task at most
doubles (DESIGN 5.2)."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from engine.calling_off import called_off
from engine.kafka.reference import read_partition
from engine.kafka.topic_admin import configuration
from engine.settings import Settings
from engine.stream.positions import MARKER
from tests.bench.hostile_sender import GROWS, Watch, paced
from tests.faults.conftest import Tell
from tests.faults.trial import PATIENCE, Trial
from tests.kafka.test_hostile_fetch import metrics
from tests.kafka.test_openings import delete_all
from tests.support.feed import Feed
from tests.support.ledger import Ledger
from tests.support.poison import law_of, report
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from topics import codec
from topics.envelope import incident_message
from topics.ids import murmur2, partition_of
from topics.registry import INCIDENTS, RAW, STATE
from topics.ticket import Marker

PARTITIONS, RATE, BESIDE = 9, 50, 20
"""Six to be broken, each in a way of its own, three that are watched; reports a second to those, and to the broken ones
that have homes."""
NO_MARKER, OUT_OF_RANGE, UNREADABLE, NO_PACK, FENCED, HELD = 1, 0, 3, 7, 2, 4
BROKEN = {NO_MARKER, OUT_OF_RANGE, UNREADABLE, NO_PACK, FENCED, HELD}
"""Of nine partitions Guancheng's six homes lie in 0, 2, 4, 5, 6 and 8."""
SHORT_SECONDS, LONG_SECONDS = 15.0, 60.0
SHORT_GROWS = 4.0
"""The short form's is the eighth worst of 750, so one stall of the machine tells; twice is judged long."""
SEED = 20260312
STOPPED = {
    NO_MARKER: "position_out_of_range",
    OUT_OF_RANGE: "position_out_of_range",
    UNREADABLE: "own_record_unreadable",
}


async def write(settings: Settings, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
    """Write as a stage of ours does: in a transaction."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, transactional_id=f"{settings.prefix}broken.{partition}"
    )
    await producer.start()
    try:
        async with producer.transaction():
            await producer.send_and_wait(settings.prefix + topic, value, key=key, partition=partition)
    finally:
        await producer.stop()


async def lose_the_marker(settings: Settings, partition: int) -> None:
    """The state's partition is gone, the decisions are there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        for policy in ("delete", "compact"):  # the broker deletes no records of a compacted topic
            found = configuration(settings, STATE) | {"cleanup.policy": policy}
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.prefix + STATE.name, found)])
            if policy == "delete":
                await asyncio.sleep(0.5)
                await delete_all(settings, STATE.name, partition)
    finally:
        await admin.close()


async def lose_the_pack(settings: Settings, partition: int) -> None:
    """The marker names a law that nobody has published."""
    records, _ = await read_partition(settings, STATE.name, partition)
    marker = codec.decode([value for key, value in records if key == MARKER.decode() and value is not None][-1], Marker)
    await write(
        settings,
        STATE.name,
        partition,
        MARKER,
        codec.encode(msgspec.structs.replace(marker, pack="guancheng@0123456789abcdef")),
    )


async def keep_fencing(settings: Settings, partition: int) -> None:
    """Somebody takes the partition's transactional id again and again: no step of it can be committed."""
    while True:
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka, transactional_id=f"{settings.prefix}dispatch.p{partition}"
        )
        with suppress(Exception):
            await producer.start()
            await asyncio.sleep(0.3)
        await producer.stop()


class City:
    """Reports to the partitions that are watched and to those that are broken, over a stack of three stages."""

    def __init__(self, settings: Settings) -> None:
        """Sort the leaves by the partition their home has."""
        self.settings, self.watch, self.numbers, self.others = settings, Watch(), itertools.count(0), itertools.count(0)
        self.rig, self.port, self.before = Rig(settings), free_ports(1), dict[int, int]()
        self.producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", linger_ms=2)
        self.beside: list[asyncio.Task[None]] = []
        law = law_of("guancheng")
        parents = {node.parent for node in law.bundle.nodes}
        leaves = [(n.code, law.home_of(n.code)) for n in law.bundle.nodes if n.code not in parents]
        found = {
            code: partition_of(home, PARTITIONS)
            for code, home in leaves
            if home is not None and home != law.bundle.unplaced
        }
        self.healthy = [code for code, partition in found.items() if partition not in BROKEN]
        self.broken = [code for code, partition in found.items() if partition in BROKEN]
        self.homes = {
            partition: next(home for code, home in leaves if home is not None and found.get(code) == partition)
            for partition in set(found.values())
        }

    def sender(self, leaves: list[str], word: str) -> Callable[[int], Awaitable[None]]:
        """Give the way a report of one kind is sent."""

        async def send(n: int) -> None:
            key, value, headers = incident_message(
                word,
                str(n),
                report(category="gas_leak", text=f"{word} {n} of many", location={"grid": leaves[n % len(leaves)]}),
            )
            if word == "honest":
                self.watch.sent[n] = time.monotonic()
            # intake's partitions are those of the identity: it is dispatch that is broken
            await self.producer.send(
                self.settings.prefix + RAW.name,
                value,
                key=key,
                headers=headers,
                partition=(murmur2(key) & 0x7FFFFFFF) % PARTITIONS,
            )

        return send

    async def reported(self, seconds: float) -> range:
        """Report for so long; answers the numbers of those of the healthy partitions, all of which have their task by
        then."""
        first = len(self.watch.sent)
        honest, _ = await asyncio.gather(
            paced(RATE, seconds, self.numbers, self.sender(self.healthy, "honest")),
            paced(BESIDE, seconds, self.others, self.sender(self.broken, "other")),
        )
        await eventually(
            lambda: len(self.watch.waited) == first + honest, PATIENCE, "all of the healthy partitions have their tasks"
        )
        return range(first, first + honest)

    async def begin(self) -> None:
        """Start the three stages and whoever watches."""
        await self.rig.prepare("guancheng")
        for stage in ("intake", "fanout"):
            self.rig.start(stage)
        self.rig.start("dispatch", metrics_port=self.port)
        await self.rig.ready(within=PATIENCE)
        await self.producer.start()
        self.beside.append(asyncio.create_task(self.watch.run(self.settings)))

    async def end(self) -> None:
        """End all of it."""
        await called_off(*self.beside)
        await self.producer.stop()
        self.rig.close()

    async def break_six(self) -> None:
        """Break them while dispatch is down, and go on breaking one of them; the others are open again in the end."""
        settings, live = self.settings, 'gridwhistle_partitions_live{stage="dispatch"}'
        self.rig.terminate("dispatch-1")
        await paced(BESIDE * 4, 2, self.others, self.sender(self.broken, "other"))
        await eventually(
            lambda: arrived(settings, OUT_OF_RANGE, self.before),
            PATIENCE,
            "intake has written some to the partition that is about to lose them",
            every=0.5,
        )
        await lose_the_marker(settings, NO_MARKER)
        await delete_all(settings, INCIDENTS.name, OUT_OF_RANGE)
        await write(settings, STATE.name, UNREADABLE, b"t:nobody-20260302-1", b"junk")
        await lose_the_pack(settings, NO_PACK)
        self.rig.start("dispatch", metrics_port=self.port)
        await eventually(lambda: metrics_of(self.port).get(live, 0) >= PARTITIONS - 4, PATIENCE, "the others are open")
        self.beside.append(asyncio.create_task(keep_fencing(settings, FENCED)))
        await write(settings, INCIDENTS.name, HELD, self.homes[HELD].encode(), b"junk of ours")


async def arrived(settings: Settings, partition: int, before: dict[int, int]) -> bool:
    """Whether incidents have come to a partition since it was looked at first."""
    found = (await read_partition(settings, INCIDENTS.name, partition))[1]
    return found > before.setdefault(partition, found)


def check_page(page: dict[str, float]) -> None:
    """Each broken partition is told by its own alarm."""
    for partition, alarm in STOPPED.items():
        assert page[f'gridwhistle_partition_stopped{{partition="{partition}",stage="dispatch"}}'] == 1, partition
        assert page[f'gridwhistle_alarms_total{{kind="{alarm}"}}'] >= 1
    assert page['gridwhistle_alarms_total{kind="pack_not_there"}'] >= 1
    assert page['gridwhistle_held_total{stage="dispatch"}'] == 1
    assert page['gridwhistle_openings_total{outcome="fenced",stage="dispatch"}'] >= 1


def trial_of(city: City) -> Trial:
    """As the page of results asks for it; nothing is fed or judged by it."""
    settings = city.settings
    feed = Feed(settings, settings.data_dir / "none", 1, seed=SEED)
    trial = Trial(
        settings.data_dir,
        city.rig,
        [],
        feed=feed,
        ledger=Ledger(settings.kafka, settings.prefix, PARTITIONS),
        seed=SEED,
    )
    trial.verdict.incidents = trial.verdict.tickets = len(city.watch.sent)
    return trial


def two_cities(settings: Settings) -> tuple[City, City]:
    """One that stays whole, one to be broken, on one broker."""
    changes = {"partitions": PARTITIONS, "session_timeout_seconds": 6}
    whole, broken = (
        City(
            settings.model_copy(
                update=changes | {"prefix": f"{settings.prefix}{name}.", "data_dir": settings.data_dir / name}
            )
        )
        for name in ("whole", "broken")
    )
    return whole, broken


@pytest.mark.alone(reason="compares how long reports of two stacks wait")
async def test_a_broken_partition_keeps_nobody_else_waiting(stack_settings: Settings, long: bool, tell: Tell) -> None:
    """No marker, position out of range, own record unreadable, pack not there, a step that cannot be committed, a held
    cause.

    Two stacks side by side on one broker, one of them whole: what else the machine does falls on both.
    """
    seconds = LONG_SECONDS if long else SHORT_SECONDS
    whole, city = two_cities(stack_settings)
    assert city.healthy and {OUT_OF_RANGE, FENCED, HELD} <= set(city.homes), "these need reports of their own"
    try:
        await asyncio.gather(whole.begin(), city.begin())
        await asyncio.gather(whole.reported(2), city.reported(2))
        await arrived(city.settings, OUT_OF_RANGE, city.before)
        await city.break_six()
        await asyncio.gather(whole.reported(4), city.reported(4))
        calm, beside = await asyncio.gather(whole.reported(seconds), city.reported(seconds))
        before, broken = whole.watch.p99([calm]), city.watch.p99([beside])
        check_page(metrics(city.port))
    finally:
        await asyncio.gather(whole.end(), city.end())
    tell(
        trial_of(city),
        f"six of {PARTITIONS} partitions of dispatch broken, each in a way of its own, for {seconds:.0f} s",
        "position_out_of_range, own_record_unreadable, pack_not_there",
        judged=False,
        p99_of_a_whole_stack_beside=f"{before * 1e3:.0f} ms",
        p99_of_the_others=f"{broken * 1e3:.0f} ms",
        grows=f"{broken / before:.2f} times",
    )
    assert broken <= (GROWS if long else SHORT_GROWS) * before, (
        f"p99 {before * 1e3:.0f} ms of a whole stack, {broken * 1e3:.0f} ms beside broken partitions"
    )


def metrics_of(port: int) -> dict[str, float]:
    """The page, or nothing while there is none."""
    with suppress(OSError):
        return metrics(port)
    return {}
