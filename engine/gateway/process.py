"""The gateway's process: connects, answers until TERM, lets streams end in time."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from engine.errors import InvalidSettings
from engine.gateway.door import KafkaDoor
from engine.gateway.routes import new_app
from engine.gateway.wire import BoundedProtocol
from engine.gateway.world import World
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.reference import Reference
from engine.kafka.topic_admin import verify
from engine.observability.farewell import gone_within
from engine.observability.health import HealthServer
from engine.observability.metrics import StageMetrics
from engine.security.private_files import make_missing, write_whole
from engine.settings import Settings
from engine.stream.readiness import tell_machine

log = logging.getLogger(__name__)

GRACE_SECONDS = 2
"""Requests under way have so long to end once TERM has come; the supervisor waits five."""


class Server(uvicorn.Server):
    """Answers; whoever runs it says when to end, and no signal is taken over."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


def bound(address: tuple[str, int]) -> socket.socket:
    """Take the gateway's address.

    Raises:
        InvalidSettings: It cannot be had.
    """
    taken = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
    except OSError as exc:
        taken.close()
        raise InvalidSettings(
            f"{address[0]}:{address[1]} for the gateway cannot be had ({exc.strerror}); set GRIDWHISTLE_GATEWAY_BIND"
        ) from exc
    return taken


async def run_gateway(settings: Settings, ready: Path | None = None) -> None:
    """Answer over HTTP until TERM or INT.

    Raises:
        InvalidSettings: Topics, stack or address are not such that it can.
        DependencyDown: Kafka does not answer.
    """
    await verify(settings)
    metrics = StageMetrics("gateway")
    reference = Reference(settings, metrics)
    await reference.refresh()
    if reference.clock is None or reference.current is None:
        raise InvalidSettings(f"no pack or clock in force on prefix {settings.prefix!r}; run 'gridwhistle up'")
    taken = bound(settings.gateway_address)
    door = KafkaDoor(settings)
    await door.start()
    world = World(settings, KafkaLog(settings), door, reference=reference, metrics=metrics)
    try:
        await world.start()
        _answer_probes(world)
        await _serve(world, taken, ready)
    finally:
        await world.stop()
        await door.stop()
        taken.close()


def _answer_probes(world: World) -> None:
    """Answer probes and Prometheus on the stages' own kind of address, where one is set."""
    address, metrics = world.settings.http_address, world.metrics
    if address is None:
        return

    def look() -> None:
        metrics.gauge("ready", float(all(check.holds for check in world.checks())), "gateway")
        metrics.gauge("stream_clients", len(world.live.clients))
        tell_machine(metrics, world.settings)
        metrics.gauge("seats_open", float(world.settings.gateway_seats == "open"))

    metrics.when_asked.append(look)
    HealthServer(address, metrics, world.checks).start()


def config_of(world: World) -> uvicorn.Config:
    """How the server is set up."""
    return uvicorn.Config(
        new_app(world),
        http=BoundedProtocol,
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(world.settings.gateway_proxies),
        forwarded_allow_ips=world.settings.gateway_proxies,
        date_header=True,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        backlog=1024,
        limit_concurrency=5000,
    )


async def _serve(world: World, taken: socket.socket, ready: Path | None) -> None:
    server, ending = Server(config_of(world)), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    ended = asyncio.create_task(ending.wait())
    _tell_ready(world.settings, ready)
    await asyncio.wait({serving, ended, world.tasks[0]}, return_when=asyncio.FIRST_COMPLETED)
    gone_within("gateway")
    world.live.close()
    server.should_exit = True
    if ready is not None:
        ready.unlink(missing_ok=True)
    await serving
    ended.cancel()
    if world.tasks[0].done():
        world.tasks[0].result()


def _tell_ready(settings: Settings, file: Path | None) -> None:
    log.info("gateway is ready on http://%s", settings.gateway_bind)
    if file is not None:
        make_missing(file.parent)
        write_whole(file, b"")
