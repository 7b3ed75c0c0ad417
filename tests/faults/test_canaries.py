"""Ten thousand reports full of canaries through a whole stack; who is forgotten is gone from the brokers' disks."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from engine.local.folder import settings_of
from engine.security.vault import load_vault
from engine.settings import Settings
from tests.faults.results import Row, machine, write
from tests.kafka.test_gateway import canary_ways
from tests.support import canaries
from tests.support.canaries import Searched
from tests.support.canary_run import run
from tests.support.servers import free_ports
from tests.support.stacks import both, up, wait
from tests.support.stacks import run as command
from topics.registry import VAULT

COUNT, PEOPLE = 10_000, 25


@pytest.mark.long
def test_ten_thousand_canaries_are_in_the_raw_topic_alone(tmp_path: Path) -> None:
    """And of who is forgotten nothing can be opened any more, from the vault's old segments neither."""
    data, base = tmp_path / "stack", free_ports(20)
    with up(data, "--port-base", str(base)), canary_ways(data, f"http://127.0.0.1:{base + 5}") as ways:
        settings = settings_of(data)
        gone = [canaries.mobile(person * 4) for person in range(PEOPLE)]
        found = run(
            settings,
            data,
            ways,
            COUNT,
            people=PEOPLE,
            export=lambda searched: exported(data, searched),
            compacted=lambda: compacted(settings, gone),
        )
    print(found)
    remarks = "; ".join(f"{name} {value}" for name, value in found.items() if name not in ("incidents", "tickets"))
    write(
        Row(
            "canaries in ten thousand reports",
            injected="canaries in every field, text, address and attribute",
            incidents=found["incidents"],
            tickets=found["tickets"],
            commands="–",
            clocks="–",
            tasks="–",
            referred="–",
            lost="–",
            doubled="–",
            early="–",
            remarks=f"found outside of the raw topic and the sealed vault: 0, before and after; {remarks}",
        ),
        machine(),
    )


def exported(data: Path, searched: Searched) -> None:
    """What is written for spreadsheets and people: the law of another share told over all of it."""
    law, table = data.parent / "shares", data.parent / "moved.csv"
    law.mkdir(exist_ok=True)
    shares = (("red_property", 10), ("residents", 60), ("specialist", 20), ("backstop", 10))
    lines = [f"  - {{code: {code}, share: {share}, label: {code}, label_zh: x}}" for code, share in shares]
    (law / "pack.yaml").write_text("\n".join(["extends: guancheng", "shares:", *lines, ""]))
    done = command("replay", "--pack", str(law), "--csv", str(table), data=data)
    assert done.returncode == 0, both(done)
    searched.look("csv", table.read_bytes())
    searched.look("terminal", both(done).encode())
    assert {"csv"} <= searched.controls


def compacted(settings: Settings, gone: list[str]) -> None:
    """Have the broker compact now what it compacts within a day, and wait until nothing of them opens."""
    asyncio.run(hurried(settings))
    vault = load_vault(settings.key_file)

    def is_gone() -> bool:
        asyncio.run(touched(settings))
        on_disk = canaries.open_all(vault, iter(asyncio.run(canaries.last_of_vault(settings, physical=True))))
        return not any(number in text for text in on_disk for number in gone)

    wait(is_gone, 180, "the broker has dropped the keys")


async def hurried(settings: Settings) -> None:
    """Settings of the vault's topic that compact at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    wanted = {
        **VAULT.settings(),
        "max.compaction.lag.ms": "1000", "min.cleanable.dirty.ratio": "0.0001", "segment.ms": "1000",
    }  # fmt: skip
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.prefix + VAULT.name, wanted)])
    await admin.close()


async def touched(settings: Settings) -> None:
    """A segment is closed by the next record; a stranger's tombstone of nothing is one."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all")
    await producer.start()
    for number in range(settings.partitions):
        await producer.send_and_wait(settings.prefix + VAULT.name, None, key=b"nothing", partition=number)
    await producer.stop()
    await asyncio.sleep(2)
