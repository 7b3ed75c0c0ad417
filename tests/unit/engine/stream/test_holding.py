"""What cannot be decided or written in three openings is set aside alone; what is the broker's fault never is."""

import pytest

from engine.kafka.driver_errors import KafkaFault
from engine.stream.limits import HELD_AFTER
from tests.support.loop_rig import LoopRig
from tests.support.still_time import still, until
from topics.registry import DECISIONS


def what(rig: LoopRig) -> dict[str, str]:
    """What became of each cause."""
    return {one.id: one.what for one in rig.decided()}


@still
async def test_a_record_that_raises_is_held_after_three_openings_and_the_others_are_decided() -> None:
    """Behind it and before it, each once."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        await rig.send("a", "poison", "b")
        await rig.all_decided()
        assert what(rig) == {"commands:0:0": "taken", "commands:0:1": "held", "commands:0:2": "taken"}
        assert (worker.counted("held", "dispatch"), worker.counted("openings", "dispatch", "failed")) == (1, HELD_AFTER)


@still
async def test_a_clock_that_raises_is_held_as_well() -> None:
    """And the clocks behind it fire."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        await rig.send("poison clock:5000", "clock:6000")
        await until(lambda: len(what(rig)) == 4)
        assert what(rig)["clock:!commands:0:0"] == "held"
        assert what(rig)["clock:commands:0:1"] == "fired"
        assert worker.counted("held", "dispatch") == 1


@pytest.mark.parametrize("value", ["large", "refused"])
def test_what_follows_from_one_cause_and_no_topic_takes_is_traced_to_it(value: str) -> None:
    """Known before anything is begun, or said by the broker of the batch: the step is halved until it stands alone."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            if value == "refused":
                for number in (0,):
                    rig.log.create(DECISIONS.name, number + 1, 500_000)
            worker = await rig.worker().start()
            await rig.send(*[f"a{n}" for n in range(20)], value, *[f"b{n}" for n in range(20)])
            await rig.all_decided()
            held = [name for name, how in what(rig).items() if how == "held"]
            assert held == ["commands:0:20"]
            assert (worker.held, worker.counted("held", "dispatch")) == ({"commands:0:20"}, 1)
            assert worker.loop.slots[0].pace.budget > 1

    story()


@still
async def test_an_outage_of_ten_openings_holds_nobody() -> None:
    """Whatever was being decided when the broker went away."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        rig.log.faults.at("begin", KafkaFault("no leader"), who="dispatch.p0", times=10)
        await rig.send("a", "b")
        await rig.all_decided()
        assert (worker.held, set(what(rig).values())) == (set(), {"taken"})
        assert worker.counted("openings", "dispatch", "failed") == 10


@still
async def test_two_causes_that_raise_are_held_one_after_the_other() -> None:
    """Three openings for each; what stands between them is not kept waiting by the second."""
    async with LoopRig() as rig:
        worker = await rig.worker().start()
        await rig.send("poison", "a", "poison")
        await rig.all_decided()
        assert list(what(rig).values()) == ["held", "taken", "held"]
        assert worker.counted("openings", "dispatch", "failed") == 2 * HELD_AFTER


@still
async def test_a_partition_with_a_cause_that_raises_keeps_no_other_waiting() -> None:
    """Its openings are its own."""
    async with LoopRig(2) as rig:
        await rig.worker().start()
        await rig.send("poison", partition=0)
        await rig.send("a", partition=1)
        await until(lambda: rig.ids(1) == ["commands:1:0"], within=0.5)
        assert rig.ids(0) == []
        await rig.all_decided()
