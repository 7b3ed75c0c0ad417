"""Every stage refuses to start where a topic of its own, or a neighbour's, would lose data; each refusal names setting
and mend."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from engine.app import run_stage
from engine.errors import InvalidSettings
from engine.kafka import topic_admin
from engine.settings import Settings
from engine.stages import STAGES

LOSES: dict[str, tuple[str, dict[str, str], str]] = {
    "reference is deleted": ("reference", {"cleanup.policy": "delete"}, "cleanup.policy=delete, not compact"),
    "decisions by bytes": ("tickets.decisions", {"retention.bytes": "1000000"}, "retention.bytes=1000000"),
    "state by age": ("tickets.state", {"cleanup.policy": "compact,delete"}, "cleanup.policy="),
    "tombstones at once": ("intake.state", {"delete.retention.ms": "0"}, "delete.retention.ms=0"),
    "unclean election": ("commands", {"unclean.leader.election.enable": "true"}, "unclean.leader.election.enable=true"),
    "producer's time": ("incidents", {"message.timestamp.type": "CreateTime"}, "message.timestamp.type=CreateTime"),
    "tasks compacted": ("dept.cg.tasks", {"cleanup.policy": "compact"}, "cleanup.policy=compact, not delete"),
    "replies for a second": ("dept.cg.replies", {"retention.ms": "1000"}, "retention.ms=1000"),
}


async def made(settings: Settings, name: str = "", changed: dict[str, str] | None = None) -> None:
    """All topics of a stack with one department, one of them other than it must be."""
    if name:
        spec = next(spec for spec in topic_admin.wanted(settings, ["cg"]) if spec.name == name)
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
        await admin.start()
        try:
            configuration = {**topic_admin.configuration(settings, spec), **(changed or {})}
            await admin.create_topics(
                [
                    NewTopic(
                        settings.prefix + name, spec.partitions or settings.partitions, 1, topic_configs=configuration
                    )
                ]
            )
        finally:
            await admin.close()
    await topic_admin.apply(settings, ["cg"])


@pytest.mark.parametrize("case", LOSES)
async def test_what_loses_data_is_refused(case: str, stack_settings: Settings) -> None:
    """By the stage that reads it and by one that does not; only that topic is named."""
    name, changed, words = LOSES[case]
    await made(stack_settings, name, changed)
    for stage in (STAGES[0], STAGES[-1]):
        with pytest.raises(InvalidSettings) as refused:
            await run_stage(stack_settings, stage)
        told = str(refused.value).splitlines()[1:]
        assert len(told) == 1 and f"{stack_settings.prefix}{name} has {words}" in told[0], told


async def test_a_sound_stack_is_not_refused(stack_settings: Settings) -> None:
    """Made as it must be, there is nothing to say."""
    await made(stack_settings)
    await topic_admin.verify(stack_settings)


async def test_the_transactions_log_outlives_a_broker_too(stack_settings: Settings) -> None:
    """Its replicas and in-sync replicas are judged like those of the topics, before it exists and after."""
    await made(stack_settings)
    with pytest.raises(
        InvalidSettings, match=r"(__transaction_state|broker 1) has .*fewer than 2: .*GRIDWHISTLE_REPLICATION_FACTOR"
    ):
        await topic_admin.verify(stack_settings.model_copy(update={"replication_factor": 2}))
    with pytest.raises(
        InvalidSettings, match=r"(__transaction_state|broker 1) has .*fewer than 2: .*GRIDWHISTLE_MIN_INSYNC_REPLICAS"
    ):
        await topic_admin.verify(stack_settings.model_copy(update={"min_insync_replicas": 2}))
