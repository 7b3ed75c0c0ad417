"""A stack for tests: topics, pack and clock on a fresh prefix, and real worker processes that can be killed and started
again."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.chain.signing import make_signing_key
from engine.client.publish_pack import publish
from engine.kafka.reference import start_clock
from engine.kafka.topic_admin import apply
from engine.security.vault import make_master_key
from engine.settings import Settings

CRITICAL = ("intake", "dispatch", "fanout")


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], within: float, what: str, every: float = 0.1
) -> None:
    """Wait until a condition holds; fail, naming it, when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while True:
        held = condition()
        if held if isinstance(held, bool) else await held:
            return
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        await asyncio.sleep(every)


@dataclass
class Worker:
    """One process of a stage, started by the rig."""

    name: str
    stage: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None


@dataclass
class Rig:
    """Workers over one prefix; every process it started is ended by its pid at the end."""

    settings: Settings
    workers: dict[str, Worker] = field(default_factory=dict)
    kills: int = 0
    more: dict[str, dict[str, str]] = field(default_factory=dict)
    """Worker -> what comes on top of its environment, at each start."""
    code: Path | None = None
    """A folder with another version of the product, which workers run from now on."""
    python: Path = Path(sys.executable)
    """Who runs workers; of an environment of its own ``code`` is a folder of theirs."""

    async def prepare(self, pack: str, start_ms: int | None = None, speed: int = 1) -> str:
        """Make topics, clock, master key, and publish the pack; answers its ``<name>@<hash>``."""
        for folder in ("run", "logs", "journals"):
            (self.settings.data_dir / folder).mkdir(parents=True, exist_ok=True)
        key = self.settings.key_file
        if not key.exists():
            make_master_key(key)
        make_signing_key(self.settings.signing_key_file)
        await apply(self.settings, [])
        await start_clock(self.settings, start_ms, speed)
        return await publish(self.settings, pack)

    def environment(self) -> dict[str, str]:
        """The variables by which a worker finds this stack."""
        s = self.settings
        mine = {
            "KAFKA": s.kafka,
            "REDIS_URL": s.redis_url,
            "PREFIX": s.prefix,
            "PARTITIONS": s.partitions,
            "REPLICATION_FACTOR": s.replication_factor,
            "MIN_INSYNC_REPLICAS": s.min_insync_replicas,
            "DATA_DIR": s.data_dir,
            "DATABASE_URL": s.database_url,
            "SESSION_TIMEOUT_SECONDS": s.session_timeout_seconds,
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GRIDWHISTLE_")}
        clean["PYTHONFAULTHANDLER"] = "1"
        return {**clean, **{f"GRIDWHISTLE_{name}": str(value) for name, value in mine.items()}}

    def start(self, stage: str, number: int = 1, crash_at: str = "", metrics_port: int = 0) -> Worker:
        """Start a worker; ``crash_at`` is ``<point>:<nth>``."""
        name = f"{stage}-{number}"
        ready = self.settings.data_dir / "run" / f"{name}.ready"
        ready.unlink(missing_ok=True)
        page = {"GRIDWHISTLE_HTTP_BIND": f"127.0.0.1:{metrics_port}"} if metrics_port else {}
        environment = self.environment() | page | self.more.get(name, {})
        if crash_at:
            environment |= {"GRIDWHISTLE_CRASH_AT": f"{stage}:{crash_at}", "GRIDWHISTLE_FAULTS": "allow"}
        log = self.settings.data_dir / "logs" / f"{name}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [str(self.python), "-m", "engine.cli", "run", stage, "--name", name],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.code,
            )
        worker = self.workers[name] = Worker(name, stage, process, log=log)
        return worker

    async def ready(self, *names: str, within: float = 300) -> None:
        """Wait until these workers (all, if none is named) have opened everything assigned to them."""
        wanted = names or tuple(self.workers)

        def all_ready() -> bool:
            for name in wanted:
                worker = self.workers[name]
                assert worker.alive, f"{name} ended with {worker.process.returncode}:\n{worker.log.read_text()[-3000:]}"
            return all((self.settings.data_dir / "run" / f"{name}.ready").exists() for name in wanted)

        await eventually(all_ready, within, f"{wanted} ready")

    def kill(self, name: str) -> None:
        """End a worker as a power cut would."""
        self.workers[name].process.kill()
        self.workers[name].process.wait()
        self.kills += 1

    def terminate(self, *names: str) -> None:
        """Ask workers to end, all at once: none takes over what another lets go; each drains first."""
        for name in names:
            self.workers[name].process.send_signal(signal.SIGTERM)
        for name in names:
            process = self.workers[name].process
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # it says where its threads are: PYTHONFAULTHANDLER is set
                process.wait(30)
                said = self.workers[name].log.read_text()[-6000:]
                raise AssertionError(f"{name} did not end within 60 s of TERM:\n{said}") from None

    def close(self) -> None:
        """End everything that was started here."""
        for worker in self.workers.values():
            if worker.alive:
                worker.process.kill()
        for worker in self.workers.values():
            worker.process.wait()
