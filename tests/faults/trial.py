"""One trial: a stack that works, something that breaks, and what came of it, judged from the log and by the
journals."""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from engine.calling_off import called_off
from engine.local import servers as local
from engine.settings import Settings
from tests.faults.clocks import clocks_fired, page
from tests.support.feed import Feed
from tests.support.ledger import Ledger, Verdict
from tests.support.rig import Rig, eventually
from tests.support.servers import Broker, Database, cluster_of_three, free_ports

ALL = ("intake", "dispatch", "fanout", "replies", "projector")
SPEED, START_MS = 60, 1_772_409_600_000
"""Engine time runs at 60 ×, from Monday 2026-03-02 08:00 in Shanghai: accept clocks of the urgent end within seconds.
"""
PATIENCE = 300
"""Seconds until what must come is given up: a machine that is busy with ten other things takes its time."""
AUDITED = ("lost", "doubled", "early", "missing", "held")


@dataclass
class Trial:
    """What a fault's test has in hand."""

    folder: Path
    rig: Rig
    brokers: list[Broker]
    feed: Feed
    ledger: Ledger
    seed: int
    valkey: local.Server | None = None
    valkey_folder: Path = Path()
    database: Database | None = None
    faults: Counter[str] = field(default_factory=Counter)
    alarms: set[str] = field(default_factory=set)
    ports: dict[str, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    audited: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """Of the stack."""
        return self.rig.settings

    def start(self, *stages: str, number: int = 1, crash_at: str = "") -> None:
        """Start workers, each with its page of metrics on a port of its own."""
        for stage in stages:
            name = f"{stage}-{number}"
            port = self.ports.setdefault(name, free_ports(1))
            self.rig.start(stage, number, crash_at, metrics_port=port)

    def revive(self) -> None:
        """Start again whatever ended, as a supervisor would."""
        for worker in list(self.rig.workers.values()):
            if not worker.alive:
                self.start(worker.stage, number=int(worker.name.rsplit("-", 1)[1]))

    def kill(self, name: str) -> None:
        """End a worker as a power cut would, once what it has alarmed of is noted."""
        self.listen(name)
        self.rig.kill(name)
        self.faults["kill -9"] += 1

    def terminate(self, *names: str) -> None:
        """Ask workers to end."""
        for name in names:
            self.listen(name)
        self.rig.terminate(*names)

    def metrics(self, name: str) -> dict[str, float]:
        """The page of a worker; empty while it has none."""
        return page(f"127.0.0.1:{self.ports[name]}")

    def listen(self, *names: str) -> set[str]:
        """Note the alarms of these workers, or of all; answers all that were noted."""
        for name in names or tuple(self.rig.workers):
            found = [
                key for key, value in self.metrics(name).items() if key.startswith("gridwhistle_alarms_total") and value
            ]
            self.alarms |= {key.split('kind="')[1].split('"')[0] for key in found}
        return self.alarms

    def gauges(self, name: str, what: str) -> list[float]:
        """What a worker says of something, for each of its partitions where it does so by partition."""
        return [value for key, value in self.metrics(name).items() if key.startswith(f"gridwhistle_{what}{{")]

    def _unready(self, name: str) -> bool:
        """It says so, or has ended: a minute in which nothing can be fetched ends a process, to be started anew."""
        return not self.rig.workers[name].alive or 0.0 in self.gauges(name, "ready")

    async def not_ready(self, *names: str) -> None:
        """Wait until each of these workers says that it is not ready: the alarm of what it stands on."""
        for name in names:
            await eventually(partial(self._unready, name), PATIENCE, f"{name} says that it is not ready", 0.5)
            self.alarms.add(f"{name.rsplit('-', 1)[0]} not ready")

    async def answered(self, within: float = PATIENCE) -> None:
        """Wait until everything that was sent has come to something."""
        lost: list[str] = []

        def all_there() -> bool:
            lost[:] = self.ledger.missing(self.feed.journal, self.feed.replied)
            return not lost

        try:
            await eventually(all_there, within, "all is answered", every=2.0)
        except AssertionError as exc:
            alive = [worker.name for worker in self.rig.workers.values() if worker.alive]
            raise AssertionError(
                f"{exc}: {len(lost)} of {self.feed.incidents} reports and {self.feed.commands} commands are not, as"
                f" {lost[:3]}; alive: {alive}"
            ) from exc

    async def judged(self, audit: bool = True, within: float = PATIENCE) -> Verdict:
        """End the feed, let the stages work off what is left, and judge."""
        self.feed.going.set()
        self.feed.ending.set()
        await asyncio.wait_for(self._feeding, PATIENCE)
        self.revive()
        await self.answered(within)
        await clocks_fired(self, PATIENCE)
        self.listen()
        self.terminate(*[name for name, worker in self.rig.workers.items() if worker.stage == "dispatch"])
        await eventually(self.ledger.caught_up, PATIENCE, "the ledger has read all", every=0.3)
        await self.answered(PATIENCE)
        self.verdict = self.ledger.judge(self.feed.journal, self.feed.replied)
        assert self.verdict.sound, self.verdict.told()
        assert self.verdict.tickets == self.feed.incidents
        assert self.feed.counts["given up"] == 0
        if audit:
            self.audited = await asyncio.to_thread(self.audit)
            assert {name: self.audited[name] for name in AUDITED} == dict.fromkeys(AUDITED, 0), self.audited["problems"]
        return self.verdict

    def audit(self, journal: bool = True) -> dict[str, Any]:
        """The product's own audit, as a person would run it."""
        beside = ["--journal", str(self.feed.journal)] if journal else []
        command = [sys.executable, "-m", "engine.cli", "audit", "--json", *beside]
        done = subprocess.run(
            command, env=self.rig.environment(), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.stdout, done.stderr[-3000:]
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    async def begin(self) -> None:
        """Let the city report, and read along."""
        self._feeding = asyncio.create_task(self.feed.run())
        self._reading = asyncio.create_task(self.ledger.run())

    async def end(self) -> None:
        """End what was begun here."""
        await called_off(self._feeding, self._reading)

    async def going(self, count: int = 60, within: float = PATIENCE) -> None:
        """Wait until so many more reports and commands are decided: the stack works."""
        now = len(self.ledger.known)

        def come() -> bool:
            for task in (self._feeding, self._reading):
                if task.done():
                    task.result()  # what it raised is why nothing comes
            return len(self.ledger.known) >= now + count

        try:
            await eventually(come, within, f"{count} more are decided", every=0.3)
        except AssertionError as exc:
            dead = {w.name: w.log.read_text(errors="replace")[-1500:] for w in self.rig.workers.values() if not w.alive}
            raise AssertionError(f"{exc}; ended: {dead}") from exc

    async def work(self, draw: random.Random, least: float, most: float) -> None:
        """Let it work for a while."""
        await asyncio.sleep(draw.uniform(least, most))


async def _brokers(ending: AsyncExitStack, folder: Path, count: int, more: dict[str, object] | None) -> list[Broker]:
    """One broker or three, ended with the trial."""
    nodes = (
        await asyncio.to_thread(cluster_of_three, folder)
        if count == 3
        else [await asyncio.to_thread(Broker, folder / "kafka", None, more)]
    )
    for node in nodes:
        ending.callback(node.server.kill)
    return nodes


def _settings(folder: Path, nodes: list[Broker], valkey: local.Server, partitions: int, database: str) -> Settings:
    """Of a stack on these servers."""
    return Settings(
        kafka=",".join(node.address for node in nodes),
        redis_url=f"redis://127.0.0.1:{valkey.port}/0",
        database_url=database,
        prefix="f.",
        partitions=partitions,
        replication_factor=len(nodes),
        min_insync_replicas=2 if len(nodes) == 3 else 1,
        data_dir=folder / "data",
        session_timeout_seconds=6,
    )


async def _on_servers(
    ending: AsyncExitStack,
    brokers: int,
    more: dict[str, object] | None,
    partitions: int,
    sender: Callable[..., Feed],
    archived: bool,
) -> Trial:
    """Servers of its own, feed and ledger; all of it ends with the trial."""
    folder = Path(
        ending.enter_context(tempfile.TemporaryDirectory(prefix="gridwhistle-faults-", ignore_cleanup_errors=True))
    )
    nodes = await _brokers(ending, folder, brokers, more)
    valkey = local.valkey(folder / "valkey", free_ports(1), folder / "valkey" / "log")
    valkey.wait_ready(PATIENCE)
    database = await asyncio.to_thread(Database, folder / "database") if archived else None
    if database is not None:
        ending.callback(lambda: database.server.kill())
    settings = _settings(folder, nodes, valkey, partitions, database.url if database is not None else "")
    rig = Rig(settings)
    ending.callback(rig.close)
    feed, ledger = sender(settings, folder / "journal.jsonl"), Ledger(settings.kafka, settings.prefix, partitions)
    found = Trial(
        folder,
        rig,
        nodes,
        feed=feed,
        ledger=ledger,
        seed=feed.seed,
        valkey=valkey,
        valkey_folder=folder / "valkey",
        database=database,
    )
    ending.callback(lambda: found.valkey.kill() if found.valkey is not None else None)
    return found


@asynccontextmanager
async def trial(
    seed: int,
    *,
    rate: float = 25,
    brokers: int = 1,
    more: dict[str, object] | None = None,
    partitions: int = 3,
    speed: int = SPEED,
    mixed: bool = True,
    twice: Sequence[str] = (),
    stages: Sequence[str] = ALL,
    prepared: Callable[[Rig], Awaitable[None]] | None = None,
) -> AsyncIterator[Trial]:
    """A stack on servers of its own, everything started, the city reporting.

    Args:
        seed: Of reports and of whatever is drawn.
        rate: Reports a second.
        brokers: One or three.
        more: Properties of the broker.
        partitions: Of the stack.
        speed: Of engine time.
        mixed: Duplicates, wrong partitions, referrals and replies as well.
        twice: Stages that have two workers.
        stages: Those that run; with the archive goes a PostgreSQL.
        prepared: Does what must be done before stages are started, in the place of this version.
    """
    async with AsyncExitStack() as ending:
        sender = partial(Feed, rate=rate, seed=seed, mixed=mixed)
        found = await _on_servers(ending, brokers, more, partitions, sender, "archive" in stages)
        await (prepared(found.rig) if prepared is not None else found.rig.prepare("guancheng", START_MS, speed))
        found.start(*stages)
        found.start(*twice, number=2)
        await found.rig.ready(within=PATIENCE)
        await found.begin()
        ending.push_async_callback(found.end)
        await found.going(30)
        began = time.monotonic()
        yield found
        found.faults["seconds"] = int(time.monotonic() - began)
