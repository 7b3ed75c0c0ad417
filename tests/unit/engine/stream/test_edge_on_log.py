"""An edge on the log in memory: the effect first, then the position, and each effect at least once."""

from collections.abc import Sequence

from aiokafka import TopicPartition

from engine.errors import DependencyDown
from engine.kafka.broker_time import BrokerTime
from engine.stream.contracts import Record
from engine.stream.edge_partition import EdgePartition
from tests.support.loop_rig import LoopRig, Worker
from tests.support.still_time import now, still, until
from topics.registry import INCIDENTS


class Effects:
    """What was brought about, and how far it reaches; fails as often as it is told."""

    takes_unreadable = False

    def __init__(self) -> None:
        self.done: list[str] = []
        self.stands: dict[str, int] = {}
        self.fails = 0
        self.forgets = 0

    async def positions(self, slot: str) -> dict[str, int]:
        return dict(self.stands)

    async def behind(self, slot: str, ours: int, begin: int) -> int:
        return ours

    async def apply(self, slot: str, records: Sequence[Record], positions: dict[str, int]) -> None:
        if self.fails:
            self.fails -= 1
            raise DependencyDown("Redis is away")
        self.done += [record.id for record in records]
        if self.forgets:
            self.forgets -= 1
            raise DependencyDown("the answer is lost")
        self.stands.update(positions)


class EdgeRig(LoopRig):
    """Workers of an edge stage over incidents."""

    stage, inputs = "projector", (INCIDENTS,)

    def __init__(self) -> None:
        super().__init__()
        self.effects = Effects()

    def key_of(self, tp: TopicPartition) -> object:
        return tp

    def worker(self, name: str = "w1") -> Worker:
        worker = super().worker(name)
        worker.make = lambda tp: EdgePartition(
            self.effects,
            f"{INCIDENTS.name}:{tp.partition}",
            tp,
            prefix=self.settings.prefix,
            consumer=worker.reader,
            time=BrokerTime(self.mapping, now),
            metrics=worker.metrics,
        )
        return worker

    async def come(self) -> None:
        """Wait until everything sent was brought about."""
        await until(lambda: set(self.sent) <= set(self.effects.done))


@still
async def test_effects_come_in_order_and_the_position_stands_behind_the_marker() -> None:
    """The group is told as well, for whoever looks at it."""
    async with EdgeRig() as rig:
        await rig.send("a", "b", topic=INCIDENTS)
        await rig.worker().start()
        await rig.come()
        assert rig.effects.done == ["incidents:0:0", "incidents:0:1"]
        await until(lambda: rig.effects.stands == {"incidents:0": 3})
        await until(lambda: list(rig.log.stands.values()) == [3])


@still
async def test_an_effect_that_fails_is_tried_again_and_no_position_is_remembered() -> None:
    """In order, however often."""
    async with EdgeRig() as rig:
        worker = await rig.worker().start()
        rig.effects.fails = 4
        await rig.send("a", "b", topic=INCIDENTS)
        await rig.come()
        assert rig.effects.done == ["incidents:0:0", "incidents:0:1"]
        assert worker.counted("openings", "projector", "failed") == 4


@still
async def test_an_effect_whose_answer_is_lost_comes_again() -> None:
    """Effects are idempotent: twice is once, and never none."""
    async with EdgeRig() as rig:
        await rig.worker().start()
        rig.effects.forgets = 1
        await rig.send("a", topic=INCIDENTS)
        await until(lambda: len(rig.effects.done) == 2)
        assert set(rig.effects.done) == {"incidents:0:0"}


@still
async def test_the_next_process_goes_on_where_the_effects_stand_and_not_where_the_group_does() -> None:
    """The group's offset is for people."""
    async with EdgeRig() as rig:
        first = await rig.worker().start()
        await rig.send("a", topic=INCIDENTS)
        await rig.come()
        await first.stop()
        first.is_dead = True
        rig.log.stands.clear()
        await rig.send("b", topic=INCIDENTS)
        await rig.worker("w2").start()
        await rig.come()
        assert rig.effects.done == ["incidents:0:0", "incidents:0:2"]
