"""Opening: fence, load, see that the log still fits, prove that we may write; an alarm and a stop, never a reset."""

import asyncio

import pytest
from aiokafka import TopicPartition

from engine.errors import PackNotThere
from engine.kafka.driver_errors import KafkaFault
from engine.stream.contracts import Out
from engine.stream.limits import IDLE_SECONDS
from tests.support.loop_rig import LoopRig
from tests.support.still_time import still, until
from topics.registry import COMMANDS, INCIDENTS, STATE


@still
async def test_a_first_opening_writes_its_marker_and_begins_at_the_beginning() -> None:
    """The marker proves that we may write, and teaches the broker's time."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        marker = rig.marker()
        assert (marker.positions, marker.at) == ({}, 0)
        assert worker.opening().time.now() > 0
        assert worker.steps.passed["fenced"] == worker.steps.passed["loaded"] == worker.steps.passed["opened"] == 1


@still
async def test_what_was_there_before_and_what_comes_is_decided_in_order() -> None:
    """Each once; state and positions are of the same transaction."""
    async with LoopRig() as rig:
        await rig.send("a", "b")
        await rig.worker().start()
        await rig.all_decided()
        await rig.send("c")
        await rig.all_decided()
        assert rig.ids() == [f"commands:0:{n}" for n in range(3)]
        assert rig.marker().positions[COMMANDS.name] == 3
        await until(lambda: rig.log.stands == {("gw.dispatch", TopicPartition("gw.commands", 0)): 3})


@still
async def test_the_next_process_goes_on_where_the_state_stands() -> None:
    """It loads what was decided, and decides the rest."""
    async with LoopRig() as rig:
        await rig.send("a", "b")
        first = await rig.worker().start()
        await rig.all_decided()
        await first.stop()
        await rig.send("c")
        second = await rig.worker("w2").start()
        await rig.all_decided()
        assert set(second.cores[0].done) == {"commands:0:0", "commands:0:1", "commands:0:2"}


@still
async def test_markers_and_aborted_records_are_passed_and_the_position_stands_behind_them() -> None:
    """With the step where nothing else waits; else once it has been idle for a while."""
    async with LoopRig() as rig:
        await rig.send("a", topic=INCIDENTS)
        await rig.worker().start()
        await rig.all_decided()
        assert rig.marker().positions[INCIDENTS.name] == 2
        await rig.transaction([Out(INCIDENTS.name, 0, b"k", b"lost")] * 3, abort=True)
        took = await until(lambda: rig.marker().positions[INCIDENTS.name] == 6)
        assert took < IDLE_SECONDS + 2.5
        assert rig.ids() == ["incidents:0:0"]


@still
async def test_an_idle_partition_looks_for_work_as_often_as_it_settles_and_at_once_when_something_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fifty partitions that look every second are a share of a core for nothing."""
    async with LoopRig() as rig:
        opening = (await rig.worker().start()).opening()
        looked, has_work = [0], opening.has_work

        async def counted() -> bool:
            looked[0] += 1
            return bool(await has_work())

        monkeypatch.setattr(opening, "has_work", counted)
        await asyncio.sleep(60)
        assert looked[0] <= 60 / IDLE_SECONDS + 2
        await rig.send("a")
        assert await rig.all_decided() < 1.0


@still
async def test_a_position_that_the_log_no_longer_holds_stops_that_partition_alone() -> None:
    """Nothing is skipped in silence: somebody must restore the topic."""
    async with LoopRig(2) as rig:
        for number in range(2):
            await rig.send("a", "b", "c", "d", partition=number)
        first = await rig.worker().start()
        await rig.all_decided()
        await first.stop()
        for number in range(2):
            await rig.send("e", "f", partition=number)
        rig.log.delete_before(COMMANDS.name, 0, 5)
        second = await rig.worker("w2").start()
        await until(lambda: "commands:1:5" in rig.ids())
        assert second.counted("alarms", "position_out_of_range") == 1
        assert "our state stands at 4, the log holds 5 to 6" in str(second.loop.slots[0].stopped_by)
        assert rig.ids(0) == [f"commands:0:{n}" for n in range(4)]


@still
async def test_what_retention_takes_while_we_run_stops_the_partition() -> None:
    """The fetch says it, and the others go on."""
    async with LoopRig(2) as rig:
        worker = await rig.worker().start()
        for number in range(2):
            worker.reader.pause(*worker.opening(number).tps)
            await rig.send("a", "b", partition=number)
        rig.log.delete_before(COMMANDS.name, 0, 1)
        for number in range(2):
            worker.reader.resume(*worker.opening(number).tps)
        await until(lambda: len(rig.ids(1)) == 2)
        assert "no longer holds offset 0" in str(worker.loop.slots[0].stopped_by)
        assert (worker.loop.ready, rig.ids(0)) == (True, [])


@still
async def test_state_without_its_marker_stops() -> None:
    """To begin anew would decide everything a second time."""
    async with LoopRig() as rig:
        await rig.transaction([Out(STATE.name, 0, b"s:x", b"taken")])
        rig.sent.clear()
        await rig.send("a")
        worker = await rig.worker().start()
        assert "has lost the marker" in str(worker.loop.slots[0].stopped_by)
        assert rig.ids() == []


@still
async def test_decisions_without_any_state_stop() -> None:
    """The state topic was made anew beside a log that knows what was decided."""
    async with LoopRig() as rig:
        await rig.send("a")
        first = await rig.worker().start()
        await rig.all_decided()
        await first.stop()
        rig.log.create(STATE.name, 1, STATE.max_bytes)
        second = await rig.worker("w2").start()
        assert "there is work of that partition on the log" in str(second.loop.slots[0].stopped_by)
        assert rig.ids() == ["commands:0:0"]


@still
async def test_a_state_that_is_older_than_the_decisions_stops() -> None:
    """Whatever the group knows: each transaction writes both."""
    async with LoopRig() as rig:
        await rig.send("a")
        first = await rig.worker().start()
        await rig.all_decided()
        kept = [(one.key, one.value) for one in rig.log.all(STATE.name, 0)]
        await rig.send("b")
        await rig.all_decided()
        await first.stop()
        rig.log.create(STATE.name, 1, STATE.max_bytes)
        await rig.transaction([Out(STATE.name, 0, key, value) for key, value in kept])
        rig.log.stands.clear()
        second = await rig.worker("w2").start()
        assert "has lost records" in str(second.loop.slots[0].stopped_by)


@still
async def test_a_group_that_stands_further_than_the_state_stops() -> None:
    """And one whose offsets have expired does not: nothing rests on them."""
    async with LoopRig(2) as rig:
        for number in range(2):
            await rig.send("a", partition=number)
        first = await rig.worker().start()
        await rig.all_decided()
        await first.stop()
        rig.log.stands = {key: 9 for key in rig.log.stands if key[1].partition == 0}
        await rig.send("b", partition=1)
        second = await rig.worker("w2").start()
        assert "the group stands at 9, our state only at 1" in str(second.loop.slots[0].stopped_by)
        await until(lambda: rig.ids(1) == ["commands:1:0", "commands:1:1"])


@still
async def test_a_strangers_junk_in_the_state_is_passed_by_and_told() -> None:
    """Written outside of any transaction, as nothing of ours is."""
    async with LoopRig() as rig:
        rig.log.append(STATE.name, 0, b"junk", b"?")
        rig.log.spoil(STATE.name, 0, "the checksum is wrong")
        await rig.send("a")
        worker = await rig.worker().start()
        await rig.all_decided()
        assert worker.counted("unreadable", STATE.name) == 2


@still
async def test_a_state_record_of_ours_that_cannot_be_read_stops() -> None:
    """A damaged disk, or our own fault: nobody decides on half a state."""
    async with LoopRig() as rig:
        rig.log.spoil(STATE.name, 0, "the checksum is wrong", loose=False)
        worker = await rig.worker().start()
        assert worker.counted("alarms", "own_record_unreadable") == 1


@still
async def test_an_input_of_our_own_that_cannot_be_read_stops_and_a_strangers_is_decided_as_such() -> None:
    """On commands anybody may write; incidents are intake's."""
    async with LoopRig() as rig:
        rig.log.spoil(COMMANDS.name, 0, "the checksum is wrong", offsets=3)
        worker = await rig.worker().start()
        await until(lambda: rig.ids() == ["commands:0:2"])
        assert rig.marker().positions[COMMANDS.name] == 3
        rig.log.spoil(INCIDENTS.name, 0, "the checksum is wrong", loose=False)
        await until(lambda: worker.loop.slots[0].stopped_by is not None)
        assert "incidents:0:0 is ours and cannot be read" in str(worker.loop.slots[0].stopped_by)


@still
async def test_a_pack_that_is_not_there_is_waited_for_and_blames_no_cause() -> None:
    """With growing pauses, and an alarm for each opening in vain."""
    async with LoopRig() as rig:
        worker, asked = rig.worker(), []

        async def packs(refs: object) -> None:
            asked.append(refs)
            if len(asked) < 4:
                raise PackNotThere("p@1")

        worker.packs = packs
        await rig.send("a")
        await worker.start()
        await rig.all_decided()
        assert (worker.counted("alarms", "pack_not_there"), worker.held) == (3, set())


@still
async def test_an_opening_that_cannot_write_is_tried_again_and_decides_nothing_before() -> None:
    """Its first commit proves that we may."""
    async with LoopRig() as rig:
        await rig.send("a")
        rig.log.faults.at("commit", KafkaFault("no"), times=3)
        worker = await rig.worker().start()
        assert worker.counted("openings", "dispatch", "failed") == 3
        await rig.all_decided()
        assert [what for what in rig.log.faults.passed if what.startswith("start gw.dispatch")] == [
            "start gw.dispatch.p0"
        ] * 4


@pytest.mark.parametrize("step", ["start", "begins", "ends", "stands"])
def test_a_broker_that_is_away_while_we_open_is_waited_for(step: str) -> None:
    """Whatever it was asked."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            await rig.send("a")
            fault = rig.log.faults.at(step, KafkaFault("away"), times=2)
            worker = await rig.worker().start()
            await rig.all_decided()
            assert (fault.times, worker.counted("openings", "dispatch", "opened")) == (0, 1)

    story()


@pytest.mark.parametrize("step", ["start", "ends", "commit"])
def test_what_the_driver_cancels_by_itself_ends_no_partition(step: str) -> None:
    """It awaits tasks that it has just cancelled: that is a fault like any other, not the end of who opens."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            await rig.send("a")
            rig.log.faults.at(step, asyncio.CancelledError())
            worker = await rig.worker().start()
            await rig.all_decided()
            assert worker.counted("openings", "dispatch", "failed") == 1

    story()


@still
async def test_a_partition_whose_log_was_emptied_to_its_end_goes_on() -> None:
    """Nothing readable has gone: what the position stands behind is what retention took."""
    async with LoopRig() as rig:
        await rig.send("a", "b")
        await rig.send("c", topic=INCIDENTS)
        first = await rig.worker().start()
        await rig.all_decided()
        await first.stop()
        rig.log.delete_before(COMMANDS.name, 0, 2)
        rig.log.delete_before(INCIDENTS.name, 0, 2)
        second = await rig.worker("w2").start()
        await rig.send("d")
        await until(lambda: "commands:0:2" in rig.ids())
        assert second.loop.slots[0].stopped_by is None
