"""What the stages cost without a broker, by the version that is on the path: one line of JSON. Intake, dispatch and
fan-out alone; the projector with the Redis that ``BENCH_REDIS`` names.

Run by ``tests.bench.beside`` with an older tree on the path: it imports only what both versions have.
"""

import asyncio
import cProfile
import json
import os
import pstats
import sys
import time
from typing import Any, NamedTuple

import psutil
import redis

from engine.observability.metrics import StageMetrics
from engine.security.vault import Vault
from engine.settings import Settings
from engine.stages.dispatch import DispatchCore
from engine.stages.fanout import FanoutCore
from engine.stages.intake import IntakeCore
from engine.stages.projector import Projector
from engine.stream.contracts import Out, Record
from rules.law.compiled import Law
from rules.law.placement import Places
from tests.support.poison import good, law_of
from topics.registry import DECISIONS, INCIDENTS, RAW

START, STEP, RUNS = 1_795_482_000_000, 500, 6
"""Records of one step, as a busy partition takes them; and runs over all of them."""


Core = IntakeCore | DispatchCore | FanoutCore


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


def timed(core: Core, records: list[Record]) -> tuple[float, list[Out]]:
    """CPU seconds of these, in steps; and what they gave."""
    found: list[Out] = []
    began = time.process_time()
    for first in range(0, len(records), STEP):
        for one in records[first : first + STEP]:
            found += core.take(one, one.appended_at)
        found += core.flush()
    return time.process_time() - began, found


def calls(core: Core, records: list[Record]) -> float:
    """Function calls an incident: the same on every machine, whatever else it does."""
    with cProfile.Profile() as profile:
        timed(core, records)
    total: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return total / len(records)


def opening_calls(law: Law, core: DispatchCore) -> dict[str, float]:
    """Calls a ticket of an opening that loads what another core remembers, and of these how often something is
    decoded."""
    records, fresh = [*core.book.records()], DispatchCore(0, 1, {law.ref: law}, metrics=StageMetrics("dispatch"))
    with cProfile.Profile() as profile:
        fresh.load_many(records)
        fresh.opened(law.ref, START)
    stats: Any = pstats.Stats(profile)
    decoded = sum(
        count for (_, _, name), (count, *_) in stats.stats.items() if "msgspec" in name and "'decode'" in name
    )
    tickets = len(fresh.book.tickets)
    return {"calls": stats.total_calls / tickets, "decoded": decoded / tickets}


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


class Packs(NamedTuple):
    """The packs that rows are labelled by, as the projector is handed them."""

    laws: dict[str, Law]

    async def refresh(self) -> None:
        """There are no others."""


class Projected(NamedTuple):
    """What an incident costs the projector, and Redis."""

    own: float
    """CPU seconds."""
    redis: float
    calls: float
    commands: float
    """In Redis, of the script and beside it."""
    bytes: float
    """Sent to Redis."""


def projected(url: str, law: Law, records: list[Record], *, counting: bool = False) -> Projected:
    """Fold these into an empty view, in steps; calls are counted where CPU time is not asked for."""
    settings = Settings(redis_url=url, prefix="bench.")
    return asyncio.run(_projected(settings, law, records, cProfile.Profile() if counting else None))


async def _projected(
    settings: Settings, law: Law, records: list[Record], profile: cProfile.Profile | None
) -> Projected:
    nothing: Any = None  # no broker: an empty view asks no log
    projector = Projector(settings, StageMetrics("projector"), nothing, laws=Packs({law.ref: law}))  # type: ignore[arg-type]
    slot, client = f"{DECISIONS.name}:0", redis.Redis.from_url(settings.redis_url)
    server = psutil.Process(int(client.info("server")["process_id"]))
    await projector.view.drop()
    await projector.positions(slot)
    client.config_resetstat()
    before = client.info("stats")["total_net_input_bytes"]
    theirs, began = sum(server.cpu_times()[:2]), time.process_time()
    if profile is not None:
        profile.enable()
    for first in range(0, len(records), STEP):
        some = records[first : first + STEP]
        await projector.apply(slot, some, {slot: some[-1].offset + 1})
    if profile is not None:
        profile.disable()
    own, used = time.process_time() - began, sum(server.cpu_times()[:2]) - theirs
    sent = client.info("stats")["total_net_input_bytes"] - before
    asked = sum(one["calls"] for name, one in client.info("commandstats").items() if name not in _OURS)
    total: int = pstats.Stats(profile).total_calls if profile is not None else 0  # type: ignore[attr-defined]
    await projector.view.drop()
    await projector.close()
    client.close()
    each = len(records)
    return Projected(own / each, used / each, total / each, commands=asked / each, bytes=sent / each)


_OURS = frozenset({"cmdstat_config|resetstat", "cmdstat_info"})
"""What is asked for measuring."""


def fanout_of() -> FanoutCore:
    """It needs no memory."""
    return FanoutCore(0, StageMetrics("fanout"))


def of_topic(outs: list[Out], topic: str) -> list[Record]:
    """What the next stage takes of these."""
    return [record(topic, n, one, START + n * 500) for n, one in enumerate(one for one in outs if one.topic == topic)]


def reports(count: int) -> list[Record]:
    """The same reports whenever they are asked for."""
    sent = [Out(RAW.name, 0, key, value, headers) for key, value, headers in good(5, count)]
    return [record(RAW.name, n, one, START + n * 500) for n, one in enumerate(sent)]


def measure(count: int) -> dict[str, float]:
    """Microseconds an incident: the least of some runs over the same records, as whatever else the machine does only
    adds."""
    law, raws = law_of("guancheng"), reports(count)
    takes, outs = zip(*(timed(intake_of(law), raws) for _ in range(RUNS)), strict=True)
    incidents = of_topic(outs[0], INCIDENTS.name)
    decides, outs = zip(*(timed(dispatch_of(law), incidents) for _ in range(RUNS)), strict=True)
    decisions = of_topic(outs[0], DECISIONS.name)
    copies = [timed(fanout_of(), decisions)[0] for _ in range(RUNS)]
    found = {
        "intake": min(takes) / count * 1e6,
        "dispatch": min(decides) / count * 1e6,
        "fan-out": min(copies) / count * 1e6,
        "intake calls": calls(intake_of(law), raws),
        "dispatch calls": calls(dispatch_of(law), incidents),
        "fan-out calls": calls(fanout_of(), decisions),
    }
    if (url := os.environ.get("BENCH_REDIS")) is not None:
        folds = [projected(url, law, decisions) for _ in range(RUNS)]
        counted = projected(url, law, decisions, counting=True)
        found |= {
            "projector": min(one.own for one in folds) * 1e6,
            "projector's Redis": min(one.redis for one in folds) * 1e6,
            "projector calls": counted.calls,
            "projector's commands": counted.commands,
            "projector's bytes": counted.bytes,
        }
    return found


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
