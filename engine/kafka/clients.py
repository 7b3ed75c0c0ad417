"""Every consumer, producer and admin client is made here: isolation, acks, proofs and time-outs are said once.

No codec is named: nothing of ours is compressed, and what others compress is unpacked within a bound (``inflate``).
"""

from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

import engine.kafka.frames  # noqa: F401  in the place of how the library reads a connection
from engine.kafka.log_consumer import LogConsumer
from engine.kafka.lost_connection import told_as_lost
from engine.kafka.transactions import AGAIN_MS, TransactionalProducer
from engine.security.connections import kafka_arguments
from topics.registry import MIB

if TYPE_CHECKING:
    from engine.settings import Settings

BATCH_BYTES = 1_900_000
"""Largest batch sent: below ``max.message.bytes`` of every topic but ``incidents.raw``. Fewer
requests are worth it: each costs 0.5 to 1 ms, whatever its size."""

REQUEST_BYTES = 2 * MIB
"""The producer's own limit of a record."""

PARTITION_BYTES = 4 * MIB
"""Most that one fetch brings of a partition."""

POLL_INTERVAL_MS = 10**9
"""An idle member otherwise leaves the group and never rejoins (aio-libs/aiokafka#1187)."""

TRANSACTION_MS = 15_000
"""An open transaction hides all behind it; the broker aborts it after so long."""

told_as_lost()


def admin(settings: "Settings") -> AIOKafkaAdminClient:
    """Make a client for topics, groups and settings of the broker."""
    return AIOKafkaAdminClient(**kafka_arguments(settings))


def watcher(settings: "Settings", *topics: str, **more: Any) -> LogConsumer:
    """Make a reader of what is committed; of no group, unless ``group_id`` says so."""
    return LogConsumer(*topics, **kafka_arguments(settings), isolation_level="read_committed", **more)


def sender(settings: "Settings", **more: Any) -> AIOKafkaProducer:
    """Make a producer for what comes from outside: acknowledged by all replicas, each record once and in order."""
    return AIOKafkaProducer(**kafka_arguments(settings), acks="all", enable_idempotence=True, **more)


def member(settings: "Settings", stage: str, client: str, place: str | None = None) -> LogConsumer:
    """Make the group consumer of a stage, with every setting that keeps records from being lost; ``place``: under what
    the group knows it again."""
    from engine.kafka.grown_partitions import assignor  # needs the metrics, which no tool does

    return watcher(
        settings,
        group_id=f"{settings.prefix}{stage}",
        client_id=client,
        group_instance_id=place,
        enable_auto_commit=False,
        auto_offset_reset="none",
        partition_assignment_strategy=(assignor(settings),),
        session_timeout_ms=settings.session_timeout_seconds * 1000,
        heartbeat_interval_ms=max(300, settings.session_timeout_seconds * 1000 // 6),
        rebalance_timeout_ms=10_000,
        max_poll_interval_ms=POLL_INTERVAL_MS,
        fetch_max_wait_ms=250,  # at first; the loop's patience says how long from then on
        max_poll_records=2000,
        max_partition_fetch_bytes=2 * MIB,
        retry_backoff_ms=50,
        metadata_max_age_ms=10_000,
    )


def transactional(settings: "Settings", name: str) -> TransactionalProducer:
    """Make the producer of one input partition; its transactional id is ``<prefix><name>``."""
    return TransactionalProducer(
        **kafka_arguments(settings),
        transactional_id=f"{settings.prefix}{name}",
        transaction_timeout_ms=TRANSACTION_MS,
        max_batch_size=BATCH_BYTES,
        max_request_size=REQUEST_BYTES,
        retry_backoff_ms=AGAIN_MS,
        request_timeout_ms=15_000,
    )
