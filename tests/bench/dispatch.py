"""``make bench``: CPU of dispatch for each incident beside a raw aiokafka pass-through of the same bytes, in the same
run.

Three interleaved rounds. Each sends the same incidents through the door, lets intake place them, measures dispatch on
them (state, decisions, positions, transactions: everything), then passes the very records that dispatch consumed
through the ruler. Only the ratio is comparable between runs: absolute times here swing by 30 %.
"""

import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import urllib.request
from pathlib import Path

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from engine.settings import Settings
from tests.support.poison import good
from tests.support.rig import Rig, eventually
from tests.support.servers import kafka
from topics.registry import INCIDENTS, RAW

ROUNDS = 3
COUNT = int(os.environ.get("BENCH_INCIDENTS", "20000"))
PARTITIONS = 6
METRICS = {"intake": 0, "dispatch": 0, "fanout": 0}


async def main() -> None:
    """Run the rounds and print the table; what is lost or undecided ends it with an error."""
    with tempfile.TemporaryDirectory() as folder, kafka() as address:
        settings = Settings(
            kafka=address,
            prefix="bench.",
            partitions=PARTITIONS,
            replication_factor=1,
            min_insync_replicas=1,
            data_dir=Path(folder),
            redis_url="redis://127.0.0.1:1/0",
            session_timeout_seconds=120,
        )
        rig = Rig(settings)
        try:
            await rig.prepare("guancheng")
            await _make_topic(address, "bench.ruler")
            for offset, stage in enumerate(METRICS):
                METRICS[stage] = _free_port(offset)
                rig.start(stage, metrics_port=METRICS[stage])
            await rig.ready()
            await _round(rig, 0, 2000)  # warm up
            rows = [await _round(rig, number, COUNT) for number in range(1, ROUNDS + 1)]
        finally:
            rig.close()
    _report(rows)


async def _round(rig: Rig, number: int, count: int) -> dict[str, float]:
    """Let intake place the incidents while dispatch stands still, then let dispatch work them off, then the ruler."""
    settings = rig.settings
    starts = await _ends(settings, INCIDENTS.name)
    before = {
        stage: (_cpu(rig, stage), _counter(stage, "steps"), _counter(stage, "records_taken")) for stage in METRICS
    }
    dispatch, fanout = (rig.workers[f"{stage}-1"].process for stage in ("dispatch", "fanout"))
    # like the ruler each stage finds its work waiting and runs alone: a busy neighbour makes CPU seconds up to 1.8
    # times as long
    dispatch.send_signal(signal.SIGSTOP)
    fanout.send_signal(signal.SIGSTOP)
    await _send(settings, number, count)
    await _worked_off("intake", before["intake"][2] + count, 0.2)
    dispatch.send_signal(signal.SIGCONT)
    await _worked_off("dispatch", before["dispatch"][2] + count, 0.5)  # a scrape costs 1 ms
    used = {"dispatch": _cpu(rig, "dispatch") - before["dispatch"][0]}
    fanout.send_signal(signal.SIGCONT)
    await _worked_off("fanout", before["fanout"][2] + count, 0.2)
    used |= {stage: _cpu(rig, stage) - before[stage][0] for stage in ("intake", "fanout")}
    steps = {stage: _counter(stage, "steps") - before[stage][1] for stage in METRICS}
    row = _row(used, steps, await _ruler(settings, starts, count), count)
    print(f"round {number}: " + "  ".join(f"{name} {value:.2f}" for name, value in row.items()), flush=True)
    return row


async def _worked_off(stage: str, count: float, every: float) -> None:
    await eventually(
        lambda: _counter(stage, "records_taken") >= count, 300, f"{stage} has taken {count:.0f}", every=every
    )


def _row(used: dict[str, float], steps: dict[str, float], ruler: float, count: int) -> dict[str, float]:
    """The figures of a round from CPU seconds and steps by stage."""
    row = {
        "dispatch_us": used["dispatch"] / count * 1e6,
        "ruler_us": ruler / count * 1e6,
        "ratio": ruler / used["dispatch"],
    }
    row |= {f"{stage}_us": used[stage] / count * 1e6 for stage in ("intake", "fanout")}
    return row | {f"{stage}_ms_per_transaction": used[stage] / max(1, steps[stage]) * 1e3 for stage in METRICS}


async def _send(settings: Settings, seed: int, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True, linger_ms=5)
    await producer.start()
    acks = []
    for key, value, headers in good(seed + 1000, count, "guancheng", urgent_percent=10):
        acks.append(await producer.send(settings.prefix + RAW.name, value, key=key, headers=headers))
    await asyncio.gather(*acks)
    await producer.stop()


async def _ends(settings: Settings, topic: str) -> list[int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, isolation_level="read_committed")
    await consumer.start()
    tps = [TopicPartition(settings.prefix + topic, p) for p in range(settings.partitions)]
    ends = await consumer.end_offsets(tps)
    await consumer.stop()
    return [ends[tp] for tp in tps]


async def _ruler(settings: Settings, starts: list[int], count: int) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.passthrough",
        settings.kafka,
        settings.prefix + INCIDENTS.name,
        "bench.ruler",
        str(PARTITIONS),
        ",".join(map(str, starts)),
        str(count),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    return float(out)


async def _make_topic(address: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    await admin.close()


def _cpu(rig: Rig, stage: str) -> float:
    times = psutil.Process(rig.workers[f"{stage}-1"].process.pid).cpu_times()
    return float(times.user + times.system)


def _counter(stage: str, name: str) -> float:
    text = urllib.request.urlopen(f"http://127.0.0.1:{METRICS[stage]}/metrics", timeout=30).read().decode()
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(f"gridwhistle_{name}_total")
    )


def _free_port(offset: int) -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _report(rows: list[dict[str, float]]) -> None:
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    print(f"\ndispatch: {middle['dispatch_us']:.1f} µs CPU per incident, all outputs and transactions included")
    print(f"ruler:    {middle['ruler_us']:.1f} µs CPU per record, raw aiokafka send pass-through of the same bytes")
    for stage in METRICS:
        print(f"{stage}: {middle[f'{stage}_ms_per_transaction']:.2f} ms CPU per transaction")
    print(f"ratio {middle['ratio']:.3f}  (printed, not held: it is another one on another processor)")
    print(json.dumps({"median": middle, "rounds": rows, "incidents": COUNT}))


if __name__ == "__main__":
    asyncio.run(main())
