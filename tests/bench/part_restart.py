"""A start with many open tickets, the same after kill -9, and then how late clocks fire while reports come in."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import drawing, due_clocks, held, page, sizes
from tests.bench.open_loop import curve, quantile
from tests.bench.open_tickets import Wanted, aged, kill, shortly_before_eleven
from tests.bench.plain_dispatch import compiled
from tests.bench.stand import Servers, Stand, cpu

SPREAD_SECONDS = 20
DUE_OF_ALL = 100
"""For so many open tickets one clock is due within the spread."""


@dataclass(frozen=True)
class Start:
    """One start of dispatch, until it was ready."""

    how: str
    seconds: float
    cpu: float
    megabytes: float


async def run(servers: Servers, folder: Path) -> list[str]:
    """Measure, tell, write the section; times are told and not held."""
    wanted = Wanted.of_clocks(max(2, sizes.OPEN // DUE_OF_ALL), open=sizes.OPEN, spread_ms=SPREAD_SECONDS * 1000)
    made = await aged(servers, folder, "restart.", wanted, stages=("intake", "dispatch"))
    async with compiled(made.stand) as stand:
        starts = [await started(stand, "first")]
        kill(stand)
        starts.append(await started(stand, "after kill -9"))
        made = await shortly_before_eleven(made, starts[-1].seconds)
        found = await due_clocks.watched(made, SPREAD_SECONDS)
    late = found.late()
    limits = {held.RESTART: max(one.seconds for one in starts), held.LATENESS: quantile(late, 0.99)}
    lines = [*table(starts), "", told(late), "", *held.table(limits)]
    print("\n".join(lines), flush=True)
    series = {f"{wanted.open} open": curve(late)}
    picture = drawing.lines("Lateness of clocks", series, x_is="percent of clocks", y_is="ms")
    how = f"{wanted.open} open tickets (`N`), {sizes.BESIDE} reports a second beside, {sizes.PARTITIONS} partitions;"
    how += " stages with the law compiled."
    page.write("restart", "Many open tickets: restart and lateness", lines, picture=picture, how=how)
    return []


async def started(stand: Stand, how: str) -> Start:
    """Start dispatch (and, at first, intake) and wait until it has opened everything."""
    began = time.monotonic()
    await stand.start()
    seconds, process = time.monotonic() - began, psutil.Process(stand.pid("dispatch"))
    found = Start(how, seconds=seconds, cpu=cpu(process.pid), megabytes=process.memory_info().rss / 1e6)
    print(f"{how}: ready after {seconds:.1f} s", flush=True)
    return found


def table(starts: list[Start]) -> list[str]:
    """Of the starts."""
    rows = [
        f"| {one.how} | {one.seconds:.1f} s | {one.cpu:.1f} s | {one.cpu / sizes.OPEN * 1e6:.1f} µs"
        f" | {one.megabytes:.0f} MB | {one.megabytes * 1e6 / sizes.OPEN:.0f} B |"
        for one in starts
    ]
    head = "| start of dispatch | until ready | CPU of dispatch | for each ticket | memory of the process | by ticket |"
    return [head, "|---|---|---|---|---|---|", *rows]


def told(late: list[float]) -> str:
    """Lateness in a sentence."""
    middle, most = quantile(late, 0.5), quantile(late, 0.99)
    return (
        f"{len(late)} clocks due within {SPREAD_SECONDS} s: none early, none twice; late by p50 {middle:.0f} ms, p99"
        f" {most:.0f} ms, at most {max(late):.0f} ms (goal: p99 ≤ 250 ms)."
    )
