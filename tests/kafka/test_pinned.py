"""What somebody changes by hand under a running stack: the vault's key, and the number of partitions."""

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from engine.security.vault import key_id, load_master_key, make_master_key
from engine.settings import Settings
from tests.kafka.test_hostile_fetch import metrics, send_good
from tests.kafka.test_poison import read_all
from tests.support.rig import Rig, Worker, eventually
from tests.support.servers import free_ports
from topics.registry import INCIDENTS, RAW

COUNT = 12


class Accepting(Rig):
    """A rig whose workers may be told of a new key."""

    accepted = ""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"GRIDWHISTLE_ACCEPT_KEY": self.accepted}


async def refused(worker: Worker, *words: str) -> None:
    """It ends by itself, and says so."""
    await eventually(lambda: not worker.alive, 300, "it ends")
    said = worker.log.read_text()
    assert worker.process.returncode == 2, said[-2000:]
    assert all(word in said for word in words), said[-2000:]


async def grow(settings: Settings) -> None:
    """Somebody adds two partitions to the door's topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        await admin.create_partitions({settings.prefix + RAW.name: NewPartitions(settings.partitions + 2)})
    finally:
        await admin.close()


async def test_a_second_key_is_refused_and_added_partitions_are_read_by_nobody(stack_settings: Settings) -> None:
    """Both by name: at the start for good, while running with an alarm, and what was declared goes on."""
    rig, settings, port = Accepting(stack_settings), stack_settings, free_ports(1)

    async def placed(count: int) -> bool:
        return len(await read_all(settings, INCIDENTS.name, settings.partitions)) >= count

    try:
        await rig.prepare("guancheng")
        rig.start("intake")
        await rig.ready()
        await send_good(settings, 1, COUNT, None)
        await eventually(lambda: placed(COUNT), 300, "all are placed", every=0.5)
        rig.terminate("intake-1")
        former = key_id(load_master_key(settings.key_file))
        kept = settings.key_file.rename(settings.key_file.with_name(f"master.key.{former}"))
        make_master_key(settings.key_file)
        await refused(rig.start("intake"), "GRIDWHISTLE_MASTER_KEY_FILE", former)
        assert kept.exists()
        rig.accepted = key_id(load_master_key(settings.key_file))
        rig.start("intake", metrics_port=port)
        await rig.ready()
        await grow(settings)
        await eventually(
            lambda: metrics(port).get('gridwhistle_partitions_unread{stage="intake"}') == 2,
            60,
            "the alarm is seen",
            every=0.5,
        )
        assert metrics(port)['gridwhistle_alarms_total{kind="partitions_grown"}'] == 1
        await send_good(settings, 2, COUNT, None)
        await eventually(lambda: placed(2 * COUNT), 300, "what was declared goes on", every=0.5)
        assert metrics(port)['gridwhistle_partitions_live{stage="intake"}'] == settings.partitions
        await refused(rig.start("intake", 2), f"{settings.prefix}{RAW.name} has 5 partitions, more than 3")
    finally:
        rig.close()
