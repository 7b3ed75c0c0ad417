"""Retention has taken everything that was ever said: stages, views and tools live on by what the states hold (DESIGN 3,
5)."""

import asyncio
import json
import subprocess
import sys
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from engine.settings import Settings
from engine.views.from_state import image_of
from engine.views.redis_view import RedisView
from tests.kafka.test_hostile_fetch import STAGES, decided, metrics, send_good
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from topics import codec
from topics.registry import TOPICS, Compact, department_topics
from topics.ticket import Ticket

FIRST, SECOND = 30, 20


def cli(rig: Rig, *words: str) -> subprocess.CompletedProcess[str]:
    """One command of the product on the rig's stack."""
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *words],
        env=rig.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def age_all(settings: Settings) -> None:
    """What retention does to every topic that it may drop records of, all at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        kept = {
            settings.prefix + spec.name
            for spec in (*TOPICS, *department_topics("x"))
            if isinstance(spec.clean_up, Compact)
        }
        names = [name for name in await admin.list_topics() if name.startswith(settings.prefix) and name not in kept]
        described = await admin.describe_topics(names)
        tps = [TopicPartition(one["topic"], part["partition"]) for one in described for part in one["partitions"]]
        await admin.delete_records({tp: RecordsToDelete(before_offset=-1) for tp in tps})
    finally:
        await admin.close()


async def tickets(settings: Settings) -> dict[str, Ticket]:
    """Everything that the state holds."""
    images = [await image_of(settings, partition) for partition in range(settings.partitions)]
    return {name: codec.decode(value, Ticket) for image in images for name, value in image.tickets.items()}


async def rows(view: RedisView) -> set[str]:
    """Everything that has a row."""
    return set(await view.names())


async def shows(view: RedisView, count: int) -> bool:
    """Whether so many have a row."""
    return len(await rows(view)) >= count


async def test_every_stage_view_and_tool_lives_on_a_log_that_has_aged_away(stack_settings: Settings) -> None:
    """All topics emptied and Redis lost while the stack was down: everything goes on, nothing is missed, nothing is
    cried over."""
    rig, settings, view = Rig(stack_settings), stack_settings, RedisView(stack_settings)
    port = free_ports(1)
    try:
        await rig.prepare("guancheng")
        for stage in STAGES:
            rig.start(stage)
        await rig.ready()
        await send_good(settings, 1, FIRST, None)
        await eventually(lambda: shows(view, FIRST), 300, "all are in the view", every=0.5)
        await asyncio.sleep(7)  # an idle while: positions are put behind the markers of the last transactions
        for name in list(rig.workers):
            rig.terminate(name)
        before = await tickets(settings)
        await age_all(settings)
        await view.drop()
        for stage in STAGES:
            rig.start(stage, metrics_port=port if stage == "projector" else 0)
        await rig.ready()
        await eventually(lambda: shows(view, FIRST), 300, "the view is made of the state", every=0.5)
        assert await rows(view) == set(before)
        assert metrics(port)['gridwhistle_alarms_total{kind="view_rebuilt"}'] >= 1
        assert "gridwhistle_partition_stopped" not in " ".join(metrics(port))
        old = next(name for name, ticket in before.items() if ticket.filed_at is not None)
        await check_tools(rig, old, before[old].identity)
        await send_good(settings, 2, SECOND, None)
        await eventually(lambda: shows(view, FIRST + SECOND), 300, "what comes now is decided and shown", every=0.5)
        assert len([one for one in await decided(settings) if one.cause == "incident"]) == SECOND
        assert all(worker.alive for worker in rig.workers.values())
        await check_rebuild(rig)
        await check_audit(rig)
        await check_signed_off(rig)
        await check_rebuild_of_nothing(rig, view)
    finally:
        await view.close()
        rig.close()


async def check_rebuild(rig: Rig) -> None:
    """The view made anew is the one that stands."""
    again = await asyncio.to_thread(cli, rig, "project", "--rebuild")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "they are the same" in again.stdout


async def check_tools(rig: Rig, old: str, identity: str) -> None:
    """An open ticket whose filing has aged away is shown by id and by identity, with word of from when its history is
    known."""
    for name in (old, identity):
        shown = await asyncio.to_thread(cli, rig, "ticket", "show", name)
        assert shown.returncode == 0, shown.stderr
        assert old in shown.stdout and "no longer on the log" in shown.stdout
    told = await asyncio.to_thread(cli, rig, "explain", old)
    assert (told.returncode, "no longer on the log" in told.stdout) == (0, True), told.stderr


async def check_audit(rig: Rig) -> None:
    """Nothing is wrong, and it says from when it vouches for that."""
    done = await asyncio.to_thread(cli, rig, "audit", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, found["problems"], found["clean"]) == (0, {}, True)
    assert found["tickets"] == SECOND
    assert found["vouches_from"] > 0
    told = await asyncio.to_thread(cli, rig, "explain", "--all", "--json")
    assert (told.returncode, json.loads(told.stdout)["disagree"]) == (0, 0), told.stdout + told.stderr


async def check_signed_off(rig: Rig) -> None:
    """Signed off, then aged to the end once more: the next audit begins there, and knows every ticket that stood."""
    signed = await asyncio.to_thread(cli, rig, "audit", "--sign-off")
    assert signed.returncode == 0 and "signed off:" in signed.stderr, signed.stdout + signed.stderr
    await age_all(rig.settings)
    done = await asyncio.to_thread(cli, rig, "audit", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, found["problems"]) == (0, {}), done.stderr
    assert found["vouches_from"] == found["signed_off"]["at"] > 0
    assert found["signed_off"]["tickets"] == len(await tickets(rig.settings))


async def check_rebuild_of_nothing(rig: Rig, view: RedisView) -> None:
    """An empty view is not 'the same', nor one that stands behind the log's end: it differs, and is put in place."""
    rig.terminate("projector-1")
    await view.drop()
    await view.redis.hset(f"{view.prefix}positions", "0", "1000000")
    done = await asyncio.to_thread(cli, rig, "project", "--rebuild")
    assert (done.returncode, "the rebuilt one is in place" in done.stdout) == (1, True), done.stdout + done.stderr
    assert "made from another log" in done.stdout
    assert len(await rows(view)) == FIRST + SECOND and (await view.positions())[0] < 1_000_000
