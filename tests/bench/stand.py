"""The stages under measurement: real processes on a prefix of their own, of which one works at a time.

A busy neighbour makes CPU seconds up to 1.8 times as long, so whoever is not measured stands still (SIGSTOP).
"""

import socket
import urllib.request
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from types import TracebackType

import psutil

from engine.settings import Settings
from tests.support.rig import Rig, eventually

PATIENCE = 600.0
"""Seconds in which a stage has worked off what waits for it."""


@dataclass(frozen=True)
class Servers:
    """What all parts of a run share: one broker, one Redis."""

    kafka: str
    kafka_pid: int
    redis: str
    redis_pid: int


@dataclass(frozen=True)
class Used:
    """CPU seconds, user and system, that some work took."""

    own: float
    kafka: float
    redis: float = 0.0

    def each(self, count: int) -> "Used":
        """The same for each of so many, in microseconds."""
        return replace(self, **{name: value / count * 1e6 for name, value in vars(self).items()})

    @classmethod
    def mean(cls, *some: "Used") -> "Used":
        """What was used on average."""
        return cls(*(sum(values) / len(some) for values in zip(*(vars(one).values() for one in some), strict=True)))


def cpu(pid: int) -> float:
    """Seconds that a process has used, all its threads."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@dataclass
class Stand:
    """A rig whose stages have pages of metrics, and can be held."""

    servers: Servers
    rig: Rig
    stages: tuple[str, ...]
    _ports: dict[str, int] = field(default_factory=dict)
    _taken: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, servers: Servers, folder: Path, prefix: str, partitions: int, *stages: str, session: int = 6
    ) -> "Stand":
        """Plan it; nothing runs before ``start``. ``session``: seconds after which the group takes a silent one's
        partitions, as the product has it; whoever is held must be given more."""
        home = folder / prefix.strip(".")
        home.mkdir()
        settings = Settings(
            kafka=servers.kafka,
            prefix=prefix,
            partitions=partitions,
            replication_factor=1,
            min_insync_replicas=1,
            data_dir=home,
            redis_url=servers.redis,
            session_timeout_seconds=session,
        )
        return cls(servers, rig=Rig(settings), stages=stages)

    @property
    def settings(self) -> Settings:
        """Those of its stages."""
        return self.rig.settings

    async def start(self) -> None:
        """Start the stages, and wait until they are ready."""
        for stage in self.stages:
            self._ports[stage] = _free_port()
            self.rig.start(stage, metrics_port=self._ports[stage])
        await self.rig.ready(*(f"{stage}-1" for stage in self.stages))

    async def under_its_law(self) -> None:
        """Wait until dispatch has adopted the pack in each partition: held before, it would do so within a round."""
        wanted = self.settings.partitions
        await eventually(lambda: self.taken("dispatch") >= wanted, PATIENCE, "the pack is adopted", every=0.5)
        self._taken = {stage: self.taken(stage) for stage in self.stages}

    def pid(self, stage: str) -> int:
        """Of the process of a stage."""
        return self.rig.workers[f"{stage}-1"].process.pid

    def hold(self, *stages: str) -> None:
        """Let these stand still; all, if none is named."""
        for stage in stages or self.stages:
            self.rig.workers[f"{stage}-1"].process.send_signal(SIGSTOP)

    def let_go(self, *stages: str) -> None:
        """Let these go on."""
        for stage in stages or self.stages:
            self.rig.workers[f"{stage}-1"].process.send_signal(SIGCONT)

    async def work_off(self, stage: str, count: int) -> Used:
        """Let one stage take so many records that wait for it, alone; answers what it and the servers used."""
        pids = (self.pid(stage), self.servers.kafka_pid, self.servers.redis_pid)
        before = [cpu(pid) for pid in pids]
        wanted = self._taken[stage] = self._taken.get(stage, 0) + count
        self.let_go(stage)
        # a look at the page costs 1 ms
        await eventually(lambda: self.taken(stage) >= wanted, PATIENCE, f"{stage} has taken {wanted:.0f}", every=0.5)
        used = [cpu(pid) - former for pid, former in zip(pids, before, strict=True)]
        self.hold(stage)
        return Used(own=used[0], kafka=used[1], redis=used[2])

    def taken(self, stage: str) -> float:
        """How many records it has taken since its start, by its own page."""
        assert self.rig.workers[f"{stage}-1"].alive, self.rig.workers[f"{stage}-1"].log.read_text()[-3000:]
        page = urllib.request.urlopen(f"http://127.0.0.1:{self._ports[stage]}/metrics", timeout=60).read().decode()
        lines = [line for line in page.splitlines() if line.startswith("gridwhistle_records_taken_total")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    async def __aenter__(self) -> "Stand":
        """So that whatever happens, its processes end."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them; one that stands still is ended as well."""
        self.rig.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
