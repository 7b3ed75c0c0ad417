"""The registry as Strimzi's resources: a ``KafkaTopic`` for each topic, a ``KafkaUser`` with no more rights than it
needs for each stage and department (DESIGN 3, 10).

Written for ``kafka.strimzi.io/v1``. ``gridwhistle topics manifest`` prints them.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from topics import departments
from topics.registry import REFERENCE, TOPICS, TopicSpec, department_topics

API = "kafka.strimzi.io/v1"
TRANSACTIONAL = {"intake": "intake.", "dispatch": "dispatch.", "fanout": "fanout.", "gateway": "held."}
"""Who writes in transactions (DESIGN 1) -> how its transactional ids begin: nobody can fence another's. The gateway's
are of what was held (docs/decisions/0026)."""

STAGES = ("intake", "dispatch", "fanout", "projector", "replies", "archive")
DOORS = ("gateway", "notifier")
"""They answer people and programs, or send to them: topics are theirs to read and write, no group and no partitions.
The notifier asks Kafka nothing; it has a user since the common settings want one."""

DEPARTMENT_SIDE = {"fanout": "tasks", "replies": "replies"}
"""Stages that meet the departments' topics. By prefix: a department that a new pack brings must not stop a partition
for want of a right."""

PUBLISHERS = ("gateway",)
"""Who puts packs in force from the law desk: a new pack may bring departments, whose topics are made before it is."""

Resource = dict[str, Any]
Acl = dict[str, Any]


def named(text: str) -> str:
    """A name that Kubernetes takes: lower case, dashes for what it does not know."""
    return re.sub(r"[^a-z0-9.-]+", "-", text.lower()).strip("-.")


def topic(spec: TopicSpec, prefix: str, cluster: str, partitions: int, replicas: int, in_sync: int) -> Resource:
    """One topic, as ``gridwhistle topics apply`` would make it."""
    config = {**spec.settings(), **dict(spec.made_with), "min.insync.replicas": str(in_sync)}
    return _resource(
        "KafkaTopic",
        prefix + spec.name,
        cluster,
        {
            "topicName": prefix + spec.name,
            "partitions": spec.partitions or partitions,
            "replicas": replicas,
            "config": {
                key: int(value) if re.fullmatch(r"-?\d+", value) else value for key, value in sorted(config.items())
            },
        },
    )


def stage_user(stage: str, prefix: str, cluster: str) -> Resource:
    """What a stage must do: read its inputs, write its outputs, look at what it wrote when it opens, prove that all
    topics are such that nothing is lost."""
    reads = {spec.name for spec in TOPICS if stage in spec.read_by} | {REFERENCE.name}
    writes = {spec.name for spec in TOPICS if stage in spec.written_by}
    acls = [_acl("topic", prefix + name, ["Read"]) for name in sorted(reads | writes)]
    acls += [_acl("topic", prefix + name, ["Write"]) for name in sorted(writes)]
    acls += [
        _acl("topic", prefix, ["Describe", "DescribeConfigs"], "prefix"),
        _acl("topic", "__transaction_state", ["Describe", "DescribeConfigs"]),
    ]
    if stage in DEPARTMENT_SIDE:
        acls.append(_acl("topic", prefix + departments.PREFIX, ["Write"] if stage == "fanout" else ["Read"], "prefix"))
    if stage in PUBLISHERS:
        acls.append(_acl("topic", prefix + departments.PREFIX, ["Create"], "prefix"))
    if stage in STAGES:
        acls.append(_acl("group", prefix + stage, ["Read", "Describe"]))
    if stage in TRANSACTIONAL:
        name = prefix + TRANSACTIONAL[stage]
        acls.append(_acl("transactionalId", name, ["Write", "Describe"], "prefix"))
    return _user(f"{prefix}{stage}", cluster, [*acls, _cluster(["Describe", "DescribeConfigs", "IdempotentWrite"])])


def department_user(code: str, prefix: str, cluster: str) -> Resource:
    """Its own two topics, groups of its own, nothing else."""
    tasks, replies = department_topics(code)
    return _user(
        prefix + departments.PREFIX + code,
        cluster,
        [
            _acl("topic", prefix + tasks.name, ["Read", "Describe"]),
            _acl("topic", prefix + replies.name, ["Write", "Describe"]),
            _acl("group", f"{prefix}{code}-", ["Read", "Describe"], "prefix"),
            _cluster(["IdempotentWrite"]),
        ],
    )


def operator_user(prefix: str, cluster: str) -> Resource:
    """Who publishes packs, makes topics, audits: everything under the prefix, and nothing beside it."""
    acls = [_acl(kind, prefix, ["All"], "prefix") for kind in ("topic", "group", "transactionalId")]
    return _user(
        f"{prefix}operator",
        cluster,
        [
            *acls,
            _acl("topic", "__transaction_state", ["Describe", "DescribeConfigs"]),
            _cluster(["Describe", "DescribeConfigs", "IdempotentWrite"]),
        ],
    )


def manifest(
    departments: Sequence[str],
    prefix: str = "gw.",
    cluster: str = "gridwhistle",
    partitions: int = 24,
    replicas: int = 3,
    in_sync: int = 2,
) -> list[Resource]:
    """All resources of a stack with these departments, in a settled order."""
    specs: Iterable[TopicSpec] = (*TOPICS, *(spec for code in sorted(departments) for spec in department_topics(code)))
    return [
        *(topic(spec, prefix, cluster, partitions, replicas, in_sync) for spec in specs),
        *(stage_user(stage, prefix, cluster) for stage in (*STAGES, *DOORS)),
        operator_user(prefix, cluster),
        *(department_user(code, prefix, cluster) for code in sorted(departments)),
    ]


def _resource(kind: str, name: str, cluster: str, spec: Resource) -> Resource:
    return {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": named(name), "labels": {"strimzi.io/cluster": cluster}},
        "spec": spec,
    }


def _user(name: str, cluster: str, acls: list[Acl]) -> Resource:
    return _resource(
        "KafkaUser",
        name,
        cluster,
        {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}},
    )


def _acl(kind: str, name: str, operations: list[str], pattern: str = "literal") -> Acl:
    return {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": operations}


def _cluster(operations: list[str]) -> Acl:
    return {"resource": {"type": "cluster"}, "operations": operations}
