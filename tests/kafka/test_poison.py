"""Bad records among good ones on a real broker: every good one is dispatched, every bad one accounted for by its
reason."""

import asyncio
import collections
import itertools
import json

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.consumer import AIOKafkaConsumer
from redis.asyncio import Redis

from engine.settings import Settings
from tests.support.poison import BEYOND_THE_BROKER, KINDS, Raw, good, malformed, report
from tests.support.rig import Rig, eventually
from topics import codec
from topics.envelope import incident_message
from topics.ids import murmur2
from topics.incident import Incident
from topics.registry import COMMANDS, DECISIONS, INCIDENTS, RAW, REJECTED, TOPICS, department_topics
from topics.rejected import Rejected, RejectReason

COUNT = 10_000
PHONE = "13877776666"
CANARIES = (
    PHONE,
    "138 7777 6667",
    "１３８７７７７６６６８",
    "0371-67891234",
    "41010519900307123X",
    "豫A·12345",
    "wang.wu@example.com",
    "王小五",
)
"""What may stand nowhere but where it came in, however it was written."""

TOO_LARGE_TO_REPEAT = frozenset({"almost 512 KiB", "100,000 lists deep"})
"""Kinds that are sent a few times only: the log would grow by gigabytes, and say nothing more."""


async def read_all(
    settings: Settings, topic: str, partitions: int
) -> list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]]:
    """Read a topic from its beginning to its end."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2**23,
    )
    await reader.start()
    try:
        tps = [TopicPartition(settings.prefix + topic, p) for p in range(partitions)]
        reader.assign(tps)
        await reader.seek_to_beginning(*tps)
        ends = await reader.end_offsets(tps)
        found = []
        while any([await reader.position(tp) < ends[tp] for tp in tps]):
            for records in (await reader.getmany(timeout_ms=300)).values():
                found += [(record.key, record.value, list(record.headers)) for record in records]
        return found
    finally:
        await reader.stop()


async def send(settings: Settings, records: "itertools.chain[Raw] | list[Raw]") -> None:
    """Send records as producers do that hash keys as Kafka does; those without a key go anywhere."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, max_request_size=2**20
    )
    await producer.start()
    acks = []
    for key, value, headers in records:
        partition = (murmur2(key) & 0x7FFFFFFF) % settings.partitions if key is not None else 0
        acks.append(
            await producer.send(settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition)
        )
    await asyncio.gather(*acks)
    await producer.stop()


def bad_ones() -> tuple[list[Raw], collections.Counter[RejectReason]]:
    """As many as good ones, of every kind; and how many are owed each reason."""
    expected: collections.Counter[RejectReason] = collections.Counter()
    bad: list[Raw] = []
    small = COUNT - 4 * len(TOO_LARGE_TO_REPEAT)
    for kind, reason, raw in itertools.chain(
        malformed(1, small, TOO_LARGE_TO_REPEAT | BEYOND_THE_BROKER),
        malformed(2, 4 * len(TOO_LARGE_TO_REPEAT), frozenset(KINDS) - TOO_LARGE_TO_REPEAT),
    ):
        assert kind in KINDS
        expected[reason] += 1
        bad.append(raw)
    return bad, expected


async def test_ten_thousand_bad_records_cost_the_good_ones_nothing(stack_settings: Settings) -> None:
    """10,000 malformed mixed into 10,000 good ones: each good one has a ticket, each bad one its reason."""
    rig = Rig(stack_settings)
    bad, expected = bad_ones()
    mixed = [raw for pair in zip(good(3, COUNT), bad, strict=True) for raw in pair]
    try:
        await rig.prepare("guancheng")
        for stage in ("intake", "dispatch"):
            rig.start(stage)
        await rig.ready()
        await send(rig.settings, mixed)

        async def all_decided() -> bool:
            return sum(1 for _ in await read_all(rig.settings, INCIDENTS.name, 3)) >= COUNT

        await eventually(all_decided, 180, "every good record placed", every=2.0)
        rejected = collections.Counter(
            codec.decode(value or b"", Rejected).reason
            for _, value, _ in await read_all(rig.settings, REJECTED.name, 3)
        )
        incidents = [
            codec.decode(value or b"", Incident).identity
            for _, value, _ in await read_all(rig.settings, INCIDENTS.name, 3)
        ]
        assert sorted(incidents) == sorted(f"good3:{n}" for n in range(COUNT))
        assert dict(rejected) == {str(reason): n for reason, n in expected.items()}

        async def all_tickets() -> bool:
            decided = [
                value
                for _, value, _ in await read_all(rig.settings, DECISIONS.name, 3)
                if b'"cause":"incident"' in (value or b"")
            ]
            return len(decided) == COUNT

        await eventually(all_tickets, 120, "every good record has its ticket", every=2.0)
    finally:
        rig.close()


async def test_a_bad_command_is_a_decision_with_its_reason(stack_settings: Settings) -> None:
    """Unreadable bytes and unknown tickets on ``commands`` are refused in the log and stop nothing."""
    rig = Rig(stack_settings)
    try:
        await rig.prepare("guancheng")
        rig.start("dispatch")
        await rig.ready()
        producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka, acks="all", enable_idempotence=True)
        await producer.start()
        for value in (
            b"\xff\x00",
            b"[" * 50_000,
            b"{}",
            b"null",
            None,
            b'{"id":"x1","kind":"note","actor":{"role":"desk","person":"d"},"accepted_at":1,'
            b'"ticket":"nowhere-20260101-1"}',
        ):
            await producer.send_and_wait(rig.settings.prefix + COMMANDS.name, value, key=b"somewhere", partition=1)
        await producer.stop()

        async def told() -> bool:
            reasons = [
                msgspec.json.decode(value)["reason"]
                for _, value, _ in await read_all(rig.settings, DECISIONS.name, 3)
                if value
            ]
            return reasons.count("unreadable") == 5 and reasons.count("unknown_ticket") == 1

        await eventually(told, 300, "six refusals", every=0.5)
    finally:
        rig.close()


def _planted() -> list[Raw]:
    """Reports with canaries in every field, and bad ones with one in their key, a member's name and a value; the good
    one comes last."""
    found: list[Raw] = []
    for n, canary in enumerate(CANARIES):
        said = f"请找{canary}。"
        reporter = {"name": "王小五", "phone": PHONE, canary: canary}
        found.append(
            incident_message(
                "pii",
                f"text-{n}",
                report(
                    category="gas_leak", text=said, reporter=reporter, attributes={"callback": canary, "building": said}
                ),
            )
        )
        place = {"grid": "dongguannanli-g1-m1", "address": said}
        found.append(
            incident_message(
                "pii", f"place-{n}", report(location=place, category=said, reporter=reporter), structured=True
            )
        )
        found += [
            incident_message("pii", canary, report(**{canary: 1})),
            incident_message("pii", canary, report(channel=canary)),
        ]
    return [
        *found,
        incident_message(
            "pii",
            "1",
            report(category="gas_leak", reporter={"name": "王小五", "phone": PHONE}, attributes={"callback": PHONE}),
        ),
    ]


async def test_what_points_to_a_person_stays_in_the_raw_topic(stack_settings: Settings) -> None:
    """Planted in every field, and in key, names and values of rejected records: in clear nowhere but where it came
    in."""
    rig = Rig(stack_settings)
    try:
        await rig.prepare("guancheng")
        metrics = {}
        for number, stage in enumerate(("intake", "dispatch", "fanout", "replies", "projector")):
            metrics[stage] = _free_port(number)
            rig.start(stage, metrics_port=metrics[stage])
        await rig.ready()
        await send(rig.settings, _planted())

        async def projected() -> bool:
            redis = Redis.from_url(rig.settings.redis_url)
            try:
                return bool(await redis.hget(f"{{{rig.settings.prefix}views}}:view:ids", "pii:1"))
            finally:
                await redis.aclose()

        await eventually(projected, 300, "the ticket is in the queues", every=0.5)
        everywhere = await _everything(rig, metrics)
        raw = everywhere.pop(RAW.name)
        for canary in CANARIES:
            forms = {canary.encode(), json.dumps(canary).strip('"').encode()}
            assert any(form in part for form in forms for part in raw)
            for place, parts in everywhere.items():
                assert not any(form in part for form in forms for part in parts), f"{canary} stands in clear in {place}"
        assert {"redis", "logs", "metrics intake", "vault", "incidents.rejected", "dept.ranqi.tasks"} <= set(everywhere)
        assert everywhere["vault"]
        assert everywhere["dept.ranqi.tasks"]
    finally:
        rig.close()


def _free_port(number: int) -> int:
    from tests.support.servers import free_ports

    return free_ports(1)


async def _everything(rig: Rig, metrics: dict[str, int]) -> dict[str, list[bytes]]:
    """Collect every byte that a topic, Redis, a log or a metrics page holds."""
    import urllib.request

    settings = rig.settings
    specs = [*TOPICS, *(spec for code in ("ranqi", "xiaofang", "zhujian") for spec in department_topics(code))]
    found: dict[str, list[bytes]] = {}
    for spec in specs:
        records = await read_all(settings, spec.name, spec.partitions or settings.partitions)
        found[spec.name] = [
            part
            for key, value, headers in records
            for part in (key or b"", value or b"", *(text for _, text in headers))
        ]
    redis = Redis.from_url(settings.redis_url)
    found["redis"] = []
    async for key in redis.scan_iter("*"):
        found["redis"] += [key, await redis.dump(key) or b""]
        if await redis.type(key) == b"hash":
            found["redis"] += [part for pair in (await redis.hgetall(key)).items() for part in pair]
    await redis.aclose()
    found["logs"] = [worker.log.read_bytes() for worker in rig.workers.values()]
    for stage, port in metrics.items():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            found[f"metrics {stage}"] = [answer.read()]
    return found
