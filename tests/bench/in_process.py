"""What intake and dispatch cost without a broker, by the version that is on the path: one line of JSON.

Run by ``tests.bench.beside`` with an older tree on the path: it imports only what both versions have.
"""

import cProfile
import json
import pstats
import sys
import time

from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.stages.dispatch import DispatchCore
from engine.stages.intake import IntakeCore
from engine.stream.contracts import Out, Record
from rules.law.compiled import Law
from rules.law.placement import Places
from tests.support.poison import good, law_of
from topics.registry import INCIDENTS, RAW

START, STEP, RUNS = 1_795_482_000_000, 500, 6
"""Records of one step, as a busy partition takes them; and runs over all of them."""


def record(topic: str, offset: int, out: Out, at: int) -> Record:
    """What a fetch would bring."""
    return Record(
        topic=topic,
        partition=0,
        offset=offset,
        key=out.key,
        value=out.value,
        headers=out.headers,
        appended_ms=at,
        appended_at=at,
    )


def timed(core: IntakeCore | DispatchCore, records: list[Record]) -> tuple[float, list[Out]]:
    """CPU seconds of these, in steps; and what they gave."""
    found: list[Out] = []
    began = time.process_time()
    for first in range(0, len(records), STEP):
        for one in records[first : first + STEP]:
            found += core.take(one, one.appended_at)
        found += core.flush()
    return time.process_time() - began, found


def calls(core: IntakeCore | DispatchCore, records: list[Record]) -> float:
    """Function calls an incident: the same on every machine, whatever else it does."""
    with cProfile.Profile() as profile:
        timed(core, records)
    total: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return total / len(records)


def intake_of(law: Law) -> IntakeCore:
    """An empty partition of it."""
    return IntakeCore(
        0,
        1,
        {law.ref: Places(law.bundle)},
        laws={law.ref: law},
        current=lambda: law.ref,
        vault=Vault(b"k" * 32),
        metrics=StageMetrics("intake"),
    )


def dispatch_of(law: Law) -> DispatchCore:
    """An empty partition of it, with the law in force."""
    core = DispatchCore(0, 1, {law.ref: law}, metrics=StageMetrics("dispatch"))
    core.opened(law.ref, START)
    return core


def measure(count: int) -> dict[str, float]:
    """Microseconds an incident: the least of some runs over the same records, as whatever else the machine does only
    adds."""
    law = law_of("guancheng")
    sent = [Out(RAW.name, 0, key, value, headers) for key, value, headers in good(5, count)]
    raws = [record(RAW.name, n, one, START + n * 500) for n, one in enumerate(sent)]
    takes, outs = zip(*(timed(intake_of(law), raws) for _ in range(RUNS)), strict=True)
    placed = [one for one in outs[0] if one.topic == INCIDENTS.name]
    incidents = [record(INCIDENTS.name, n, one, START + n * 500) for n, one in enumerate(placed)]
    decides = [timed(dispatch_of(law), incidents)[0] for _ in range(RUNS)]
    return {
        "intake": min(takes) / len(raws) * 1e6,
        "dispatch": min(decides) / len(incidents) * 1e6,
        "intake calls": calls(intake_of(law), raws),
        "dispatch calls": calls(dispatch_of(law), incidents),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
