"""How long it takes from ``up`` on a folder that was up before until a department has its first task, everything on
(``docs/results/start.md``)."""

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.local.folder import settings_of
from engine.settings import Settings
from tests.faults.results import machine
from tests.kafka.test_gateway import Desk
from tests.support.servers import free_ports
from tests.support.stacks import up
from topics.departments import tasks_of

PAGE = Path(__file__).parents[2] / "docs" / "results" / "start.md"
LIMIT_SECONDS = 20
REPORT = {"category": "gas_leak", "text": "smells of gas", "location": {"grid": "tawan-g1-m1"}}


async def until_task(settings: Settings, positions: dict[TopicPartition, int] | None) -> dict[TopicPartition, int]:
    """Wait for a task of the gas company behind these positions; answers where the topic ends."""
    tps = [TopicPartition(settings.prefix + tasks_of("ranqi"), number) for number in range(3)]
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(tps)
        for tp in tps:
            consumer.seek(tp, (positions or {}).get(tp, 0))
        async with asyncio.timeout(120):
            while not await consumer.getmany(timeout_ms=200):
                pass
        return dict(await consumer.end_offsets(tps))
    finally:
        await consumer.stop()


def reported(address: str, key: str, name: str) -> None:
    """Report as soon as the gateway takes it."""
    until = time.monotonic() + 120
    while True:
        try:
            headers = {"authorization": key}
            taken = httpx.post(f"{address}/v1/incidents", json=REPORT | {"id": name}, headers=headers, trust_env=False)
            if taken.status_code == 202:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < until, "no report was taken"
        time.sleep(0.05)


def cpu(pid: int) -> float:
    """Seconds of CPU of a process and all below it."""
    me = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (me, *me.children(recursive=True)))


@pytest.mark.long
def test_a_department_has_its_first_task_after_the_second_start(tmp_path: Path) -> None:
    """That it has it is held; how long it took is written down beside the CPU: a busy machine is none to judge by."""
    data, base = tmp_path / "stack", free_ports(20)
    address = f"http://127.0.0.1:{base + 5}"
    with up(data, "--port-base", str(base)):
        settings = settings_of(data)
        key = Desk(data, address, "--source", "hotline").http.headers["authorization"]
        reported(address, key, "first")
        ends = asyncio.run(until_task(settings, None))
    began = time.monotonic()
    with up(data, "--port-base", str(base)) as process:
        is_up = time.monotonic() - began
        reported(address, key, "second")
        asyncio.run(until_task(settings, ends))
        took, spent, load = time.monotonic() - began, cpu(process.pid), os.getloadavg()[0]
    write(is_up, took, spent=spent, load=load)


def write(is_up: float, took: float, *, spent: float, load: float) -> None:
    """Put the measurement down."""
    PAGE.write_text(
        f"""# The second start

`pytest --long tests/faults/test_first_task.py`, {datetime.now(UTC):%Y-%m-%d}, {machine()}: a stack with everything on
(Kafka, Valkey, PostgreSQL, all stages, gateway, archive, notifier) is ended and brought up again on its folder, and a
gas leak is reported over HTTP as soon as the gateway takes it. Aimed at: {LIMIT_SECONDS} s on two quiet cores.

| until it says that it is up | until the department has the task on its topic | CPU until then | load |
|---|---|---|---|
| {is_up:.1f} s | {took:.1f} s | {spent:.1f} s | {load:.1f} |

CPU is that of all its processes together, and what counts where other work shares the machine: at a load above the
number of cores the wall time is no more than a bound.
""",
        encoding="utf-8",
    )
