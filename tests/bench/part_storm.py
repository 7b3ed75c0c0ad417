"""Many clocks due in the same second, while reports come in: when the last has fired, and how long the reports wait."""

import time
from pathlib import Path

from tests.bench import drawing, due_clocks, held, page, sizes
from tests.bench.due_clocks import BEFORE, Found
from tests.bench.open_loop import quantile
from tests.bench.open_tickets import ELEVEN, Wanted, aged, shortly_before_eleven
from tests.bench.plain_dispatch import compiled
from tests.bench.stand import Servers

AFTER = 15
"""Seconds of reports after the clocks are due."""


async def run(servers: Servers, folder: Path) -> list[str]:
    """Measure, tell, write the section; times are told and not held."""
    wanted = Wanted.of_clocks(sizes.DUE, open=max(sizes.OPEN, sizes.DUE))
    made = await aged(servers, folder, "storm.", wanted, stages=("intake", "dispatch"))
    async with compiled(made.stand) as stand:
        began = time.monotonic()
        await stand.start()
        made = await shortly_before_eleven(made, time.monotonic() - began)
        found = await due_clocks.watched(made, AFTER)
    eleven = made.clock.broker(ELEVEN)
    lines = table(found, eleven / 1000)
    print("\n".join(lines), flush=True)
    picture = drawing.lines(
        f"{len(made.due)} clocks due in one second", fired(found, eleven), x_is="seconds after", y_is="clocks fired"
    )
    how = (
        f"{len(made.due)} clocks due in the same second (`DUE`), two of each of {wanted.due} tickets, of {wanted.open}"
        f" that are open; {sizes.BESIDE} reports a second beside; the law compiled."
    )
    page.write("storm", "A storm of due clocks", lines, picture=picture, how=how)
    return []


def table(found: Found, due: float) -> list[str]:
    """What came of it; ``due`` in seconds."""
    late, calm = found.late(), found.waits(due - BEFORE / 2, due - 0.3)
    storm = found.waits(due, due + max(late) / 1000)
    rows = {
        "clocks fired, none early, none twice": (f"{len(late)}", "all"),
        "late by, half of them": (f"{quantile(late, 0.5) / 1000:.2f} s", ""),
        "late by, the last": (f"{max(late) / 1000:.2f} s", "≤ 6 s"),
        "report to decision before it, p50 / p99": (f"{quantile(calm, 0.5):.0f} / {quantile(calm, 0.99):.0f} ms", ""),
        "report to decision in it, p50 / p99": (
            f"{quantile(storm, 0.5):.0f} / {quantile(storm, 0.99):.0f} ms ({len(storm)} reports)",
            "p99 ≤ 250 ms",
        ),
    }
    limits = {held.LAST_FIRED: max(late) / 1000, held.BESIDE: quantile(storm, 0.99)}
    shown = [f"| {name} | {value} | {goal} |" for name, (value, goal) in rows.items()]
    return ["| what | measured | goal |", "|---|---|---|", *shown, "", *held.table(limits)]


def fired(found: Found, due_ms: int) -> dict[str, list[tuple[float, float]]]:
    """How many have fired until when."""
    moments = sorted(found.fired[name] for name in found.due if name in found.fired)
    step = max(1, len(moments) // 200)
    points = [((at - due_ms) / 1000, n + 1.0) for n, at in enumerate(moments)]
    return {"fired": [(0.0, 0.0), *points[::step], *points[-1:]]}
