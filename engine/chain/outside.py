"""The file of checkpoints outside of Kafka: what could not be written waits, is written later, and is alarmed of."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from engine.errors import InvalidSettings
from engine.security.private_files import opener

log = logging.getLogger(__name__)

MOST_WAITING = 50_000
"""Checkpoints of a week of 24 partitions; the oldest go, and stand on the topic all the same."""
ALARM = "checkpoints_not_outside"


class Outside:
    """Appends whole lines, in order."""

    def __init__(self, path: Path | None, alarm: Callable[[str], None]) -> None:
        """Nothing is written yet."""
        self._path, self._alarm = path, alarm
        self.waiting: list[bytes] = []

    def add(self, value: bytes) -> None:
        """Take one more; it is written by ``write``."""
        if self._path is not None:
            self.waiting = [*self.waiting, value][-MOST_WAITING:]

    def write(self) -> None:
        """Write all that waits; where that cannot be done it waits on, and each try raises the alarm."""
        if self._path is None or not self.waiting:
            return
        try:
            self._append(self._path, b"".join(one + b"\n" for one in self.waiting))
        except (OSError, InvalidSettings) as exc:  # full, away, or no file of ours
            self._alarm(ALARM)
            log.error(
                "%d checkpoints cannot be written to the file outside (%s); they wait, and stand on the topic",
                len(self.waiting), exc,
            )  # fmt: skip
            return
        self.waiting = []

    def _append(self, path: Path, lines: bytes) -> None:
        """Append, or leave the file as it was; a line that a kill tore is ended, or the next would be torn with it."""
        with open(path, "a+b", opener=opener, buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                lines = lines if file.read(1) == b"\n" else b"\n" + lines
            try:
                while lines:
                    lines = lines[file.write(lines) :]
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
