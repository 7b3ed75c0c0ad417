"""A stack whose workers and broker are killed: started, waited for, and judged from outside."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engine.local import servers as local
from engine.settings import Settings
from tests.faults.clocks import clocks_in_time
from tests.faults.standings import standings
from tests.support.rig import Rig, eventually
from tests.support.servers import PATIENCE, free_ports, valkey

SPEED, START_MS = 60, 1_772_409_600_000
"""Engine time runs at 60 ×, from Monday 2026-03-02 08:00 in Shanghai: accept clocks of the urgent end within seconds.
"""
IN_TIME_SECONDS = 5
"""Of the wall: dispatch may end once no clock is later than that. The audit calls one missing that is late by ten."""


@asynccontextmanager
async def stack(folder: Path) -> AsyncIterator[tuple[Rig, "Broker"]]:
    """A broker that can be killed, a Valkey, and a prepared prefix."""
    broker = Broker(folder / "kafka", free_ports(2))
    with valkey() as redis_url:
        settings = Settings(
            kafka=f"127.0.0.1:{broker.port}",
            redis_url=redis_url,
            prefix="k.",
            partitions=4,
            replication_factor=1,
            min_insync_replicas=1,
            data_dir=folder / "data",
            session_timeout_seconds=3,
        )
        rig = Rig(settings)
        for n in (1, 2):
            rig.more[f"dispatch-{n}"] = {"GRIDWHISTLE_HTTP_BIND": f"127.0.0.1:{free_ports(1)}"}
        try:
            await rig.prepare("guancheng", START_MS, SPEED)
            yield rig, broker
        finally:
            rig.close()
            broker.server.kill()


class Broker:
    """Apache Kafka on a fixed port and folder, to be killed and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port = folder, port
        self.start()

    def start(self) -> None:
        """Start it, on what the folder holds."""
        self.server = local.kafka(self._folder, self.port, self._folder / "log")
        self.server.wait_ready(PATIENCE)

    def restart_after_kill(self) -> None:
        """Kill it and start it again."""
        self.server.kill()
        time.sleep(0.5)
        self.start()


def audit(rig: Rig, journal: Path) -> dict[str, Any]:
    """Run the audit as a person would."""
    command = [sys.executable, "-m", "engine.cli", "audit", "--json", "--journal", str(journal)]
    done = subprocess.run(command, env=rig.environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout)  # type: ignore[no-any-return]


async def settled(rig: Rig) -> None:
    """Wait until what was sent is decided and clocks fire as they fall due, end dispatch (time would go on), and let
    fan-out work off the rest."""
    from engine.local.lag import lags_and_stopped

    lags: dict[str, int] = {}
    stopped: list[Any] = []

    async def caught_up(*stages: str) -> bool:
        now, *stopped[:] = await lags_and_stopped(rig.settings)
        lags.update(now)
        return set(stages) <= set(lags) and not any(lags[stage] for stage in stages)

    try:
        await eventually(lambda: caught_up("intake", "dispatch"), 300, "intake and dispatch caught up", every=1.0)
        await clocks_in_time(rig, IN_TIME_SECONDS * SPEED, 300)
        rig.terminate("dispatch-1", "dispatch-2")
        await eventually(lambda: caught_up("fanout"), 300, "fan-out caught up", every=1.0)
    except AssertionError as exc:
        alive = {worker.name: worker.log.read_text()[-1500:] for worker in rig.workers.values() if worker.alive}
        stands = "\n".join(await standings(rig.settings))
        raise AssertionError(f"{exc}; behind: {lags}; stopped: {stopped}; {stands}; alive: {alive}") from exc


def revive(rig: Rig) -> None:
    """Start again whatever ended, as a supervisor would."""
    for worker in list(rig.workers.values()):
        if not worker.alive:
            rig.start(worker.stage, int(worker.name.rsplit("-", 1)[1]))
