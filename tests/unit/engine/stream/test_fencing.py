"""Fencing: whoever opens last decides; of a former owner who does not know it yet, nothing is ever read."""

import asyncio

from engine.stream.contracts import Out
from tests.support.loop_rig import LoopRig, Worker
from tests.support.still_time import now, still, until
from topics.registry import COMMANDS


async def owner_lost_in_its_step(rig: LoopRig, point: str) -> tuple[Worker, Worker]:
    """A worker that stands still at a step, whose session ends meanwhile, and another that takes over."""
    first = await rig.worker().start()
    gate = asyncio.Event()
    rig.log.faults.at(point, gate.wait, who="dispatch.p0")
    await rig.send("a", "b")
    await until(lambda: rig.log.faults.left() == 0)
    rig.log.groups["gw.dispatch"].lose(first.reader)
    second = await rig.worker("w2").start()
    await rig.all_decided()
    gate.set()
    return first, second


@still
async def test_a_former_owner_between_send_and_commit_writes_nothing() -> None:
    """It was asleep; what it had sent is aborted by the new owner's opening, what it sends now is refused."""
    async with LoopRig() as rig:
        first, second = await owner_lost_in_its_step(rig, "ack")
        await until(lambda: first.counted("openings", "dispatch", "fenced") == 1)
        assert rig.ids() == ["commands:0:0", "commands:0:1"]
        assert second.counted("openings", "dispatch", "fenced") == 0
        assert rig.log.all(COMMANDS.name, 0)[-1].offset == 1


@still
async def test_a_former_owner_at_its_commit_commits_nothing() -> None:
    """The last moment at which it can be told."""
    async with LoopRig() as rig:
        first, _ = await owner_lost_in_its_step(rig, "commit")
        await until(lambda: first.counted("openings", "dispatch", "fenced") == 1)
        assert rig.each_once()


@still
async def test_a_former_owner_before_its_first_send_begins_nothing() -> None:
    """Beginning asks nobody; the first record does."""
    async with LoopRig() as rig:
        first, _ = await owner_lost_in_its_step(rig, "begin")
        await until(lambda: first.counted("openings", "dispatch", "fenced") == 1)
        assert rig.each_once()


@still
async def test_who_was_fenced_waits_twice_a_session_before_it_opens_again() -> None:
    """The group tells it within its session, or it is the owner after all."""
    async with LoopRig(session_timeout_seconds=6) as rig:
        worker = await rig.worker().start()
        stranger = rig.log.writer("dispatch.p0")
        await stranger.start()
        await rig.send("a")
        await until(lambda: worker.counted("openings", "dispatch", "fenced") == 1)
        fenced_at = now()
        await rig.all_decided()
        assert 11.8 < now() - fenced_at < 13.0
        assert worker.counted("openings", "dispatch", "opened") == 2


@still
async def test_two_who_believe_to_own_a_partition_decide_each_record_once() -> None:
    """The first opens again and fences the second, until its group tells it otherwise."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        rig.log.groups["gw.dispatch"].lose(first.reader)
        await rig.worker("w2").start()
        for n in range(40):
            await rig.send(f"a{n}")
            await asyncio.sleep(0.7)
        await rig.all_decided()
        assert first.counted("openings", "dispatch", "fenced") >= 1


@still
async def test_a_killed_owners_open_transaction_hides_nothing_once_the_next_has_opened() -> None:
    """Fifteen seconds of time-out are not waited for."""
    async with LoopRig() as rig:
        first = await rig.worker().start()
        first.steps.on("acked", first.kill)
        await rig.send("a")
        await until(lambda: first.is_dead)
        await rig.worker("w2").start()
        assert await rig.all_decided() < 5.0


@still
async def test_an_open_transaction_of_a_stage_before_keeps_its_records_from_being_decided() -> None:
    """Until it is committed, or its time is out and it is aborted."""
    async with LoopRig() as rig:
        await rig.worker().start()
        before = rig.log.writer("before.p0")
        await before.start()
        await before.begin_transaction()
        batch = before.create_batch()
        batch.append(key=b"k", value=b"lost", headers=[])
        await before.send_batch(batch, rig.log.prefix + "incidents", partition=0)
        other = rig.log.writer("before.p1")
        await other.start()
        await other.begin_transaction()
        batch = other.create_batch()
        batch.append(key=b"k", value=b"behind", headers=[])
        await (await other.send_batch(batch, rig.log.prefix + "incidents", partition=0))
        await other.commit_transaction()
        await asyncio.sleep(10)
        assert rig.ids() == []
        took = await until(lambda: rig.ids() == ["incidents:0:1"])
        assert 4.0 < took < 7.0


@still
async def test_what_was_aborted_before_us_is_never_decided() -> None:
    """Between two that were committed."""
    async with LoopRig() as rig:
        await rig.transaction([Out("incidents", 0, b"k", b"1")])
        await rig.transaction([Out("incidents", 0, b"k", b"poison")], abort=True)
        await rig.transaction([Out("incidents", 0, b"k", b"2")])
        worker = await rig.worker().start()
        await rig.all_decided()
        assert (rig.ids(), worker.held) == (["incidents:0:0", "incidents:0:4"], set())
