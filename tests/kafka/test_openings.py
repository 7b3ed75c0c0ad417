"""A partition whose log has lost what it was about to read stops alone, and says so; one that missed nothing goes
on."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.protocol.admin import DeleteGroupsRequest

from engine.client.publish_pack import publish
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.reference import last_records
from engine.kafka.topic_admin import apply, existing
from engine.local.lag import lags_and_stopped
from engine.settings import Settings
from engine.stream.positions import MARKER
from tests.kafka.test_hostile_fetch import decided, metrics, send_good
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from topics import codec
from topics.registry import INCIDENTS, INTAKE_STATE, STATE
from topics.ticket import Marker


async def delete_all(settings: Settings, topic: str, *partitions: int) -> None:
    """Let retention take all that is there, transaction markers included."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(settings.prefix + topic, p): RecordsToDelete(before_offset=-1) for p in partitions}
        )
    finally:
        await admin.close()


async def forget_group(settings: Settings, stage: str) -> None:
    """What the broker does with a group's offsets after seven idle days; a member that was killed has to be missed
    first."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        node = await admin.find_coordinator(settings.prefix + stage)

        async def forgotten() -> bool:
            answer = await admin._send_request(DeleteGroupsRequest([settings.prefix + stage]), node)
            return all(code in (0, 69) for _, code in answer.results)  # done, or there is no such group

        await eventually(forgotten, 40, f"the group of {stage} is forgotten", every=0.5)
        assert not await admin.list_consumer_group_offsets(settings.prefix + stage)
    finally:
        await admin.close()


async def have(settings: Settings, count: int) -> bool:
    """Whether so many incidents are decided."""
    return len([one for one in await decided(settings) if one.cause == "incident"]) >= count


def check_one_stopped(port: int) -> None:
    """Metrics and readiness say which partition stands still, and that the others do not."""
    page = metrics(port)
    assert page['gridwhistle_partition_stopped{partition="1",stage="dispatch"}'] == 1
    assert page['gridwhistle_partitions_live{stage="dispatch"}'] == 2
    assert page['gridwhistle_alarms_total{kind="position_out_of_range"}'] == 1
    assert page['gridwhistle_ready{stage="dispatch"}'] == 0
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5)
    assert refused.value.code == 503
    said = refused.value.read().decode().splitlines()
    assert "[-]opened failed: 2 open; stopped until somebody mends them: 1" in said
    assert [line[:3] for line in said if line.startswith("[")] == ["[+]", "[-]", "[+]", "[+]", "[+]", "[+]"]


async def test_a_log_aged_to_its_end_is_gone_on_from_and_a_lost_record_stops_one_partition(
    stack_settings: Settings,
) -> None:
    """No group offset is left: positions stand behind the markers by themselves; what is lost unread stops its
    partition, the others decide on."""
    rig, settings = Rig(stack_settings), stack_settings
    try:
        await rig.prepare("guancheng")
        port = free_ports(1)
        rig.start("intake")
        rig.start("dispatch", metrics_port=port)
        await rig.ready()
        await send_good(settings, 1, 40, None)
        await eventually(lambda: have(settings, 40), 300, "all are decided", every=0.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz?verbose", timeout=5) as ready:
            assert ready.read().decode().splitlines()[-1] == "ready"
        await eventually(lambda: _stands_at_the_end(settings), 300, "positions stand behind the markers", every=0.5)
        rig.kill("dispatch-1")
        await forget_group(settings, "dispatch")
        await delete_all(settings, INCIDENTS.name, 0, 1, 2)
        rig.start("dispatch", metrics_port=port)
        await rig.ready("dispatch-1")
        rig.terminate("dispatch-1")
        await send_good(settings, 2, 40, None)
        await eventually(lambda: _waits(settings), 300, "each partition has unread incidents", every=0.5)
        await delete_all(settings, INCIDENTS.name, 1)
        await forget_group(settings, "dispatch")
        assert (await lags_and_stopped(settings))[1]["dispatch"] == 1
        rig.start("dispatch", metrics_port=port)
        await rig.ready("dispatch-1")
        await eventually(lambda: have(settings, 60), 300, "the others decide", every=0.5)
        assert rig.workers["dispatch-1"].alive
        check_one_stopped(port)
        rig.terminate("dispatch-1")
        assert (await lags_and_stopped(settings))[1]["dispatch"] == 1
        await check_state_made_anew(rig)
    finally:
        rig.close()


async def check_state_made_anew(rig: Rig) -> None:
    """Somebody deletes ``intake.state``, and its group has expired: no report is filed a second time, ``status`` says
    why without any process."""
    settings, port = rig.settings, free_ports(1)
    assert (await lags_and_stopped(settings))[1]["intake"] == 0
    rig.terminate("intake-1")
    await forget_group(settings, "intake")
    before = await _ends(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        await admin.delete_topics([settings.prefix + INTAKE_STATE.name])
    finally:
        await admin.close()

    async def is_gone() -> bool:
        return settings.prefix + INTAKE_STATE.name not in await existing(settings)

    await eventually(is_gone, 300, "the broker lets go of the name", every=0.5)
    await apply(settings, [])
    assert (await lags_and_stopped(settings))[1]["intake"] == settings.partitions
    rig.start("intake", metrics_port=port)
    await rig.ready("intake-1")
    page = metrics(port)
    assert [page[f'gridwhistle_partition_stopped{{partition="{n}",stage="intake"}}'] for n in range(3)] == [1, 1, 1]
    assert await _ends(settings) == before


async def _ends(settings: Settings) -> dict[int, int]:
    tps = [TopicPartition(settings.prefix + INCIDENTS.name, p) for p in range(settings.partitions)]
    async with KafkaLog(settings).reading(tps) as consumer:
        return {tp.partition: end for tp, end in (await consumer.end_offsets(tps)).items()}


async def _stands_at_the_end(settings: Settings) -> bool:
    """By the markers alone: nothing is left between a position and the end, not even a marker of a transaction."""
    last = await last_records(
        KafkaLog(settings), STATE.name, range(settings.partitions), lambda record: record.key == MARKER
    )
    stands = {number: codec.decode(record.value, Marker).positions.get(INCIDENTS.name, 0) for number, record in last}
    return await _ends(settings) == stands


async def _waits(settings: Settings) -> bool:
    return (await lags_and_stopped(settings))[0].get("dispatch", 0) >= 40


async def test_who_takes_over_knows_the_law_that_another_adopted(stack_settings: Settings, tmp_path: Path) -> None:
    """A worker that had no partition when the law changed takes over from one that is killed: it decides by the new
    law, and holds nothing."""
    settings = stack_settings.model_copy(update={"partitions": 1})
    rig, ports = Rig(settings), {name: free_ports(1) for name in ("dispatch-1", "dispatch-2")}
    law = tmp_path / "law"
    law.mkdir()
    (law / "pack.yaml").write_text("name: guancheng\nextends: guancheng\nmax_declines: 1\n")

    def owner() -> str | None:
        live = 'gridwhistle_partitions_live{stage="dispatch"}'
        return next((name for name, port in ports.items() if metrics(port).get(live)), None)

    try:
        former = await rig.prepare("guancheng")
        rig.start("intake")
        for number, port in enumerate(ports.values(), 1):
            rig.start("dispatch", number, metrics_port=port)
        await rig.ready()
        await send_good(settings, 1, 10, None)
        await eventually(lambda: have(settings, 10), 300, "decided by the first law", every=0.5)
        new = await publish(settings, str(law))
        assert new != former
        had = owner()
        assert had is not None
        rig.kill(had)
        await send_good(settings, 2, 10, None)
        await eventually(lambda: have(settings, 20), 300, "decided by whoever took over", every=0.5)
        ports.pop(had)
        decisions = await decided(settings)
        assert [one.why.pack for one in decisions if one.cause == "incident"] == [former] * 10 + [new] * 10
        assert not [one for one in decisions if one.cause == "held"]
        assert owner() is not None
    finally:
        rig.close()
