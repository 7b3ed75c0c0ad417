"""Real servers for tests, on free ports and in a folder of their own; nothing is mocked, nothing is skipped."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.local import servers


def free_ports(count: int) -> int:
    """Find so many free ports in a row; answers the first. Below those from which the kernel gives outgoing connections theirs (32768 on)."""
    while True:
        first = random.SystemRandom().randrange(10_000, 32_000 - count)
        if all(servers.port_holder(first + n) is None for n in range(count)):
            return first


@contextmanager
def kafka_server(folder: Path | None = None) -> Iterator[servers.Server]:
    """Run Apache Kafka until the block ends."""
    with tempfile.TemporaryDirectory(prefix="gridwhistle-kafka-") as scratch:
        here = folder or Path(scratch)
        server = servers.kafka(here, free_ports(2), here / "log")
        try:
            server.wait_ready()
            yield server
        finally:
            server.kill()


@contextmanager
def kafka() -> Iterator[str]:
    """Run Apache Kafka; yields host:port."""
    with kafka_server() as server:
        yield f"127.0.0.1:{server.port}"


@contextmanager
def valkey() -> Iterator[str]:
    """Run Valkey; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="gridwhistle-valkey-") as scratch:
        server = servers.valkey(Path(scratch), free_ports(1), Path(scratch) / "log")
        try:
            server.wait_ready()
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            server.kill()
