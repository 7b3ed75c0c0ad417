"""The notifier's process: sends until TERM. It needs PostgreSQL alone, no Kafka and no Redis."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from pathlib import Path

from engine.calling_off import called_off
from engine.doors.store import Doors
from engine.errors import InvalidSettings
from engine.notifier.address_book import Books
from engine.notifier.http import Poster
from engine.notifier.loop import SendingLoop
from engine.notifier.notice_kind import NoticeKind
from engine.notifier.pauses import Pauses
from engine.notifier.port import Kind
from engine.notifier.signed import WebhookKind
from engine.observability.farewell import gone_within
from engine.observability.health import Check, HealthServer
from engine.observability.metrics import StageMetrics
from engine.security.private_files import make_missing, write_whole
from engine.settings import Settings
from engine.stream.readiness import tell_machine

log = logging.getLogger(__name__)

GONE_SECONDS = 10.0
"""A database that has not answered for so long is away."""


def kinds_of(settings: Settings, doors: Doors, metrics: StageMetrics) -> list[Kind]:
    """Name everything that this process sends; each kind has targets of its own."""
    book = settings.notices_file or settings.data_dir / "notices.yaml"
    try:
        notices = NoticeKind(
            doors,
            Books(book),
            settings.data_dir / "mailbox",
            poster=Poster("loopback", settings.webhook_ca_file),  # whoever runs the stack says where people are
            alarm=lambda kind: metrics.count("alarms", kind),
        )
        return [WebhookKind(doors, Poster(settings.webhook_reach, settings.webhook_ca_file)), notices]
    except OSError as exc:  # ssl's own errors are OSErrors
        raise InvalidSettings(f"GRIDWHISTLE_WEBHOOK_CA_FILE cannot be used: {exc}") from exc


async def run_notifier(settings: Settings, ready: Path | None = None) -> None:
    """Send what is due until TERM or INT.

    Raises:
        InvalidSettings: There is no database, or its tables are a newer engine's.
        DependencyDown: It does not answer as yet.
    """
    metrics, doors = StageMetrics("notifier"), Doors(settings)
    await doors.fit()
    kinds = kinds_of(settings, doors, metrics)
    pauses = Pauses(first=settings.webhook_first_pause_seconds)
    loop = SendingLoop(doors, kinds, pauses, metrics=metrics, keep_days=settings.archive_days)
    loop.answered_at = asyncio.get_running_loop().time()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    _answer_probes(settings, metrics, loop)
    sending, ended = asyncio.create_task(loop.run()), asyncio.create_task(ending.wait())
    _tell_ready(ready)
    try:
        await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
        gone_within("notifier")
        if sending.done():
            sending.result()
        await loop.drain()
    finally:
        ended.cancel()
        await called_off(sending)
        if ready is not None:
            ready.unlink(missing_ok=True)
        for kind in kinds:
            await kind.close()
        await doors.close()


def _answer_probes(settings: Settings, metrics: StageMetrics, sending: SendingLoop) -> None:
    """Answer probes and Prometheus on the stages' own kind of address, where one is set."""
    if settings.http_address is None:
        return
    clock = asyncio.get_running_loop()

    def checks() -> Sequence[Check]:
        age = clock.time() - sending.answered_at
        return [Check("database", age <= GONE_SECONDS, f"answered {min(age, 1e6):.0f} s ago")]

    def look() -> None:
        metrics.gauge("ready", float(all(check.holds for check in checks())), "notifier")
        tell_machine(metrics, settings)

    metrics.when_asked.append(look)
    HealthServer(settings.http_address, metrics, checks).start()


def _tell_ready(file: Path | None) -> None:
    log.info("notifier is ready")
    if file is not None:
        make_missing(file.parent)
        write_whole(file, b"")
