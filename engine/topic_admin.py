"""Makes the topics of the registry, and refuses to start on any that would lose data."""

import re
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from engine.errors import InvalidSettings
from engine.settings import Settings
from topics.registry import TOPICS, TopicSpec, department_topics


def wanted(settings: Settings, departments: Iterable[str]) -> list[TopicSpec]:
    """List the topics a stack with these departments has."""
    return [*TOPICS, *(spec for code in departments for spec in department_topics(code))]


def configuration(settings: Settings, spec: TopicSpec) -> dict[str, str]:
    """Give the broker settings a topic must have here."""
    return {**spec.settings(), "min.insync.replicas": str(settings.min_insync_replicas)}


async def apply(settings: Settings, departments: Iterable[str]) -> list[str]:
    """Make the topics that are missing; answers their names. What exists is left alone, ``check`` tells differences."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [spec for spec in wanted(settings, departments) if settings.prefix + spec.name not in existing]
        if missing:
            response = await admin.create_topics(
                [
                    NewTopic(
                        settings.prefix + spec.name, spec.partitions or settings.partitions, settings.replication_factor,
                        topic_configs=configuration(settings, spec),
                    )
                    for spec in missing
                ]
            )  # fmt: skip
            faults = [f"{error[0]}: {error[2] if len(error) > 2 else error[1]}" for error in response.topic_errors if error[1] not in (0, 36)]
            if faults:
                raise InvalidSettings("the broker did not make these topics:\n  " + "\n  ".join(faults))
        return [spec.name for spec in missing]
    finally:
        await admin.close()


async def existing(settings: Settings) -> set[str]:
    """Name every topic of the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def departments_of(settings: Settings) -> list[str]:
    """Name the departments that have topics on this prefix."""
    pattern = re.compile(re.escape(settings.prefix) + r"dept\.([a-z0-9_]{1,32})\.tasks$")
    return sorted(found.group(1) for name in await existing(settings) if (found := pattern.match(name)))


async def check(settings: Settings, specs: Iterable[TopicSpec]) -> list[str]:
    """Compare topics and broker with what must hold; answers each difference with its mend."""
    specs = list(specs)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        faults = [f"{settings.prefix}{spec.name} is missing; run 'gridwhistle topics apply'" for spec in specs if settings.prefix + spec.name not in existing]
        present = [spec for spec in specs if settings.prefix + spec.name in existing]
        described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics([settings.prefix + spec.name for spec in present])}
        configs = await _configs(admin, [settings.prefix + spec.name for spec in present])
        for spec in present:
            faults += _differences(settings, spec, described[settings.prefix + spec.name], configs[settings.prefix + spec.name])
        return faults + await _broker_faults(admin)
    finally:
        await admin.close()


def _differences(settings: Settings, spec: TopicSpec, partitions: list[dict[str, list[int]]], found: dict[str, str]) -> list[str]:
    name, count = settings.prefix + spec.name, spec.partitions or settings.partitions
    faults = []
    if len(partitions) != count:
        faults.append(f"{name} has {len(partitions)} partitions, not {count}: keys would move; use a new prefix, or set GRIDWHISTLE_PARTITIONS")
    replicas = min((len(partition["replicas"]) for partition in partitions), default=0)
    if replicas < settings.replication_factor:
        faults.append(f"{name} has {replicas} replicas, fewer than {settings.replication_factor}; reassign it, or set GRIDWHISTLE_REPLICATION_FACTOR")
    for key, value in configuration(settings, spec).items():
        here = found.get(key)
        if key == "min.insync.replicas" and here is not None and int(here) >= int(value):
            continue
        if here != value:
            faults.append(f"{name} has {key}={here}, not {value}; alter the topic's configuration")
    return faults


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    responses = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names]) if names else []
    return {resource[3]: {entry[0]: entry[1] for entry in resource[4]} for response in responses for resource in response.resources}


async def _broker_faults(admin: AIOKafkaAdminClient) -> list[str]:
    cluster = await admin.describe_cluster()
    resources = [ConfigResource(ConfigResourceType.BROKER, str(cluster["brokers"][0]["node_id"]))]
    for response in await admin.describe_configs(resources):
        for resource in response.resources:
            values = {entry[0]: entry[1] for entry in resource[4]}
            if values.get("auto.create.topics.enable") == "true":
                return ["the broker has auto.create.topics.enable=true: a misspelt topic would be made with one partition; set it to false"]
    return []


async def verify(settings: Settings, names: Iterable[str]) -> None:
    """Refuse to start on topics that would lose data.

    Raises:
        InvalidSettings: Each difference with its mend.
    """
    known = {spec.name: spec for spec in TOPICS}
    faults = await check(settings, [known[name] for name in names])
    if faults:
        raise InvalidSettings("refusing to start, since data would be lost:\n  " + "\n  ".join(faults))
