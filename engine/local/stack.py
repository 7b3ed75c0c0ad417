"""Bringing a stack up and down: servers, topics, clock, pack, stages, in this order and back."""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from engine.chain.signing import make_signing_key
from engine.errors import DependencyDown, InvalidSettings
from engine.kafka import clients, topic_admin
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.reference import Reference, start_clock
from engine.local import postgres, servers, watching
from engine.local.first_accounts import tell_first
from engine.local.folder import (
    POSTGRES_PORT,
    StackFile,
    password_of,
    postgres_sockets,
    settings_for,
    socket_of,
    take_folder,
    write_stack,
)
from engine.local.forked import Start, by_itself
from engine.local.plan import (
    FIRST_STAGE_PORT,
    PROMETHEUS_PORT,
    Wanted,
    demand_in_force,
    parse_clock,
    plan,
)
from engine.local.supervisor import Child, Supervisor, child_environ, python_command
from engine.local.told_paths import in_utf8
from engine.running import ends
from engine.security.connections import new_redis
from engine.security.private_files import make_folder
from engine.security.redis_faults import redis_answering
from engine.security.vault import make_master_key
from engine.server_addresses import is_loopback
from engine.settings import ENVIRONMENT, Settings
from engine.stages import STAGES, doors_of, stages_of
from topics.registry import VAULT

Say = Callable[[str], None]

FOREIGN_SECONDS, OWN_SECONDS = 10, 60
"""Patience with a broker of somebody else's, and with our own while it starts."""

LONGEST_LEAD = 45
"""Seconds. The stages need about as long as the servers did, on the same machine: a demonstration's morning begins that
much later, for
at 600 times the speed each second of their start would be ten minutes of the day that nobody sees."""


class Stack:
    """A running stack: its servers and stages under one supervisor."""

    def __init__(self, wanted: Wanted, say: Say, begin: Start = by_itself) -> None:
        """Settle the plan; ``start`` does the work, and ``begin`` is the way that commands of ours begin."""
        self.wanted, self._say, self.begin = wanted, say, begin
        self._prometheus = watching.find_prometheus() if wanted.watch else None
        self.folder = take_folder(wanted.data)
        self.file: StackFile = plan(wanted)
        self.supervisor = Supervisor(on_restart=self.remember_processes, tell=say)
        self.settings: Settings = settings_for(self.folder, self.file)

    async def start(self) -> None:
        """Bring everything up; whoever calls ends it again on any fault."""
        began = asyncio.get_running_loop().time()
        os.umask(0o077)
        for name in ("run", "logs", "journals"):
            make_folder(self.folder / name)
        if not self.file.own_kafka:
            await self._until_broker_answers(FOREIGN_SECONDS)
        write_stack(self.wanted.data, self.file)
        self._start_servers()
        await self.supervisor.until_ready(OWN_SECONDS)
        await self._until_broker_answers(OWN_SECONDS)
        await asyncio.to_thread(self._demand_redis)
        await self._prepare_log(asyncio.get_running_loop().time() - began)
        self._start_stages()
        self._start_watching()
        await self.supervisor.until_ready(90)
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what only a start needs, a proved pack above all, goes back to the machine

    def _start_servers(self) -> None:
        port, folder = self.file.port_base, self.folder
        if self.file.own_kafka:
            command = servers.kafka_command(folder / "kafka", port)
            self.supervisor.add(
                Child(
                    "kafka",
                    "server",
                    command,
                    folder=folder,
                    environ=in_utf8(),
                    answers=lambda pid: servers.answers(pid, port),
                )
            )
        if self.file.own_redis:
            socket = socket_of(folder)
            command = servers.valkey_command(folder / "valkey", port + 2, password_of(folder), socket)
            self.supervisor.add(
                Child("valkey", "server", command, folder=folder, answers=lambda pid: self._valkey_answers(pid, socket))
            )

        if self.file.own_postgres:
            self._start_postgres()

    def _start_postgres(self) -> None:
        folder = self.folder / "postgres"
        password_of(self.folder, "postgres.password")
        try:
            command = postgres.command(
                folder,
                self.file.port_base + POSTGRES_PORT,
                postgres_sockets(self.folder),
                self.folder / "postgres.password",
            )
        except ImportError as exc:
            raise InvalidSettings(str(exc)) from exc
        self.supervisor.add(
            Child(
                "postgres",
                "server",
                command,
                folder=self.folder,
                answers=lambda pid: postgres.answers(folder, pid),
                end_by=signal.SIGINT,  # TERM waits for whoever is connected
            )
        )

    def _valkey_answers(self, pid: int, socket: Path | None) -> bool:
        return socket.is_socket() if socket is not None else servers.answers(pid, self.file.port_base + 2)

    def _demand_redis(self) -> None:
        """The view's server must answer as well, with our password."""
        with redis_answering("Redis does not answer; is its address right?"):
            with new_redis(self.settings, socket_timeout=5) as client:
                client.ping()

    async def _until_broker_answers(self, within: float) -> None:
        """An open port is not yet a broker: wait for a real answer."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            admin = clients.admin(self.settings)
            try:
                await admin.start()
                await admin.list_topics()
                # a new broker makes its offsets topic when it is first asked; stages that ask before it is there
                # complain
                if self.file.own_kafka:
                    await admin.find_coordinator(self.settings.prefix + STAGES[0])
                return
            except (KafkaFault, OSError) as exc:
                if asyncio.get_running_loop().time() > deadline:
                    raise DependencyDown(
                        f"Kafka at {self.settings.kafka} does not answer: {exc}; is the address right?"
                    ) from exc
                await asyncio.sleep(0.2)
            finally:
                await admin.close()

    async def _prepare_log(self, took: float) -> None:
        """Make topics, key, clock; the law in force stays, a first pack is published only where there is none."""
        await demand_key(self.settings)
        made = await topic_admin.apply(self.settings, [])
        if made:
            self._say(f"made {len(made)} topics")
        await topic_admin.verify(self.settings)
        reference = Reference(self.settings)
        await reference.refresh()
        if reference.current is not None and self.wanted.pack is not None:
            demand_in_force(self.wanted, reference.current)
        start_ms, speed = parse_clock(self.file.clock)
        lead_ms = int(min(took, LONGEST_LEAD) * 1000) if self.wanted.demo else 0
        await start_clock(self.settings, start_ms, speed, anew=reference.current is None, lead_ms=lead_ms)
        self.file.in_force = reference.current or await self._publish()
        self.file.settled = True
        write_stack(self.wanted.data, self.file)
        self._say(f"pack {self.file.in_force}" + (" is in force still" if reference.current else ""))
        if not self.wanted.demo:  # there seats are open
            await tell_first(self.settings, reference, self._say)

    async def _publish(self) -> str:
        from engine.client.publish_pack import publish  # loads more than all else here, and for one moment

        return await publish(self.settings, self.file.pack)

    def _start_stages(self) -> None:
        port = self.file.port_base + FIRST_STAGE_PORT
        for stage in stages_of(self.settings):
            for number in range(1, self.wanted.workers.get(stage, 1) + 1):
                name = f"{stage}-{number}"
                command = python_command("run", stage, "--data", str(self.folder), "--name", name)
                environ = child_environ(port, self.settings.http_address)
                self.supervisor.add(Child(name, stage, command, environ=environ, folder=self.folder, start=self.begin))
                self.file.processes[name] = {"stage": stage, "pid": None, "port": port}
                port += 1
        for door in doors_of(self.settings):
            self._start_door(door, port)
            port += 1

    def _start_door(self, door: str, port: int) -> None:
        """Start what answers people; a demonstration lets whoever sits at this machine choose a seat."""
        command = python_command("run", door, "--data", str(self.folder), "--name", f"{door}-1")
        environ = child_environ(port, self.settings.http_address)
        if self.wanted.demo and is_loopback(self.settings.gateway_address[0]):
            environ.setdefault(f"{ENVIRONMENT}GATEWAY_SEATS", "open")
        environ.setdefault(f"{ENVIRONMENT}WEBHOOK_REACH", "loopback")  # whoever tries a webhook receives it here
        self.supervisor.add(Child(f"{door}-1", door, command, environ=environ, folder=self.folder, start=self.begin))
        self.file.processes[f"{door}-1"] = {"stage": door, "pid": None, "port": port}

    def _start_watching(self) -> None:
        """Start Prometheus beside the stages, where that was asked for."""
        if self._prometheus is None:
            return
        port = self.file.port_base + PROMETHEUS_PORT
        command = watching.command(self._prometheus, self.folder, self.file)
        self.supervisor.add(
            Child("prometheus", "watch", command, folder=self.folder, answers=lambda pid: servers.answers(pid, port))
        )
        self.file.processes["prometheus"] = {"stage": "watch", "pid": None, "port": port}
        self._say(f"Prometheus on http://127.0.0.1:{port}")

    def remember_processes(self) -> None:
        """Write down the pids, each with the moment it began, for ``status``."""
        ports = {"kafka": self.file.port_base, "valkey": None if socket_of(self.folder) else self.file.port_base + 2}
        if postgres_sockets(self.folder) is None:
            ports["postgres"] = self.file.port_base + POSTGRES_PORT
        for child in self.supervisor.children:
            entry = self.file.processes.setdefault(child.name, {"stage": child.stage, "port": ports.get(child.name)})
            entry |= {"pid": child.process.pid if child.process is not None else None, "since": child.since}
        write_stack(self.wanted.data, self.file)

    async def stop(self) -> None:
        """End stages first, then servers, all within ten seconds."""
        await self.supervisor.stop(
            *[child.name for child in self.supervisor.children if child.stage != "server"] or ["none"]
        )
        await self.supervisor.stop(patience=3.0)
        self.file.processes = {}
        try:
            write_stack(self.wanted.data, self.file)
        except (
            OSError
        ) as exc:  # everything is ended; what stands there names processes that are gone, which every reader sees
            self._say(f"stack.json could not be written: {exc}; make room before the next start")


def never_silent(stream: Callable[[], TextIO]) -> Say:
    """Make what prints to the terminal and never ends anything: a terminal that is gone or a full disk under it costs
    the line."""

    def say(text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(text, file=stream(), flush=True)

    return say


async def demand_key(settings: Settings) -> None:
    """Make the master key before there is a vault; one made later would seal beside the first. The key that signs the
    log is made where there is none.

    Raises:
        InvalidSettings: There is a vault already, and no key here.
    """
    make_signing_key(settings.signing_key_file)
    if settings.key_file.exists() or settings.key_file.is_symlink():
        return
    if settings.prefix + VAULT.name in await topic_admin.existing(settings):
        raise InvalidSettings(
            f"prefix {settings.prefix!r} on {settings.kafka} has a vault, and its master key is not at"
            f" {settings.key_file}; bring the key there from the folder that made it, or choose another"
            " GRIDWHISTLE_PREFIX"
        )
    make_master_key(settings.key_file)


async def until_signal(seconds: float | None) -> None:
    """Wait for Ctrl-C, TERM, a closed terminal, or so many seconds."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ends():
        loop.add_signal_handler(number, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return
