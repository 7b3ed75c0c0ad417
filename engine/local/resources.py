"""What a stack takes of its machine: CPU over some seconds, and memory, by process; ``gridwhistle status
--resources``."""

import time
from collections.abc import Callable, Iterable, Sequence, Set
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
    """Look twice at every process that runs here, so many seconds apart; one that ended meanwhile is left out.

    What a process started and nobody lists is counted with it: PostgreSQL's own, and the supervisor's fork server.
    """
    listed = [row for row in rows if row["pid"] is not None]
    pids = {row["pid"] for row in listed}
    began = {}
    for row in listed:
        with suppress(psutil.Error):
            process = psutil.Process(row["pid"])
            began[row["name"]] = row["stage"], process, with_unlisted(_cpu, process, pids), time.monotonic()
    wait(seconds)
    found = []
    for name, (stage, process, before, at) in began.items():
        with suppress(psutil.Error):
            percent = max(0.0, 100 * (with_unlisted(_cpu, process, pids) - before) / (time.monotonic() - at))
            found.append(Use(name, stage, percent, memory_mib=with_unlisted(_memory, process, pids) / MIB))
    return found


def with_unlisted(figure: Callable[[psutil.Process], float], process: psutil.Process, listed: Set[int]) -> float:
    """Add a figure up over a process and whatever it started that is not listed itself.

    Raises:
        psutil.Error: The process has ended.
    """
    found = figure(process)
    for child in process.children():
        if child.pid not in listed:
            with suppress(psutil.Error):
                found += with_unlisted(figure, child, listed)
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


def table(uses: Sequence[Use], seconds: float) -> str:
    """Draw it, with the sums below."""
    lines = [f"{'NAME':<16}{'STAGE':<11}{'CPU %':>8}{'MiB':>8}   over {seconds:g} s, of one core"]
    lines += [f"{use.name:<16}{use.stage:<11}{use.cpu_percent:>8.1f}{use.memory_mib:>8.0f}" for use in uses]
    lines += [f"{name:<27}{cpu:>8.1f}{memory:>8.0f}" for name, (cpu, memory) in totals(uses).items()]
    return "\n".join(lines)
