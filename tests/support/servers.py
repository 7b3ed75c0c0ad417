"""Real servers for tests, on free ports and in a folder of their own; nothing is mocked, nothing is skipped."""

import os
import random
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine.local import postgres as local_postgres
from engine.local import servers
from engine.local.plan import PORT_BASE

PORTS = range(10_000, PORT_BASE)
"""Below those that ``up`` takes by itself, and those from which the kernel gives outgoing connections theirs."""


def own_ports() -> range:
    """Those of this process among tests that run side by side: what is found free here, nobody else takes meanwhile."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = len(PORTS) // workers
    return PORTS[number * share : (number + 1) * share]


PATIENCE = 300.0
"""Seconds until a server that has not ended and does not answer is given up: a machine that is busy with ten other
things takes its time."""


def free_ports(count: int) -> int:
    """Find so many free ports in a row; answers the first."""
    ports = own_ports()
    while True:
        first = random.SystemRandom().choice(ports[: 1 - count or None])
        if all(servers.port_holder(first + n) is None for n in range(count)):
            return first


@contextmanager
def kafka_server(folder: Path | None = None) -> Iterator[servers.Server]:
    """Run Apache Kafka until the block ends."""
    with tempfile.TemporaryDirectory(prefix="gridwhistle-kafka-") as scratch:
        here = folder or Path(scratch)
        server = servers.kafka(here, free_ports(2), here / "log")
        try:
            server.wait_ready(PATIENCE)
            yield server
        finally:
            server.kill()


@contextmanager
def kafka() -> Iterator[str]:
    """Run Apache Kafka; yields host:port."""
    with kafka_server() as server:
        yield f"127.0.0.1:{server.port}"


class Broker:
    """Apache Kafka on a fixed port and folder, to be killed and started again."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        more: Mapping[str, object] | None = None,
        cluster: str | None = None,
    ) -> None:
        """Start it; ``more`` properties come on top of ours."""
        self.folder, self.port, self._more, self._cluster = folder, port or free_ports(2), more, cluster
        self.start(wait=cluster is None)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"127.0.0.1:{self.port}"

    def start(self, wait: bool = True) -> None:
        """Start it, on what the folder holds."""
        self.server = servers.kafka(self.folder, self.port, self.folder / "log", self._more, self._cluster)
        if wait:
            self.server.wait_ready(PATIENCE)

    def restart_after_kill(self) -> None:
        """Kill it and start it again."""
        self.server.kill()
        time.sleep(0.5)
        self.start()


def cluster_of_three(folder: Path) -> list[Broker]:
    """Three brokers that are controllers as well: each topic three times, two of them in step."""
    first = free_ports(6)
    voters = ",".join(f"{n + 1}@127.0.0.1:{first + 2 * n + 1}" for n in range(3))
    common: dict[str, object] = {
        "controller.quorum.voters": voters,
        "offsets.topic.replication.factor": 3,
        "transaction.state.log.replication.factor": 3,
        "transaction.state.log.min.isr": 2,
        "min.insync.replicas": 2,
        "default.replication.factor": 3,
        "broker.session.timeout.ms": 6000,
        "broker.heartbeat.interval.ms": 1000,
        "replica.lag.time.max.ms": 6000,
    }
    cluster = servers.cluster_id(lambda: uuid.uuid4().bytes)
    brokers = [
        Broker(folder / f"kafka{n + 1}", first + 2 * n, {**common, "node.id": n + 1}, cluster=cluster) for n in range(3)
    ]
    for broker in brokers:
        broker.server.wait_ready(PATIENCE)
    return brokers


@contextmanager
def valkey() -> Iterator[str]:
    """Run Valkey; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="gridwhistle-valkey-") as scratch:
        server = servers.valkey(Path(scratch), free_ports(1), Path(scratch) / "log")
        try:
            server.wait_ready(PATIENCE)
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            server.kill()


class Database:
    """PostgreSQL on a socket in its folder, to be ended and started again."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_ports(1)
        (folder / "password").write_text("of-a-test")
        self.start()

    @property
    def url(self) -> str:
        """Where it answers, password included."""
        user, name = local_postgres.USER, local_postgres.DATABASE
        return f"postgresql://{user}:of-a-test@/{name}?host={self.folder}&port={self.port}"

    @property
    def pids(self) -> list[int]:
        """The server and whoever works for it now."""
        pid = self.server.process.pid
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]

    def start(self) -> None:
        """Start it, on what the folder holds, and wait until it answers."""
        command = local_postgres.command(self.folder / "postgres", self.port, self.folder, self.folder / "password")
        self.server = servers.Server("postgres", command, self.port, log=self.folder / "log")
        until = time.monotonic() + PATIENCE
        while not local_postgres.answers(self.folder / "postgres", self.server.process.pid):
            assert self.server.process.poll() is None and time.monotonic() < until, self.server._tail()
            time.sleep(0.02)


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL; yields its URL, password included."""
    with tempfile.TemporaryDirectory(prefix="gridwhistle-postgres-") as scratch:
        database = Database(Path(scratch))
        try:
            yield database.url
        finally:
            database.server.kill()
