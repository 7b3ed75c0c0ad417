"""Whether a stage is ready, condition by condition, and what is told of it only when somebody asks."""

import gc
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.kafka.broker_time import SKEW_SECONDS, engine_now
from engine.observability.health import Check
from engine.observability.json_logging import told
from engine.security.connections import certificates_end
from engine.security.private_files import make_missing, write_whole
from rules.law.work_calendar import WorkCalendar

if TYPE_CHECKING:
    from engine.kafka.reference import Reference
    from engine.observability.metrics import StageMetrics
    from engine.settings import Settings
    from engine.stream.partition_loop import PartitionLoop

log = logging.getLogger(__name__)

STILL_SECONDS = 30.0
"""A process that has neither done a step nor stood well for so long is not ready; the watchdog waits longer before it
ends it."""

DAY = 86_400


class Readiness:
    """Looks at the loop and at what it stands on. Asked on another thread: it reads figures and changes nothing."""

    def __init__(self, loop: "PartitionLoop", reference: "Reference", settings: "Settings") -> None:
        """Keep what is looked at."""
        self._loop, self._reference, self._settings = loop, reference, settings
        self._ends: tuple[str, int] = ("", 0)
        """The pack looked at last, and until when its calendar knows working days."""

    def checks(self) -> Sequence[Check]:
        """List every condition."""
        return [self._assigned(), self._opened(), self._moving(), self._pack(), self._clocks(), self._calendar()]

    def _assigned(self) -> Check:
        return Check("assigned", self._loop.assigned_once.is_set(), f"{len(self._loop.slots)} partitions are ours")

    def _opened(self) -> Check:
        slots = list(self._loop.slots.values())
        stopped = sorted(slot.label for slot in slots if slot.stopped_by is not None)
        opening = sorted(slot.label for slot in slots if not slot.open and slot.stopped_by is None)
        said = [f"{sum(slot.open for slot in slots)} open"]
        said += [f"opening: {', '.join(opening[:10])}"] if opening else []
        said += [f"stopped until somebody mends them: {', '.join(stopped[:10])}"] if stopped else []
        return Check("opened", not opening and not stopped, "; ".join(said))

    def _moving(self) -> Check:
        age, stalled = (
            self._loop.watch.progress_age(),
            sorted(slot.label for slot in list(self._loop.slots.values()) if slot.pace.stalled),
        )
        said = (
            f"nothing has moved for {age:.0f} s"
            if age > STILL_SECONDS
            else f"opened again and again: {', '.join(stalled[:10])}"
            if stalled
            else f"{age:.1f} s ago"
        )
        return Check("moving", age <= STILL_SECONDS and not stalled, said)

    def _pack(self) -> Check:
        return Check(
            "pack",
            self._reference.current is not None,
            self._reference.current or "none in force; 'gridwhistle pack publish'",
        )

    def _clocks(self) -> Check:
        skew = self._loop.watch.skew()
        if skew is None:
            return Check("clocks", True, "no commit of this process has shown the broker's time")
        return Check("clocks", abs(skew) <= SKEW_SECONDS, f"this machine is {skew:+.1f} s off the broker")

    def _calendar(self) -> Check:
        """Tell how far working days are known; their end is an alert, and takes no stage out of service."""
        reference, pack = self._reference, self._reference.current
        if pack is None or reference.clock is None:
            return Check("calendar", False, "no pack or no clock yet")
        if self._ends[0] != pack:
            self._ends = pack, WorkCalendar(reference.bundles[pack].calendar).ends
        days = (self._ends[1] - engine_now(reference.clock)) / 1000 / DAY
        if days <= 0:  # no restart and no other process would know more: a stage that can work is ready
            return Check(
                "calendar", True, "working days are known no further: deadlines say beyond_horizon; see CalendarHorizon"
            )
        return Check("calendar", True, f"working days are known for {days:.0f} days more")


def tell(
    readiness: Readiness, loop: "PartitionLoop", metrics: "StageMetrics", settings: "Settings"
) -> Callable[[], None]:
    """Return what sets the figures that are worth nothing until somebody asks."""

    def look() -> None:
        metrics.gauge("ready", float(all(check.holds for check in readiness.checks())), loop.stage)
        metrics.gauge("progress_age_seconds", loop.watch.progress_age(), loop.stage)
        if (skew := loop.watch.skew()) is not None:
            metrics.gauge("clock_skew_seconds", skew, loop.stage)
        tell_machine(metrics, settings)

    return look


def tell_machine(metrics: "StageMetrics", settings: "Settings") -> None:
    """Set what a process says of what it stands on: room on its disk, and until when its certificates are good."""
    with suppress(OSError):
        metrics.gauge("data_free_bytes", shutil.disk_usage(settings.data_dir).free)
    for name, ends in certificates_end(settings).items():
        metrics.gauge("certificate_expiry_seconds", ends - time.time(), name)


def say_ready(stage: str, is_ready: bool, file: Path | None) -> None:
    """In the log, and in the file that the supervisor looks at."""
    if is_ready:
        gc.collect()
        gc.freeze()  # what was loaded stays; a full collection need not walk over it
        log.info("%s is ready", stage)
    else:
        log.error("%s is not ready: a partition is opened again and again and nothing moves", stage)
    if file is None:
        return
    try:
        if is_ready:
            make_missing(file.parent)
            write_whole(file, b"")
        else:
            file.unlink(missing_ok=True)
    except OSError as exc:  # a full disk costs the note, not the partition that was opened just now
        log.error("%s cannot note in %s whether it is ready: %s", stage, file, told(exc))
