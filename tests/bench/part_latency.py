"""From a report to its task on the department's topic, through three stages, at a steady rate."""

import time
from pathlib import Path
from typing import Any

from engine.kafka import clients
from engine.stages.fanout import TASK_PARTITIONS
from tests.bench import drawing, gate, held, page, sizes, slices
from tests.bench.open_loop import Watch, curve, planned, quantile, sent_at
from tests.bench.plain_dispatch import compiled
from tests.bench.stand import Servers, Stand
from tests.support.poison import law_of, report
from tests.support.rig import eventually
from topics import codec
from topics.envelope import incident_message
from topics.registry import RAW, department_topics
from topics.task import Task

PARTITIONS = (6, 24)
SETTLING = 10
"""Seconds before anything counts: of stages that have just started."""

GOAL = "p50 ≤ 60 ms, p99 ≤ 200 ms"


async def run(servers: Servers, folder: Path) -> list[str]:
    """Measure with each number of partitions, tell, write the section; times are told and not held."""
    found = {number: await waited(servers, folder, number, sizes.SECONDS) for number in PARTITIONS}
    lines = ["| partitions | reports | p50 | p90 | p99 | longest | goal |", "|---|---|---|---|---|---|---|"]
    for number, waits in found.items():
        middle, most, late = (quantile(waits, share) for share in (0.5, 0.9, 0.99))
        lines.append(
            f"| {number} | {len(waits)} | {middle:.0f} ms | {most:.0f} ms | {late:.0f} ms | {max(waits):.0f} ms"
            f" | {GOAL} |"
        )
    for number, waits in found.items():
        limits = held.table({held.TASK_MIDDLE: quantile(waits, 0.5), held.TASK_LATE: quantile(waits, 0.99)})
        lines += ["", f"With {number} partitions:", "", *limits]
    print("\n".join(lines), flush=True)
    series = {f"{number} partitions": curve(waits)[:100] for number, waits in found.items()}
    picture = drawing.lines(f"Report to task at {sizes.RATE} a second", series, x_is="percent of reports", y_is="ms")
    how = (
        f"{sizes.RATE} reports a second for {sizes.SECONDS} s after {SETTLING} s of settling, open loop: from the"
        " planned moment until a committed reader has the task; three stages, each one process of at most"
        f" {sizes.COMMITS} commits a second (`COMMITS`); the sender on the same cores."
    )
    page.write("latency", "From report to task", lines, picture=picture, how=how)
    return []


async def warmed(servers: Servers, folder: Path) -> None:
    """Let a broker that has just started do the like: it spends a core on compiling itself for a minute of work, and a
    transaction costs it ten times as much at first."""
    if sizes.WARM:
        print(f"warming the broker for {sizes.WARM} s", flush=True)
        await waited(servers, folder, sizes.PARTITIONS, sizes.WARM, prefix="warm.")


async def waited(servers: Servers, folder: Path, partitions: int, seconds: int, prefix: str = "l") -> list[float]:
    """Milliseconds of each report.

    Raises:
        NotRight: One has no task.
    """
    planned_stand = Stand.of(servers, folder, f"{prefix}{partitions}.", partitions, "intake", "dispatch", "fanout")
    async with compiled(planned_stand) as stand:
        throttle = {"GRIDWHISTLE_COMMITS_PER_SECOND": str(sizes.COMMITS)}
        stand.rig.more.update({f"{stage}-1": throttle for stage in stand.stages})
        await stand.rig.prepare("guancheng")
        await stand.start()
        count = sizes.RATE * (SETTLING + seconds)
        messages = [_urgent(number) for number in range(count)]
        seen: dict[int, float] = {}
        departments = [department_topics(one.code)[0].name for one in law_of("guancheng").bundle.departments]
        tps = [tp for name in departments for tp in slices.parts(stand.settings.prefix + name, TASK_PARTITIONS)]
        producer, topic = clients.sender(stand.settings, linger_ms=0), stand.settings.prefix + RAW.name
        await producer.start()

        async def send(number: int) -> None:
            key, value, headers = messages[number]
            await producer.send(topic, value, key=key, headers=headers)

        def see(record: Any, now: float) -> None:
            seen.setdefault(int(codec.decode(record.value, Task).text.split()[1]), now)

        async with Watch(stand.settings, tps, see):
            moments = planned(time.time() + 1, sizes.RATE, SETTLING + seconds)
            late = await sent_at(moments, send)
            print(f"{partitions} partitions: {count} sent, the sender itself late by {late * 1e3:.0f} ms at most")
            await _all_seen(seen, count)
        await producer.stop()
        return [(seen[n] - moments[n]) * 1e3 for n in range(sizes.RATE * SETTLING, count)]


async def _all_seen(seen: dict[int, float], count: int) -> None:
    try:
        await eventually(lambda: len(seen) == count, 120, "every report has a task")
    except AssertionError:
        raise gate.NotRight([f"{count - len(seen)} of {count} reports have no task"]) from None


def _urgent(number: int) -> Any:
    """One that is whistled at once, anywhere in the city."""
    law = law_of("guancheng")
    urgent = [one.code for one in law.bundle.categories if one.urgency in law.bundle.automatic_whistle]
    parents = {node.parent for node in law.bundle.nodes}
    nowhere = (None, law.bundle.unplaced)
    leaves = [n.code for n in law.bundle.nodes if n.code not in parents and law.home_of(n.code) not in nowhere]
    place = {"grid": leaves[number % len(leaves)]}
    data = report(category=urgent[number % len(urgent)], text=f"report {number} of many", location=place)
    return incident_message("latency", str(number), data)
