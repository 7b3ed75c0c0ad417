"""Whatever fails between begin and commit, and whoever is killed where: each record is decided once."""

import pytest

from engine.kafka.driver_errors import KafkaFault
from engine.kafka.memory.faults import hangs
from engine.stream.limits import COMMIT_SECONDS
from tests.support.loop_rig import LoopRig
from tests.support.still_time import still, until


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done, and the answer lost"])
def test_an_answer_that_is_lost_leaves_no_doubt_in_the_log(after: bool) -> None:
    """The opening is thrown away; the next one reads what stands, and redoes what does not."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            worker = await rig.worker().start()
            rig.log.faults.at("commit", TimeoutError(), who="dispatch.p0", after=after)
            await rig.send("a", "b")
            await until(lambda: worker.counted("openings", "dispatch", "failed") == 1)
            assert len(rig.ids()) == (2 if after else 0)
            await until(lambda: worker.counted("openings", "dispatch", "opened") == 2)
            await rig.send("c")
            await rig.all_decided()
            assert rig.ids() == ["commands:0:0", "commands:0:1", "commands:0:2"]
            assert worker.held == set()

    story()


@pytest.mark.parametrize("how", ["error", "lost connection", "hangs"])
@pytest.mark.parametrize("step", ["begin", "send", "ack", "commit"])
def test_a_step_that_fails_is_done_again_as_a_whole(step: str, how: str) -> None:
    """No cause is blamed for what the broker or the network did."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            worker = await rig.worker().start()
            what = {"error": KafkaFault("no"), "lost connection": ConnectionResetError(), "hangs": hangs}[how]
            rig.log.faults.at(step, what, who="dispatch.p0")
            await rig.send("a", "b", "c")
            took = await rig.all_decided()
            assert rig.ids() == ["commands:0:0", "commands:0:1", "commands:0:2"]
            assert (worker.held, worker.counted("openings", "dispatch", "failed")) == (set(), 1)
            assert (took > COMMIT_SECONDS) == (how == "hangs")

    story()


POINTS = ("polled", "decided", "begun", "sent", "acked", "committing", "committed", "applied", "offsets")


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_any_step_is_followed_by_one_that_finishes_its_work(point: str) -> None:
    """No farewell, no abort; what was committed stays, what was not is done once."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            first = await rig.worker().start()
            first.steps.on(point, first.kill)
            await rig.send("a", "b", "c")
            await until(lambda: first.is_dead)
            was_committed = point in ("committed", "applied", "offsets")
            assert len(rig.ids()) == (3 if was_committed else 0)
            await rig.worker("w2").start()
            await rig.send("d")
            await rig.all_decided()
            assert rig.ids() == [f"commands:0:{n}" for n in range(4)]

    story()


@pytest.mark.parametrize("point", ["committed", "acked"])
@pytest.mark.parametrize("nth", [2, 3, 4])
def test_what_still_waits_when_a_worker_is_killed_is_decided_by_the_next(
    point: str, nth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positions stand behind what was decided, and not behind what was fetched."""

    @still
    async def story() -> None:
        monkeypatch.setattr("engine.stream.pace.MAX_CAUSES", 2)
        async with LoopRig() as rig:
            await rig.send(*"abcdefg")
            first = rig.worker()
            first.steps.on(point, first.kill, nth=nth)  # the first is of the opening
            await first.start(ready=False)
            await until(lambda: first.is_dead)
            await rig.worker("w2").start()
            await rig.all_decided()
            assert rig.ids() == [f"commands:0:{n}" for n in range(7)]

    story()


@pytest.mark.parametrize("point", ["fenced", "loaded", "opened"])
def test_a_worker_killed_while_it_opens_leaves_nothing_behind(point: str) -> None:
    """The next one opens as if it had never been."""

    @still
    async def story() -> None:
        async with LoopRig() as rig:
            await rig.send("a")
            first = rig.worker()
            first.steps.on(point, first.kill)
            await first.start(ready=False)
            await until(lambda: first.is_dead)
            await rig.worker("w2").start()
            await rig.all_decided()
            assert rig.ids() == ["commands:0:0"]

    story()


@still
async def test_killed_over_and_over_at_another_step_each_time() -> None:
    """Forty workers, one after the other, each for one step of it."""
    async with LoopRig(2) as rig:
        for n in range(40):
            worker = rig.worker(f"w{n}")
            worker.steps.on(POINTS[n % len(POINTS)], worker.kill, nth=1 + n % 2)
            await worker.start(ready=False)
            await rig.send(f"a{n}", f"b{n}", partition=n % 2)
            await rig.send(f"c{n}", partition=1 - n % 2)
            await until(lambda w=worker: w.is_dead or rig.each_once())  # type: ignore[misc]
            worker.kill()
        await rig.worker("last").start()
        await rig.all_decided()
        assert len(rig.ids()) == 120
