"""Makes the topics of the registry, and refuses to start on any that would lose data."""

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.settings import Settings
from topics.departments import department_of, is_tasks
from topics.registry import TOPICS, Compact, Delete, TopicSpec, department_topics

LISTED_SECONDS = 20

TRANSACTIONS = "__transaction_state"

TOMBSTONE_MS = 3_600_000
"""A load of a state partition takes seconds; Kafka's own default is a day."""


def wanted(settings: Settings, departments: Iterable[str]) -> list[TopicSpec]:
    """List the topics a stack with these departments has."""
    return [*TOPICS, *(spec for code in departments for spec in department_topics(code))]


def configuration(settings: Settings, spec: TopicSpec) -> dict[str, str]:
    """Give the broker settings a topic must have here."""
    return {**spec.settings(), "min.insync.replicas": str(settings.min_insync_replicas)}


def made_as(settings: Settings, spec: TopicSpec) -> dict[str, str]:
    """Give the broker settings that a topic is made with."""
    return {**configuration(settings, spec), **dict(spec.made_with)}


async def apply(settings: Settings, departments: Iterable[str]) -> list[str]:
    """Make the topics that are missing; answers their names. What exists is left alone, ``check`` tells differences."""
    admin = clients.admin(settings)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [spec for spec in wanted(settings, departments) if settings.prefix + spec.name not in existing]
        if missing:
            response = await admin.create_topics(
                [
                    NewTopic(
                        settings.prefix + spec.name,
                        spec.partitions or settings.partitions,
                        settings.replication_factor,
                        topic_configs=made_as(settings, spec),
                    )
                    for spec in missing
                ]
            )
            faults = [
                f"{error[0]}: {error[2] if len(error) > 2 else error[1]}"
                for error in response.topic_errors
                if error[1] not in (0, 36)
            ]
            if faults:
                raise InvalidSettings("the broker did not make these topics:\n  " + "\n  ".join(faults))
            await _until_listed(admin, {settings.prefix + spec.name for spec in missing})
        return [spec.name for spec in missing]
    finally:
        await admin.close()


async def _until_listed(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """A topic is made before the broker's metadata name it: whoever looks at once would say that it is missing."""
    until = asyncio.get_running_loop().time() + LISTED_SECONDS
    while not names <= set(await admin.list_topics()) and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.1)


async def existing(settings: Settings) -> set[str]:
    """Name every topic of the broker."""
    admin = clients.admin(settings)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def departments_of(settings: Settings) -> list[str]:
    """Name the departments that have topics on this prefix."""
    names = [
        name.removeprefix(settings.prefix) for name in await existing(settings) if name.startswith(settings.prefix)
    ]
    return sorted(code for name in names if is_tasks(name) and (code := department_of(name)))


async def check(settings: Settings, specs: Iterable[TopicSpec]) -> list[str]:
    """Compare topics and broker with what must hold; answers each difference with its mend."""
    specs = list(specs)
    admin = clients.admin(settings)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        faults = [
            f"{settings.prefix}{spec.name} is missing; run 'gridwhistle topics apply'"
            for spec in specs
            if settings.prefix + spec.name not in existing
        ]
        present = [spec for spec in specs if settings.prefix + spec.name in existing]
        described = {
            topic["topic"]: topic["partitions"]
            for topic in await admin.describe_topics([settings.prefix + spec.name for spec in present])
        }
        configs = await _configs(admin, [settings.prefix + spec.name for spec in present])
        for spec in present:
            faults += _differences(
                settings, spec, described[settings.prefix + spec.name], configs[settings.prefix + spec.name]
            )
        return faults + await _broker_faults(admin, settings, existing)
    finally:
        await admin.close()


def _differences(
    settings: Settings, spec: TopicSpec, partitions: list[dict[str, list[int]]], found: dict[str, str]
) -> list[str]:
    name, count = settings.prefix + spec.name, spec.partitions or settings.partitions
    faults = []
    if len(partitions) > count:
        faults.append(
            f"{name} has {len(partitions)} partitions, more than {count}: those from {count} on are read by nobody, and"
            " they cannot be taken away; send what lies there again and use a new prefix, or set"
            " GRIDWHISTLE_PARTITIONS if that is wrong"
        )
    if len(partitions) < count:
        faults.append(
            f"{name} has {len(partitions)} partitions, not {count}: keys would move; use a new prefix, or set"
            " GRIDWHISTLE_PARTITIONS"
        )
    replicas = min((len(partition["replicas"]) for partition in partitions), default=0)
    if replicas < settings.replication_factor:
        faults.append(
            f"{name} has {replicas} replicas, fewer than {settings.replication_factor}; reassign it, or set"
            " GRIDWHISTLE_REPLICATION_FACTOR"
        )
    for key, value in configuration(settings, spec).items():
        here = found.get(key)
        if key == "min.insync.replicas" and here is not None and int(here) >= int(value):
            continue
        if here != value:
            faults.append(f"{name} has {key}={here}, not {value}; alter the topic's configuration")
    return faults + _losses(name, spec, found)


def _losses(name: str, spec: TopicSpec, found: dict[str, str]) -> list[str]:
    """Settings that we leave to the broker's owner unless they lose data."""
    faults = []
    if isinstance(spec.clean_up, Delete) and int(found.get("retention.bytes", -1)) >= 0:
        faults.append(
            f"{name} has retention.bytes={found['retention.bytes']}: a limit in bytes drops records before their"
            f" {spec.clean_up.days} days; set it to -1"
        )
    if isinstance(spec.clean_up, Compact) and int(found.get("delete.retention.ms", TOMBSTONE_MS)) < TOMBSTONE_MS:
        faults.append(
            f"{name} has delete.retention.ms={found['delete.retention.ms']}: who loads it meanwhile misses that a key"
            f" was deleted; set it to {TOMBSTONE_MS} at least"
        )
    if found.get("unclean.leader.election.enable") == "true":
        faults.append(
            f"{name} has unclean.leader.election.enable=true: a replica that lags behind may lead and drop what was"
            " acknowledged; set it to false"
        )
    return faults


async def _configs(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    responses = (
        await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
        if names
        else []
    )
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for response in responses
        for resource in response.resources
    }


async def _broker_faults(admin: AIOKafkaAdminClient, settings: Settings, existing: set[str]) -> list[str]:
    cluster = await admin.describe_cluster()
    resources = [ConfigResource(ConfigResourceType.BROKER, str(broker["node_id"])) for broker in cluster["brokers"]]
    faults: list[str] = []
    for response in [await admin.describe_configs([resource]) for resource in resources]:
        for resource in response[0].resources:
            values = {entry[0]: entry[1] for entry in resource[4]}
            if values.get("auto.create.topics.enable") == "true":
                faults.append(
                    f"broker {resource[3]} has auto.create.topics.enable=true: a misspelt topic would be made with one"
                    " partition; set it to false"
                )
            if TRANSACTIONS not in existing:
                faults += _transaction_log(
                    settings,
                    f"broker {resource[3]}",
                    "transaction.state.log.replication.factor",
                    values.get("transaction.state.log.replication.factor"),
                    "transaction.state.log.min.isr",
                    values.get("transaction.state.log.min.isr"),
                )
    if TRANSACTIONS in existing:
        described = (await admin.describe_topics([TRANSACTIONS]))[0]["partitions"]
        configuration = (await _configs(admin, [TRANSACTIONS]))[TRANSACTIONS]
        replicas = str(min(len(partition["replicas"]) for partition in described))
        faults += _transaction_log(
            settings,
            TRANSACTIONS,
            "replicas",
            replicas,
            "min.insync.replicas",
            configuration.get("min.insync.replicas"),
        )
    return faults


def _transaction_log(
    settings: Settings, where: str, replicas: str, count: str | None, in_sync: str, least: str | None
) -> list[str]:
    """Compare the transactions' log with ours: a commit that it forgets is a step that is done again."""
    wanted_here = (
        (replicas, count, settings.replication_factor, "REPLICATION_FACTOR"),
        (in_sync, least, settings.min_insync_replicas, "MIN_INSYNC_REPLICAS"),
    )
    return [
        f"{where} has {name}={value}, fewer than {wanted}: transactions would not outlive a broker; raise it, or set"
        f" GRIDWHISTLE_{setting}"
        for name, value, wanted, setting in wanted_here
        if value is not None and int(value) < wanted
    ]


async def verify(settings: Settings) -> None:
    """Refuse to start on topics that would lose data: every stage looks at all of them, its neighbours' and the
    departments' as well.

    Raises:
        InvalidSettings: Each difference with its mend.
    """
    faults = await check(settings, wanted(settings, await departments_of(settings)))
    if faults:
        raise InvalidSettings("refusing to start, since data would be lost:\n  " + "\n  ".join(faults))
