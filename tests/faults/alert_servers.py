"""What is done to the servers beside a running stack, or written behind its back, so that an alert must tell of it."""

import asyncio
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress

import psutil
from sqlalchemy import text

from engine.client.command_batches import give_many
from engine.client.publish_pack import prove
from engine.doors.store import Doors
from engine.kafka.broker_time import engine_now
from engine.kafka.clients import transactional
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.reference import Reference, put
from engine.local.folder import settings_of
from engine.security.connections import new_redis
from engine.stream.contracts import Out
from engine.stream.positions import load_state
from engine.stream.sending import send
from engine.views.redis_view import RedisView
from rules.rulepack.compiler import bundle_bytes, pack_ref
from tests.faults.alert_faults import flood, law, process, report, said
from tests.kafka.test_alerts import Watched
from tests.support.servers import free_ports
from tests.support.stacks import both, run, wait
from topics import codec
from topics.command import Actor, Command
from topics.ids import partition_of
from topics.pack import PackBundle
from topics.registry import STATE
from topics.ticket import Quota
from topics.vocabulary import REFUSALS, CommandKind, Role

HOME, LEAF = "tawan", "tawan-g1-m1"
FALSE = 5
"""Tickets that somebody writes into the books of a party."""


def beside(here: Watched, work: Callable[[], None], threads: int = 1) -> None:
    """Do something again and again until ``enough``."""
    here.kept["enough"] = enough = threading.Event()

    def run() -> None:
        while not enough.is_set():
            work()

    here.kept["beside"] = [threading.Thread(target=run) for _ in range(threads)]
    for one in here.kept["beside"]:
        one.start()
        time.sleep(0.5)  # not all at the same moment


def enough(here: Watched) -> None:
    """End it."""
    here.kept["enough"].set()
    for one in here.kept["beside"]:
        one.join(60)


def stutter(here: Watched) -> None:
    """The broker stands still most of the time, while reports come."""
    pid = process(here, "kafka")
    here.kept["kafka"] = pid

    def once() -> None:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1.6)
        os.kill(pid, signal.SIGCONT)
        with suppress(Exception):  # it may be too slow for one of them
            asyncio.run(report(here, "bins_full", LEAF, 3))

    beside(here, once)


def file_with_short_clocks(here: Watched) -> None:
    """A law by which an offer must be accepted within a minute, and tickets by it; then the broker stands still."""
    minute = "{U1: 1 minute, U2: 1 minute, U3: 1 minute, U4: 1 minute}"
    clocks = "\n".join(
        [
            f"  triage: {minute}",
            f"  accept: {minute}",
            "  contact: {U1: 30 minute, U2: 2 urgent_hour, U3: 1 work_day, U4: 1 work_day}",
            "  check: {U1: 30 minute, U2: 30 minute, U3: 30 minute, U4: 30 minute, complex: 1 work_day}",
            "  survey: {U1: 14 urgent_day, U2: 14 urgent_day, U3: 14 urgent_day, U4: 14 urgent_day}",
            "  report_in: {U1: 30 minute, U2: 1 urgent_hour, U3: 2 work_hour, U4: 4 work_hour}",
            "  forget: {U3: 35 urgent_day}",
        ]
    )
    said(here, "pack", "publish", str(law(here, "short", f"clocks:\n{clocks}\n")))
    before = filed(here)
    asyncio.run(report(here, "bins_full", LEAF, 30))
    wait(lambda: filed(here) >= before + 30, 60, "they are filed")
    here.kept["kafka"] = process(here, "kafka")
    os.kill(here.kept["kafka"], signal.SIGSTOP)


def filed(here: Watched) -> float:
    """How many tickets dispatch says it has filed."""
    return sum(float(one["value"][1]) for one in here.asked.query("sum(gridwhistle_filed_total)"))


def ask_in_vain(here: Watched) -> None:
    """Redis stands still while somebody at the desk asks for queues."""
    key = said(here, "keys", "add", "--as", "desk:desk-1").split()[-1]
    port = int(here.kafka.rpartition(":")[2]) + 5
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/queues", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert answer.status == 200
    here.kept["valkey"] = process(here, "valkey")
    os.kill(here.kept["valkey"], signal.SIGSTOP)

    def once() -> None:
        with suppress(OSError):
            urllib.request.urlopen(asked, timeout=60).close()

    beside(here, once, 20)


def answer_again(here: Watched) -> None:
    """It goes on, and whoever asks is answered; then they ask no more."""
    os.kill(here.kept["valkey"], signal.SIGCONT)
    enough(here)


def open_seats(here: Watched) -> None:
    """A second gateway on this machine, in which everybody may choose a seat."""
    bind = f"127.0.0.1:{free_ports(1)}"
    more = {"GRIDWHISTLE_GATEWAY_BIND": bind, "GRIDWHISTLE_GATEWAY_SEATS": "open"}
    here.kept["second"].start(here.data.parent / "seats", None, more, "gateway")


def close_seats(here: Watched) -> None:
    """The same without."""
    more = {"GRIDWHISTLE_GATEWAY_BIND": f"127.0.0.1:{free_ports(1)}"}
    here.kept["second"].start(here.data.parent / "seats", None, more, "gateway")


def fail_webhook(here: Watched) -> None:
    """Say of a webhook that it was paused since its receiver took nothing for days."""
    asyncio.run(_target(here, "INSERT INTO targets (id, state, why) VALUES ('webhook:wh_0', 'paused', 'failing')"))


def mend_webhook(here: Watched) -> None:
    """Let it go on."""
    asyncio.run(_target(here, "DELETE FROM targets WHERE id = 'webhook:wh_0'"))


async def _target(here: Watched, statement: str) -> None:
    doors = Doors(settings_of(here.data))
    async with doors.engine.begin() as connection:
        await connection.execute(text(statement))
    await doors.close()


def publish_half(here: Watched) -> None:
    """Two dispatches, and a publication that ends when half of the partitions have the new law."""
    here.kept["second"].start(here.data.parent / "dispatch", None, {}, "dispatch")
    wait(
        lambda: {one["value"][1] for one in here.asked.query('gridwhistle_partitions_live{stage="dispatch"}')} == {"3"},
        90,
        "both have their share",
    )
    asyncio.run(_half(here, prove(str(law(here, "half", "max_declines: 1\n")))))


async def _half(here: Watched, bundle: PackBundle) -> None:
    settings, ref = settings_of(here.data), pack_ref(bundle)
    reference = Reference(settings)
    await reference.refresh()
    assert reference.clock is not None
    await put(settings, {ref: bundle_bytes(bundle)})
    actor, at = Actor(Role.CHIEF, "chief-1"), engine_now(reference.clock)
    commands = [
        (p, Command(id=f"adopt:{ref}:{p}:{at}", kind=CommandKind.ADOPT_PACK, actor=actor, accepted_at=at, pack=ref))
        for p in range(settings.partitions // 2)
    ]
    decided = [decision.reason async for decision in give_many(settings, commands, 20)]
    assert len(decided) == len(commands) and not set(decided) & set(REFUSALS), decided


def publish_whole(here: Watched) -> None:
    """The same publication run again, and one dispatch alone."""
    said(here, "pack", "publish", str(here.data.parent / "half"))
    here.kept["second"].stop()


def false_place(here: Watched) -> None:
    """Somebody writes into Redis that the projector has come further than the log goes."""
    settings = settings_of(here.data)
    with new_redis(settings) as client:
        client.hset(f"{RedisView(settings).prefix}positions", "0", str(10**9))
    os.kill(process(here, "projector"), signal.SIGKILL)


def made_anew(here: Watched) -> None:
    """The view made anew from the log, and the projector started again, as its page says."""
    done = run("project", "--rebuild", data=here.data)
    assert done.returncode == 1, both(done)  # it says that the running view differed, as it did
    os.kill(process(here, "projector"), signal.SIGKILL)


def redis_full(here: Watched) -> None:
    """Redis has no room for another row."""
    with new_redis(settings_of(here.data)) as client:
        client.config_set("maxmemory", "1")
    asyncio.run(report(here, "bins_full", LEAF, 1))


def redis_roomy(here: Watched) -> None:
    """It has again."""
    with new_redis(settings_of(here.data)) as client:
        client.config_set("maxmemory", "0")


def false_books(here: Watched) -> None:
    """Somebody writes tickets that there never were into a home's books, as dispatch would write them."""
    asyncio.run(report(here, "bins_full", LEAF, 5))
    wait(lambda: asyncio.run(_books(here)) is not None, 60, "the home has books")
    asyncio.run(_write_books(here, FALSE))


def true_books(here: Watched) -> None:
    """Take them out again."""
    asyncio.run(_write_books(here, -FALSE))


async def _books(here: Watched) -> Quota | None:
    settings, found = settings_of(here.data), list[Quota]()

    def take(key: bytes, value: bytes | None) -> None:
        if key == b"q:" + HOME.encode() and value is not None:
            found.append(codec.decode(value, Quota))

    number = partition_of(HOME, settings.partitions)
    await load_state(KafkaLog(settings), STATE.name, number, take, lambda offset, why: None)
    return found[-1] if found else None


async def _write_books(here: Watched, by: int) -> None:
    """In dispatch's own name, which is fenced by it and opens again at the next report."""
    settings, books = settings_of(here.data), await _books(here)
    assert books is not None
    number, party = partition_of(HOME, settings.partitions), min(books.counts)
    books.counts[party] += by
    producer = transactional(settings, f"dispatch.p{number}")
    await producer.start()
    async with producer.transaction():
        record = Out(STATE.name, number, b"q:" + HOME.encode(), codec.encode(books))
        for ack in await send(producer, settings.prefix, [record]):
            await ack
    await producer.stop()
    await report(here, "bins_full", LEAF, 1)


def flood_without_archive(here: Watched) -> None:
    """PostgreSQL stands still, and more comes than the stages take in seconds."""
    server = psutil.Process(process(here, "postgres"))
    here.kept["postgres"] = [server, *server.children(recursive=True)]
    for one in here.kept["postgres"]:
        one.suspend()
    flood(here)


def archive_again(here: Watched) -> None:
    """PostgreSQL goes on."""
    for one in here.kept["postgres"]:
        with suppress(psutil.NoSuchProcess):
            one.resume()
