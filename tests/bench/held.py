"""The limits that we hold ourselves to, beside what a run has measured: what is missed is said plainly on the page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One of them; ``most``: the measured value may be no more."""

    what: str
    most: float
    unit: str


DISPATCH = Limit("dispatch, CPU an incident, transaction included", 35, "µs")
INTAKE = Limit("intake, CPU an incident, sealing and transaction included", 45, "µs")
PROJECTOR = Limit("projector, CPU an incident, Valkey's included", 40, "µs")
FANOUT = Limit("fan-out, CPU an incident", 12, "µs")
TASK_MIDDLE = Limit("report to task, p50", 120, "ms")
TASK_LATE = Limit("report to task, p99", 300, "ms")
LATENESS = Limit("clocks late beside reports, p99", 250, "ms")
RESTART = Limit("restart, the slower of the two starts", 12, "s")
LAST_FIRED = Limit("clocks due in one second, the last fired after", 6, "s")
BESIDE = Limit("reports beside them, p99", 250, "ms")


def table(measured: dict[Limit, float]) -> list[str]:
    """Each limit, what was measured, and whether it is held."""
    rows = [
        f"| {one.what} | ≤ {one.most:g} {one.unit} | {_told(value)} {one.unit} |"
        f" {'held' if value <= one.most else '**missed**'} |"
        for one, value in measured.items()
    ]
    return ["| what we hold ourselves to | limit | measured | |", "|---|---|---|---|", *rows]


def _told(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
