"""What a stack takes of its machine: CPU over some seconds, and memory, by process; ``gridwhistle status
--resources``."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import psutil

from engine.stages import DOORS, STAGES

MIB = 1024**2


class Use(NamedTuple):
    """One process."""

    name: str
    stage: str
    cpu_percent: float
    """Of one core."""
    memory_mib: float
    """Its own share: what several have in common is divided among them (PSS), where the kernel tells it."""


def measured(rows: Iterable[dict[str, Any]], seconds: float, wait: Callable[[float], None] = time.sleep) -> list[Use]:
    """Look twice at every process that runs here, so many seconds apart; one that ended meanwhile is left out."""
    began = {}
    for row in rows:
        if row["pid"] is not None:
            with suppress(psutil.Error):
                process = psutil.Process(row["pid"])
                began[row["name"]] = row["stage"], process, _cpu(process), time.monotonic()
    wait(seconds)
    found = []
    for name, (stage, process, before, at) in began.items():
        with suppress(psutil.Error):
            found.append(
                Use(
                    name,
                    stage,
                    100 * (_cpu(process) - before) / (time.monotonic() - at),
                    memory_mib=_memory(process) / MIB,
                )
            )
    return found


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.AccessDenied, AttributeError):
        return int(process.memory_info().rss)


def totals(found: Iterable[Use]) -> dict[str, tuple[float, float]]:
    """Add up CPU and memory: of our stages, and of everything."""
    uses = list(found)
    stages = [use for use in uses if use.stage in (*STAGES, *DOORS)]
    return {
        "all stages": (sum([use.cpu_percent for use in stages]), sum([use.memory_mib for use in stages])),
        "the whole stack": (sum([use.cpu_percent for use in uses]), sum([use.memory_mib for use in uses])),
    }
