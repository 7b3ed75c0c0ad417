"""W1: the same incidents through our stages, one after another, and through what somebody would take instead.

Interleaved rounds on one broker; whoever is measured finds its work waiting and works alone. Before any figure is told,
the log of each round is held against what was sent.
"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import NewTopic

from engine.kafka import clients
from engine.stages.fanout import TASK_PARTITIONS
from engine.stream.contracts import Record
from tests.bench import drawing, gate, held, page, peers_told, plain_dispatch, sizes, slices
from tests.bench.peers_told import Round
from tests.bench.stand import Servers, Stand, Used, cpu
from tests.support.poison import good, law_of
from topics.registry import DECISIONS, INCIDENTS, RAW, department_topics

HERE = Path(__file__).parent
QUIX = HERE.parents[1] / ".venv-bench" / "bin" / "python"
STAGES = ("intake", "dispatch", "fanout", "projector")
WARM_UP = 2000
AGAIN = 500
"""Added to a round's number, for the reports that are sent once the others are done."""


@dataclass(frozen=True)
class Field:
    """Where it all happens."""

    stand: Stand
    plain: Stand
    """Dispatch alone, in plain Python."""
    folder: Path
    """For what peers keep."""

    def topic(self, who: str, number: int) -> str:
        """A topic of a contestant's own, for a round."""
        return f"{self.stand.settings.prefix}{who}.{number}"


async def run(servers: Servers, folder: Path) -> list[str]:
    """Measure, tell, write the section; answers the held limits that were not reached."""
    assert QUIX.exists(), "the peer is missing; 'make bench' installs it"
    rounds = await measured(servers, folder)
    lines = peers_told.table(rounds)
    print("\n".join(lines), flush=True)
    found = {name: used.own for name, used in peers_told.medians(rounds).items()}
    picture = drawing.bars(
        "CPU of one incident (median)",
        {peers_told.NAMES[name].replace("`", ""): value for name, value in found.items()},
        "µs",
        marked=frozenset(peers_told.NAMES[name] for name in (*STAGES, "sum", "plain")),
    )
    broken = peers_told.broken(peers_told.medians(rounds))
    how = (
        f"{sizes.ROUNDS} interleaved rounds of {sizes.COUNT} reports, {sizes.PARTITIONS} partitions; {peers_told.RIGHT}"
    )
    limits = held.table(of_ours(peers_told.medians(rounds)))
    print("\n".join(limits), flush=True)
    told = [*lines, "", *limits, "", *(f"**Not held in this run:** {one}." for one in broken)]
    page.write("peers", "W1: beside its peers", told, picture=picture, how=how)
    return broken


def of_ours(found: dict[str, Used]) -> dict[held.Limit, float]:
    """What is told of our stages, beside its limits."""
    projector = found["projector"]
    return {
        held.DISPATCH: found["dispatch"].own,
        held.INTAKE: found["intake"].own,
        held.PROJECTOR: projector.own + projector.redis,
        held.FANOUT: found["fanout"].own,
    }


async def measured(servers: Servers, folder: Path) -> list[Round]:
    """The rounds; ends the run where the log is not right."""
    stand = plain_dispatch.compiled(Stand.of(servers, folder, "w1.", sizes.PARTITIONS, *STAGES, session=300))
    async with stand, plain_dispatch.planned(servers, folder) as plain:
        for one in (stand, plain):
            await one.rig.prepare("guancheng")
            await one.start()
            await one.under_its_law()
            one.hold()
        field = Field(stand, plain=plain, folder=folder)
        await one_round(field, 0, min(WARM_UP, sizes.COUNT))
        return [await one_round(field, number, sizes.COUNT) for number in range(1, sizes.ROUNDS + 1)]


async def one_round(field: Field, number: int, count: int) -> Round:
    """Ours stage by stage, the others on the very records that dispatch took, in another order each time, and ours once
    more: the machine is quicker at one time than at another, and theirs lies between."""
    print(f"round {number}: {count} reports", end="", flush=True)
    first, incidents, starts = await by_stages(field.stand, number, count)
    beside = {"plain": await plain_dispatch.used(field.plain, incidents)}
    print(" · dispatch in plain Python", end="", flush=True)
    theirs = beside | await of_others(field, number, starts=starts, count=count)
    again, _, _ = await by_stages(field.stand, AGAIN + number, count)
    print(" · all right", flush=True)
    return Round({stage: Used.mean(first[stage], again[stage]) for stage in STAGES}, theirs)


async def by_stages(stand: Stand, seed: int, count: int) -> tuple[dict[str, Used], list[Record], list[int]]:
    """Let reports through our stages, one after another; answers what each used for one, the incidents, and where they
    begin in each partition."""
    before = await slices.marks(stand.settings, watched(stand))
    await send(stand, seed, count)
    ours = {}
    for stage in STAGES:
        ours[stage] = (await stand.work_off(stage, count)).each(count)
        print(f" · {stage}", end="", flush=True)
    incidents = await judge(stand, before, count)
    starts = [before[tp] for tp in slices.parts(stand.settings.prefix + INCIDENTS.name, stand.settings.partitions)]
    return ours, incidents, starts


def watched(stand: Stand) -> list[TopicPartition]:
    """What a round writes to: incidents, decisions, every department's tasks."""
    prefix, count = stand.settings.prefix, stand.settings.partitions
    own = [tp for topic in (INCIDENTS, DECISIONS) for tp in slices.parts(prefix + topic.name, count)]
    departments = [department_topics(one.code)[0].name for one in law_of("guancheng").bundle.departments]
    return own + [tp for name in departments for tp in slices.parts(prefix + name, TASK_PARTITIONS)]


async def send(stand: Stand, seed: int, count: int) -> None:
    """Put reports on the door's topic, a tenth of them of the most urgent kind."""
    producer = clients.sender(stand.settings, linger_ms=5)
    await producer.start()
    sent = good(seed + 1000, count, "guancheng", urgent_percent=10)
    topic = stand.settings.prefix + RAW.name
    acks = [await producer.send(topic, value, key=key, headers=headers) for key, value, headers in sent]
    await asyncio.gather(*acks)
    await producer.stop()


async def judge(stand: Stand, before: slices.Marks, count: int) -> list[Record]:
    """Hold what was written against what was sent; answers the incidents.

    Raises:
        NotRight: Something is lost or there twice.
    """
    found = await slices.between(stand.settings, before, await slices.marks(stand.settings, before))
    by = {name: [one for one in found if one.topic == name] for name in (INCIDENTS.name, DECISIONS.name)}
    tasks = [one for one in found if one.topic not in by]
    if faults := gate.faults_of(by[INCIDENTS.name], decisions=by[DECISIONS.name], tasks=tasks, sent=count):
        raise gate.NotRight(faults)
    return by[INCIDENTS.name]


async def of_others(field: Field, number: int, starts: list[int], count: int) -> dict[str, Used]:
    """What the others use for each record. The copy that the cheapest of them makes is what Faust and quixstreams read:
    the same bytes in the same partitions, outside of any transaction."""
    topics = {name: field.topic(name, number) for name in ("send", "batches", "faust", "quix", "faust-2", "quix-2")}
    await make(field.stand, list(topics.values()))
    ruler = [sys.executable, "-m", "tests.bench.passthrough", field.stand.settings.kafka]
    source, at = field.stand.settings.prefix + INCIDENTS.name, [",".join(map(str, starts)), str(count)]
    commands = {how: [*ruler, source, topics[how], how, *at] for how in ("batches", "send")}
    for name, python in (("faust", sys.executable), ("quix", str(QUIX))):
        words = [python, str(HERE / f"stock_{name}.py"), field.stand.settings.kafka, topics["batches"]]
        commands[name] = [*words, topics[name], topics[f"{name}-2"], str(count), str(len(starts))]
    later = ["send", "faust", "quix"]
    order = ["batches", *later[number % 3 :], *later[: number % 3]]
    found = {name: await used_by(field, name, commands[name]) for name in order}
    await all_passed(field.stand, list(topics.values()), count)
    return found


async def used_by(field: Field, name: str, command: list[str]) -> Used:
    """Run one of them to its end; its last line says what it used."""
    kafka = field.stand.servers.kafka_pid
    before, log = cpu(kafka), field.folder / f"{name}.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=errors, env=os.environ | {"TMPDIR": str(field.folder)}
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), 900)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    lines = [line[line.find('{"cpu"') :] for line in out.decode().splitlines() if '{"cpu"' in line]
    assert lines, f"{name} ended with {process.returncode}:\n{out.decode()[-500:]}\n{log.read_text()[-2000:]}"
    found = json.loads(lines[-1])
    print(f" · {name}", end="", flush=True)
    return Used(own=found["cpu"], kafka=cpu(kafka) - before).each(found["records"])


async def make(stand: Stand, topics: list[str]) -> None:
    """Topics for the others."""
    admin = clients.admin(stand.settings)
    await admin.start()
    await admin.create_topics([NewTopic(name, stand.settings.partitions, 1) for name in topics])
    await admin.close()


async def all_passed(stand: Stand, topics: list[str], count: int) -> None:
    """Everything that the others were to write is there once.

    Raises:
        NotRight: It is not.
    """
    ends = await slices.marks(stand.settings, [tp for name in topics for tp in slices.parts(name, sizes.PARTITIONS)])
    written = {name: sum(end for tp, end in ends.items() if tp.topic == name) for name in topics}
    if faults := [f"{name} holds {found} of {count}" for name, found in written.items() if found != count]:
        raise gate.NotRight(faults)
