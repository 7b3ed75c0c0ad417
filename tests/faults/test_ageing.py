"""Every topic that may drop records has dropped all of them: each stage starts on that, and the city goes on (DESIGN 3,
5)."""

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from engine.kafka.log_consumer import LogConsumer
from engine.kafka.topic_admin import configuration, departments_of, wanted
from engine.settings import Settings
from engine.views.redis_view import RedisView
from tests.faults.conftest import Tell
from tests.faults.trial import ALL, AUDITED, PATIENCE, Trial, trial
from tests.kafka.test_aged import age_all, rows, tickets
from tests.support.rig import eventually
from topics.registry import Delete

SEED = 20260309
BROKER: dict[str, object] = {"log.retention.check.interval.ms": 1000, "log.initial.task.delay.ms": 500}
"""So that retention looks every second, not every five minutes."""


async def retention(settings: Settings, ms: int | None) -> None:
    """Set ``retention.ms`` of every topic that may drop records; ``None``: as it must be."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        for spec in wanted(settings, await departments_of(settings)):
            if isinstance(spec.clean_up, Delete):
                found = configuration(settings, spec) | ({"retention.ms": str(ms)} if ms is not None else {})
                await admin.alter_configs(
                    [ConfigResource(ConfigResourceType.TOPIC, settings.prefix + spec.name, found)]
                )
    finally:
        await admin.close()


async def emptied(settings: Settings) -> bool:
    """Whether none of them holds a record."""
    specs = [spec for spec in wanted(settings, await departments_of(settings)) if isinstance(spec.clean_up, Delete)]
    reader = LogConsumer(bootstrap_servers=settings.kafka)
    await reader.start()
    try:
        tps = [
            TopicPartition(settings.prefix + spec.name, p)
            for spec in specs
            for p in range(spec.partitions or settings.partitions)
        ]
        is_empty: bool = await reader.beginning_offsets(tps) == await reader.end_offsets(tps)
        return is_empty
    finally:
        await reader.stop()


async def age(t: Trial, how: str) -> None:
    """Let every topic lose what it holds, by the broker's own retention or by deleting records."""
    if how == "delete_records":
        await age_all(t.settings)
    else:
        await retention(t.settings, 1000)
    await eventually(lambda: emptied(t.settings), PATIENCE, "every topic is empty", every=0.5)
    await retention(t.settings, None)
    t.faults["aged"] += 1


async def rest(t: Trial) -> None:
    """Nobody reports: all is answered and told, positions are put behind the markers of the last transactions, and the
    stages end."""
    t.feed.going.clear()
    await t.answered()
    await eventually(t.ledger.caught_up, PATIENCE, "the ledger has read all", every=0.3)
    await asyncio.sleep(7)
    t.terminate("intake-1", "dispatch-1", "replies-1")
    await eventually(t.ledger.caught_up, PATIENCE, "the ledger has read all", every=0.3)
    await t.answered()
    await asyncio.sleep(7)  # what dispatch wrote last is with fan-out and projector, and their positions are behind it
    t.terminate("fanout-1", "projector-1")


@pytest.mark.long
@pytest.mark.parametrize("how", ["retention_ms", "delete_records"])
async def test_every_topic_aged(tell: Tell, how: str) -> None:
    """Twice all topics lose everything while the stages are down; then each stage is restarted in turn on what the
    states hold."""
    async with trial(SEED, rate=10, more=BROKER) as t:
        view = RedisView(t.settings)

        async def same() -> bool:
            return await rows(view) == set(await tickets(t.settings))

        try:
            await t.going(100)
            for lost in (False, True):
                await rest(t)
                await age(t, how)
                if lost:
                    await view.drop()
                t.start(*ALL)
                await t.rig.ready(within=PATIENCE)
                t.feed.going.set()
                await t.going(60)
                for stage in ALL:
                    t.terminate(f"{stage}-1")
                    t.start(stage)
                    await t.rig.ready(f"{stage}-1", within=PATIENCE)
                    await t.going(30)
            await t.judged(audit=False)
            await eventually(same, PATIENCE, "the view is what the state is", every=1.0)
            found = await asyncio.to_thread(t.audit, False)
            assert {name: found[name] for name in AUDITED} == dict.fromkeys(AUDITED, 0), found["problems"]
            assert found["vouches_from"] > 0
        finally:
            await view.close()
    by = {"retention_ms": "retention.ms", "delete_records": "DeleteRecords"}[how]
    tell(
        t,
        f"all topics emptied {t.faults['aged']} times by {by}, each stage restarted each time; Redis emptied once",
        "view_rebuilt",
    )
    assert "view_rebuilt" in t.alarms
    assert t.alarms <= {"view_rebuilt"}, t.alarms
