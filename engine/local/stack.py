"""Bringing a stack up and down: servers, topics, clock, pack, stages, in this order and back."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from engine import topic_admin
from engine.errors import DependencyDown, InvalidSettings, StackBusy
from engine.local import servers
from engine.local.folder import StackFile, folder_of, read_stack, settings_of, write_stack
from engine.local.supervisor import Child, Supervisor, child_environ, python_command
from engine.packs import publish
from engine.reference import start_clock
from engine.settings import Settings
from engine.stages import STAGES
from engine.vault import make_master_key

PORT_BASE, PORT_BLOCK, FIRST_STAGE_PORT = 27000, 40, 10
"""Below the ports that the kernel gives to outgoing connections. Kafka takes the base, its controller base + 1, Valkey base + 2, stages from base + 10."""

Say = Callable[[str], None]


@dataclass
class Wanted:
    """What ``up`` was asked for; ``None`` means: as before, or the default."""

    data: Path | None = None
    pack: str | None = None
    kafka: str | None = None
    redis: str | None = None
    port_base: int | None = None
    clock: str | None = None
    workers: dict[str, int] = field(default_factory=dict)


def parse_clock(text: str) -> tuple[int | None, int]:
    """Read ``START@SPEED``, e.g. ``2018-01-01T00:00:00-08:00@3600``; empty is live.

    Raises:
        InvalidSettings: It is not of that form.
    """
    if not text:
        return None, 1
    start, _, speed = text.rpartition("@")
    try:
        moment = datetime.fromisoformat(start)
        if moment.tzinfo is None or int(speed) < 1:
            raise ValueError
    except ValueError:
        raise InvalidSettings(f"--clock {text!r} must be START@SPEED with a zone and a whole speed, e.g. 2018-01-01T00:00:00-08:00@3600") from None
    return int(moment.timestamp() * 1000), int(speed)


def plan(wanted: Wanted) -> StackFile:
    """Settle what the stack will be: what the folder remembers, and what is asked, if that does not contradict it.

    Raises:
        InvalidSettings: Another pack or clock than the folder's is asked for.
        StackBusy: A port is taken.
    """
    before = read_stack(wanted.data)
    if before is not None:
        for name, asked, known in (("--pack", wanted.pack, before.pack), ("--clock", wanted.clock, before.clock)):
            if asked is not None and asked != known:
                raise InvalidSettings(
                    f"this folder holds a stack with {name} {known or '(live)'}, not {asked}; go on without {name}, or 'gridwhistle reset' first, or choose another --data"
                )
    base = _port_base(wanted, before)
    own = wanted.kafka is None and wanted.redis is None
    return StackFile(
        pack=wanted.pack or (before.pack if before else "guancheng"),
        kafka=wanted.kafka or f"127.0.0.1:{base}",
        redis_url=wanted.redis or f"redis://127.0.0.1:{base + 2}/0",
        clock=wanted.clock if wanted.clock is not None else (before.clock if before else ""),
        port_base=base,
        own_servers=own,
        started_at=time.time(),
    )


def _port_base(wanted: Wanted, before: StackFile | None) -> int:
    base = wanted.port_base or (before.port_base if before else PORT_BASE)
    needed = [0, 1, 2, *range(FIRST_STAGE_PORT, FIRST_STAGE_PORT + sum(wanted.workers.get(stage, 1) for stage in STAGES))]
    if wanted.port_base is not None:
        servers.demand_free([base + n for n in needed])
        return base
    for candidate in range(base, 65_000 - PORT_BLOCK, PORT_BLOCK):
        if all(servers.port_holder(candidate + n) is None for n in needed):
            return candidate
    raise StackBusy(f"no {PORT_BLOCK} free ports from {base} on; end something, or choose others with --port-base")


class Stack:
    """A running stack: its servers and its supervisor."""

    def __init__(self, wanted: Wanted, say: Say) -> None:
        """Settle the plan; ``start`` does the work."""
        self.wanted, self._say = wanted, say
        self.file = plan(wanted)
        self.folder = folder_of(wanted.data)
        self.servers: list[servers.Server] = []
        self.supervisor = Supervisor(on_restart=self.remember_processes)
        self.settings: Settings

    async def start(self) -> None:
        """Bring everything up; on any fault what was started is ended again."""
        for name in ("run", "logs", "journals"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        write_stack(self.wanted.data, self.file)
        self.settings = settings_of(self.wanted.data)
        make_master_key(self.settings.key_file)
        await asyncio.to_thread(self._start_servers)
        await self._until_broker_answers()
        start_ms, speed = parse_clock(self.file.clock)
        made = await topic_admin.apply(self.settings, [])
        if made:
            self._say(f"made {len(made)} topics")
        await start_clock(self.settings, start_ms, speed)
        self._say(f"pack {await publish(self.settings, self.file.pack)}")
        self._start_stages()
        late = await self.supervisor.until_ready(90)
        if late:
            raise DependencyDown(f"not ready after 90 s: {', '.join(late)}; see their logs in {self.folder / 'logs'}")

    def _start_servers(self) -> None:
        port, logs = self.file.port_base, self.folder / "logs"
        if self.wanted.kafka is None:
            self.servers.append(servers.kafka(self.folder / "kafka", port, logs / "kafka.log"))
        if self.wanted.redis is None:
            self.servers.append(servers.valkey(self.folder / "valkey", port + 2, logs / "valkey.log"))
        for server in self.servers:
            server.wait_ready()

    async def _until_broker_answers(self) -> None:
        """An open port is not yet a broker: wait for a real answer."""
        deadline = time.monotonic() + 30
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka)
            try:
                await admin.start()
                await admin.list_topics()
                return
            except (KafkaError, OSError) as exc:
                if time.monotonic() > deadline:
                    raise DependencyDown(f"Kafka at {self.settings.kafka} does not answer: {exc}; is the address right?") from exc
                await asyncio.sleep(0.2)
            finally:
                await admin.close()

    def _start_stages(self) -> None:
        port = self.file.port_base + FIRST_STAGE_PORT
        for stage in STAGES:
            for number in range(1, self.wanted.workers.get(stage, 1) + 1):
                name = f"{stage}-{number}"
                command = python_command("run", stage, "--data", str(self.folder), "--name", name)
                self.supervisor.add(Child(name, stage, command, child_environ(port), self.folder))
                self.file.processes[name] = {"stage": stage, "pid": None, "port": port}
                port += 1

    def remember_processes(self) -> None:
        """Write down the pids, for ``status``."""
        for child in self.supervisor.children:
            entry = self.file.processes.setdefault(child.name, {"stage": child.stage, "port": None})
            entry["pid"] = child.process.pid if child.process is not None else None
        for server in self.servers:
            self.file.processes[server.name] = {"stage": "server", "pid": server.process.pid, "port": server.port}
        write_stack(self.wanted.data, self.file)

    async def stop(self) -> None:
        """End stages first, then servers, all within ten seconds."""
        await self.supervisor.stop()
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in reversed(self.servers)))
        self.file.processes = {}
        write_stack(self.wanted.data, self.file)


async def until_signal(seconds: float | None) -> None:
    """Wait for Ctrl-C, TERM, or so many seconds."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), seconds)
    except TimeoutError:
        return
