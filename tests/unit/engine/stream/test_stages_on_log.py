"""Intake, dispatch and fan-out with their own deciders, one behind the other on the log in memory: reports become
tickets and tasks, each once, whoever is killed on the way."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack

import pytest
from aiokafka import TopicPartition

from engine.kafka.fetched_batches import Loose
from engine.observability.metrics import StageMetrics
from engine.observability.traces import Trail
from engine.security.vault import Vault
from engine.stages.dispatch import DispatchCore
from engine.stages.fanout import FanoutCore
from engine.stages.intake import IntakeCore
from rules.law.placement import Places
from tests.support.loop_rig import LoopRig
from tests.support.poison import good, law_of
from tests.support.still_time import still, until
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import murmur2
from topics.registry import (
    COMMANDS,
    DECISIONS,
    FANOUT_STATE,
    INCIDENTS,
    INTAKE_STATE,
    RAW,
    TopicSpec,
    department_topics,
)
from topics.vocabulary import CommandKind, Role

LAW = law_of("guancheng")
COUNT, PARTITIONS = 40, 2


class Dispatch(LoopRig):
    """Dispatch with its own decider, and every topic a stage writes."""

    def __init__(self, trail: Callable[[str], Trail] = Trail) -> None:
        super().__init__(
            PARTITIONS,
            lambda n: DispatchCore(
                n, PARTITIONS, {LAW.ref: LAW}, metrics=StageMetrics("dispatch"), speed=1, trail=trail("dispatch")
            ),
        )
        for code in LAW.departments:
            self.log.create_all(department_topics(code), PARTITIONS)


class Intake(LoopRig):
    """Intake on the same log."""

    stage, inputs, state = "intake", (RAW,), INTAKE_STATE

    def __init__(self, before: LoopRig, trail: Callable[[str], Trail] = Trail) -> None:
        super().__init__(
            PARTITIONS,
            lambda n: IntakeCore(
                n,
                PARTITIONS,
                {LAW.ref: Places(LAW.bundle)},
                laws={LAW.ref: LAW},
                current=lambda: LAW.ref,
                vault=Vault(b"k" * 32),
                metrics=StageMetrics("intake"),
                trail=trail("intake"),
            ),
            log=before.log,
        )

    async def outputs(self) -> Iterable[TopicSpec]:
        return (INCIDENTS,)


class Fanout(LoopRig):
    """Fan-out on the same log."""

    stage, inputs, state = "fanout", (DECISIONS,), FANOUT_STATE

    def __init__(self, before: LoopRig, trail: Callable[[str], Trail] = Trail) -> None:
        super().__init__(PARTITIONS, lambda n: FanoutCore(n, StageMetrics("fanout"), trail("fanout")), log=before.log)

    async def outputs(self) -> Iterable[TopicSpec]:
        found = [department_topics(code)[0] for code in LAW.departments]
        return [spec for spec in found if self.log.partitions_of(self.log.prefix + spec.name)]


def decisions(rig: LoopRig) -> list[Decision]:
    """Everything that dispatch decided."""
    return [
        codec.decode(one.value, Decision)
        for number in range(PARTITIONS)
        for one in rig.log.all(DECISIONS.name, number)
        if type(one) is not Loose
    ]


def tasks(rig: LoopRig) -> list[bytes]:
    """Every task of every department."""
    topics = [department_topics(code)[0] for code in LAW.departments]
    return [one.value for spec in topics for number in range(3) for one in rig.log.all(spec.name, number)]


def report_all(rig: LoopRig) -> None:
    """Put a law in force, and send reports by the door."""
    actor = Actor(Role.CHIEF, "chief-1")
    for number in range(PARTITIONS):
        command = Command(id=f"adopt:{number}", kind=CommandKind.ADOPT_PACK, actor=actor, accepted_at=0, pack=LAW.ref)
        rig.log.append(COMMANDS.name, number, codec.encode(command))
    for key, value, headers in good(5, COUNT, urgent_percent=60):
        number = (murmur2(key or b"") & 0x7FFFFFFF) % PARTITIONS
        rig.log.append(RAW.name, number, value, key, headers)


def of_incidents(rig: LoopRig) -> list[str]:
    """The ids of decisions that incidents led to."""
    return [one.id for one in decisions(rig) if one.id.startswith(INCIDENTS.name)]


@pytest.mark.parametrize("killed", ["nobody", "intake", "dispatch", "fanout"])
@pytest.mark.parametrize("point", ["acked", "committed"])
def test_a_report_becomes_one_incident_one_decision_and_its_tasks(killed: str, point: str) -> None:
    """The positions of all stages stand at the end, and a second run over the same log would find nothing to do."""

    @still
    async def story() -> None:
        async with AsyncExitStack() as stack:
            dispatch = await stack.enter_async_context(Dispatch())
            rigs = [await stack.enter_async_context(Intake(dispatch)), dispatch]
            rigs.append(await stack.enter_async_context(Fanout(dispatch)))
            report_all(dispatch)
            for rig in rigs:
                worker = rig.worker()
                if rig.stage == killed:
                    worker.steps.on(point, worker.kill, nth=PARTITIONS + 1)  # the first steps are of the openings
                await worker.start(ready=rig.stage != killed)
                if rig.stage == killed:
                    await until(lambda w=worker: w.is_dead)  # type: ignore[misc]
                    await rig.worker("next").start()
            await until(lambda: len(of_incidents(dispatch)) >= COUNT)
            wanted = [
                event
                for one in decisions(dispatch)
                for event in one.events
                if event.type in ("TaskDispatched", "SenderAnswered")
            ]
            await until(lambda: len(tasks(dispatch)) >= len(wanted))
            found = [one for n in range(PARTITIONS) for one in dispatch.log.all(INCIDENTS.name, n)]
            assert len(found) == COUNT
            assert sorted(of_incidents(dispatch)) == sorted(f"incidents:{one.partition}:{one.offset}" for one in found)
            assert len(tasks(dispatch)) == len(set(tasks(dispatch))) == len(wanted) > 0

    story()


@pytest.mark.parametrize("stage", [Intake, Fanout])
@pytest.mark.parametrize("how", ["made anew", "records deleted"])
def test_a_stage_whose_state_is_gone_does_nothing_a_second_time(stage: type[Intake] | type[Fanout], how: str) -> None:
    """Also once its group's offsets have expired, after seven idle days: every report would be filed again, every
    department told again."""

    @still
    async def story() -> None:
        async with AsyncExitStack() as stack:
            dispatch = await stack.enter_async_context(Dispatch())
            rigs = [dispatch, Intake(dispatch), Fanout(dispatch)]
            report_all(dispatch)
            workers = [await rig.worker().start() for rig in rigs]
            await until(lambda: len(of_incidents(dispatch)) >= COUNT and bool(tasks(dispatch)))
            await asyncio.sleep(10)
            for worker in workers:
                await worker.stop()
            before = len(dispatch.log.all(INCIDENTS.name, 0)), len(tasks(dispatch))
            if how == "made anew":
                dispatch.log.create(stage.state.name, PARTITIONS, stage.state.max_bytes)
            else:
                end = dispatch.log.stored(TopicPartition(f"gw.{stage.state.name}", 0)).end
                dispatch.log.delete_before(stage.state.name, 0, end)
            dispatch.log.stands.clear()
            again = await stage(dispatch).worker("again").start()
            assert "a second time" in str(again.loop.slots[0].stopped_by)
            assert (len(dispatch.log.all(INCIDENTS.name, 0)), len(tasks(dispatch))) == before
            await again.stop()

    story()


def test_what_a_stranger_wrote_keeps_no_new_stack_from_beginning() -> None:
    """Before intake was ever there, somebody wrote to what is its own to write."""

    @still
    async def story() -> None:
        async with AsyncExitStack() as stack:
            dispatch = await stack.enter_async_context(Dispatch())
            dispatch.log.append(INCIDENTS.name, 0, b"junk")
            report_all(dispatch)
            worker = await Intake(dispatch).worker().start()
            await until(lambda: len([n for p in range(PARTITIONS) for n in dispatch.log.all(INCIDENTS.name, p)]) > 1)
            assert worker.loop.slots[0].stopped_by is None
            await worker.stop()

    story()


def test_a_departments_topic_that_somebody_deleted_is_named_and_its_tasks_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is skipped and nothing set aside: once it is made again they are all there, each once."""

    @still
    async def story() -> None:
        async with AsyncExitStack() as stack:
            dispatch = await stack.enter_async_context(Dispatch())
            report_all(dispatch)
            for rig in (dispatch, await stack.enter_async_context(Intake(dispatch))):
                await rig.worker().start()
            await until(lambda: len(of_incidents(dispatch)) >= COUNT)
            for tp in [tp for tp in dispatch.log._stored if tp.topic.endswith(".tasks")]:
                del dispatch.log._stored[tp]
            fanout = await (await stack.enter_async_context(Fanout(dispatch))).worker().start(ready=False)
            await until(lambda: fanout.counted("alarms", "partition_stalled") >= 1)
            assert ".tasks is not there; 'gridwhistle topics apply'" in caplog.text
            for code in LAW.departments:
                dispatch.log.create(department_topics(code)[0].name, 3)
            wanted = [event for one in decisions(dispatch) for event in one.events if event.type == "TaskDispatched"]
            await until(lambda: len(tasks(dispatch)) >= len(wanted) > 0)
            await asyncio.sleep(60)
            assert len(tasks(dispatch)) == len(set(tasks(dispatch))) and fanout.counted("held", "fanout") == 0

    story()
