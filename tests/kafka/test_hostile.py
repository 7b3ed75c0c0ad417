"""Whatever is thrown at whichever topic of ours, every stage lives, every good record is decided once, every bad one
accounted for (DESIGN 5, 11)."""

import asyncio
import collections
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from engine.audit.report import audit
from engine.kafka.broker_time import engine_now
from engine.kafka.log_reader import read_log
from engine.kafka.reference import load_clock
from engine.local.lag import lags_and_stopped
from engine.settings import Settings
from tests.kafka.test_aged import cli
from tests.kafka.test_hostile_fetch import STAGES, decided, metrics, reasons, send_good
from tests.support import hostile
from tests.support.batches import CODECS, batch, send_raw
from tests.support.poison import report
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from tests.support.throwing import forged, send, throw_junk, throw_reports
from topics.decision import Decision
from topics.ids import home_of, partition_of
from topics.registry import COMMANDS, DECISIONS, RAW
from topics.vocabulary import REFUSALS, Reason

MEMORY = 400 * 1024 * 1024
"""What each stage's process may hold afterwards; unpacking one of the bombs alone took 1.3 GB."""

GOOD = 15
"""Sound ones by each codec."""

NEVER = ("past", "future", "law", "chief-law", "duty", "dept.ranqi.replies:0:0", "²", "\u202e")
"""Ids of commands that must be refused, whatever else."""


async def a_whistled_ticket(settings: Settings) -> Decision:
    """Some decision by which ranqi was called."""
    return next(
        one
        for one in await decided(settings)
        if any(e.type == "TaskDispatched" and e.facts["department"] == "ranqi" for e in one.events)
    )


async def answered(settings: Settings, replied: list[str]) -> bool:
    """Whether each reply came to a decision."""
    return set(replied) <= {one.command_id for one in await decided(settings)}


FEED = "source: clerk\nid: number\noccurred_at: when\ntext: words\nlocation: {grid: {column: grid, format: '{}'}}\n"


async def check_commands(rig: Rig, folder: Path) -> None:
    """The commands that read those topics work beside the junk."""
    (folder / "feed.yaml").write_text(FEED)
    (folder / "rows.csv").write_text(
        f"number,when,words,grid\n1,{datetime.now(UTC).isoformat()},a lamp is out,{report()['location']['grid']}\n"
    )
    commands = {
        ("feed", str(folder / "rows.csv"), "--pack", str(folder), "--speed", "0"): "1 rows sent: 1 have a ticket",
        ("report", "--text", "a lamp is out", "--grid", report()["location"]["grid"], "--id", "7"): "dongguannanli-",
        ("project", "--rebuild"): "they are the same",
        (
            "pack",
            "rebase",
            "--as",
            "chief:chief-1",
            "--reason",
            "new hours",
            "--dry-run",
        ): "open tickets are under another pack",
    }
    for words, said in commands.items():
        done = await asyncio.to_thread(cli, rig, *words)
        assert done.returncode == 0 and said in done.stdout, (words, done.stdout, done.stderr)


async def test_nothing_that_is_thrown_stops_a_stage(stack_settings: Settings, tmp_path: Path) -> None:
    """At every topic: live afterwards, also started anew; good ones decided once, bad ones told by reason; nothing
    held; bounded memory."""
    rig, settings = Rig(stack_settings), stack_settings
    ports = {stage: free_ports(1) for stage in STAGES}
    try:
        await rig.prepare("guancheng")
        for stage in STAGES:
            rig.start(stage, metrics_port=ports[stage])
        await rig.ready()
        for n, name in enumerate(CODECS):
            await send_good(settings, 100 + n, GOOD, None if name == "none" else name)
        good = GOOD * len(CODECS)
        await eventually(lambda: have(settings, good), 300, "the first tickets", every=0.5)
        thrown = await throw_all(settings)
        await send_good(settings, 200, 30, "zstd")
        good += 30 + thrown.taken
        await eventually(lambda: have(settings, good), 300, "every good record has its ticket", every=1.0)
        await eventually(lambda: worked_off(settings), 300, "everything is read", every=1.0)
        await check_decisions(settings, thrown)
        check_stages(rig, ports)
        await check_restart(rig, ports, good)
        await check_forged(settings, ports["fanout"])
        await check_commands(rig, tmp_path)
    finally:
        rig.close()


async def have(settings: Settings, count: int) -> bool:
    """Whether so many incidents are decided."""
    return len([one for one in await decided(settings) if one.cause == "incident"]) >= count


async def worked_off(settings: Settings) -> bool:
    """Whether every stage has read all, and none has stopped."""
    lags, stopped = await lags_and_stopped(settings)
    assert not any(stopped.values()), stopped
    # its inputs are many, and are not counted
    return set(STAGES) - {"replies"} <= set(lags) and not any(lags.values())


@dataclass(frozen=True, kw_only=True)
class Thrown:
    """What was thrown: positions and the reason owed to each; of junk, commands and replies; how many are reports all
    the same."""

    told: dict[str, str]
    taken: int
    owed: list[str]
    asked: list[str]
    replied: list[str]


async def throw_all(settings: Settings) -> Thrown:
    """The worst at every topic, commands and replies about a ticket for which somebody was called."""
    ticket = (await a_whistled_ticket(settings)).changes[0].ticket
    told, taken = await throw_reports(settings)
    owed = await throw_junk(settings)
    at, partition = engine_now(await load_clock(settings)), partition_of(home_of(ticket), settings.partitions)
    asked = await send(
        settings, COMMANDS.name, [(b"x", value, []) for value in hostile.commands(7, ticket, at)], partition
    )
    replied = await send(settings, "dept.ranqi.replies", [(b"x", value, []) for value in hostile.replies(ticket)], 2)
    unread = await send_raw(settings, "dept.ranqi.replies", 2, batch([b"junk"], bad_header_at=0), 1)
    replied += [f"dept.ranqi.replies:2:{unread}"]
    return Thrown(told=told, taken=taken, owed=owed, asked=asked, replied=replied)


async def check_decisions(settings: Settings, thrown: Thrown) -> None:
    """Each is answered once, by its reason; what must be refused is; nothing is held."""
    await eventually(lambda: answered(settings, thrown.replied), 300, "each reply has its decision", every=1.0)
    found = await reasons(settings)
    assert {position: dict(found).get(position) for position in thrown.told} == thrown.told
    assert len([position for position, _ in found if position.startswith(RAW.name)]) == len(thrown.told)
    decisions = await decided(settings)
    times, once = collections.Counter[str](one.id for one in decisions), (*thrown.owed, *thrown.asked)
    assert {position: times[position] for position in once} == dict.fromkeys(once, 1)
    reason_of: dict[str, str] = {one.id: one.reason for one in decisions}
    assert {reason_of[position] for position in thrown.owed} == {Reason.UNREADABLE}
    never = [one for one in decisions if one.command_id in NEVER]
    assert {one.command_id: one.reason for one in never if one.reason not in REFUSALS} == {}
    assert set(NEVER) <= {one.command_id for one in decisions}
    assert {
        position: len([one for one in decisions if one.command_id == position]) for position in thrown.replied
    } == dict.fromkeys(thrown.replied, 1)
    assert not [one.id for one in decisions if one.cause == "held"]


def check_stages(rig: Rig, ports: dict[str, int]) -> None:
    """All live, with all partitions and within their memory; what could not be read is counted."""
    for stage in STAGES:
        assert rig.workers[stage + "-1"].alive
        page = metrics(ports[stage])
        assert page[f'gridwhistle_partitions_live{{stage="{stage}"}}'] >= 3, stage
        assert not [name for name, value in page.items() if "held_total" in name and value], stage
        assert psutil.Process(rig.workers[stage + "-1"].process.pid).memory_info().rss < MEMORY, stage
    assert metrics(ports["projector"])['gridwhistle_unreadable_total{topic="tickets.decisions"}'] >= 3
    assert metrics(ports["intake"])['gridwhistle_alarms_total{kind="unreadable"}'] >= 3


async def check_restart(rig: Rig, ports: dict[str, int], good: int) -> None:
    """What is left of it after a restart: the states and the reference hold a stranger's junk."""
    settings = rig.settings
    for stage in STAGES:
        rig.terminate(stage + "-1")
        rig.start(stage, metrics_port=ports[stage])
    await rig.ready()
    await send_good(settings, 300, 20, None)
    await eventually(lambda: have(settings, good + 20), 300, "tickets go on after the restart", every=0.5)
    await eventually(lambda: worked_off(settings), 300, "everything is read after the restart", every=1.0)
    report = audit(await read_log(settings))
    found = (report.lost, report.doubled, report.missing, report.unexplained, report.early, report.held)
    assert found == (0,) * 6, report.problems
    assert report.state_errors == 0, report.problems
    assert report.clean


async def check_forged(settings: Settings, port: int) -> None:
    """Nor is fan-out stopped by what is sound in every member, and calls a department that has no topic."""

    def tasks() -> float:
        return metrics(port).get('gridwhistle_tasks_sent_total{department="ranqi"}', 0)

    for partition in range(3):
        await send(settings, DECISIONS.name, [(b"x", forged("tawan"), [])], partition)
    before = tasks()
    await send_good(settings, 400, 40, None)
    await eventually(lambda: tasks() > before, 300, "fan-out goes on", every=0.5)
    await eventually(lambda: worked_off(settings), 300, "nothing waits behind it", every=1.0)
