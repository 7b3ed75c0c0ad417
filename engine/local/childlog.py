"""What a child says, kept within bounds: of a line, of a file, of all files; a full disk loses lines, never the
supervisor."""

import contextlib
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Protocol

from engine.security.private_files import opener

LINE_BYTES = 64 * 1024
"""A line is cut here; one of 1 MiB once ended the reader, and with it the supervision, in silence."""

LOG_BYTES, LOG_FILES = 5_000_000, 3
LAST_LINES = 30


class Source(Protocol):
    """Where bytes come from."""

    async def read(self, size: int, /) -> bytes:
        """Give some bytes; none at the end."""


async def bounded_lines(source: Source) -> AsyncIterator[bytes]:
    """Split into lines; what is longer is cut and says by how much."""
    line, cut = b"", 0
    while chunk := await source.read(LINE_BYTES):
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            line, cut = _grown(line, cut, part)
            yield line + (b" [%d bytes cut]" % cut if cut else b"")
            line, cut = b"", 0
        line, cut = _grown(line, cut, rest)
    if line:
        yield line + (b" [%d bytes cut]" % cut if cut else b"")


def _grown(line: bytes, cut: int, part: bytes) -> tuple[bytes, int]:
    room = LINE_BYTES - len(line)
    return line + part[:room], cut + max(0, len(part) - room)


class ChildLog:
    """A file of at most ``LOG_BYTES`` and so many before it; 0600, never through a link."""

    def __init__(self, path: Path) -> None:
        """Keep the path; the file is opened with the first line."""
        self.path = path
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        """The last lines, whatever the disk does."""
        self.lost = 0
        """Lines that the disk refused since it last took one."""
        self.tell: Callable[[str], None] = lambda text: None
        """Told once when the disk begins to refuse lines, and once when it takes them again."""
        self._file: IO[bytes] | None = None

    def write(self, text: str) -> None:
        """Write one line; where the disk is full it is counted, and told once there is room."""
        self.last.append(text)
        try:
            if self.lost:
                self._put(f"{self.lost} lines before this one could not be written")
                self.tell(f"{self.path.name} is written again; {self.lost} lines are missing from it")
                self.lost = 0
            self._put(text)
        except Exception as exc:  # whatever is wrong with the disk or the file, the child must go on being watched
            self.lost += 1
            with contextlib.suppress(Exception):
                self.close()
            if self.lost == 1:
                self.tell(
                    f"{self.path} cannot be written ({exc}): lines are counted instead, everything runs on; make room"
                )

    def _put(self, text: str) -> None:
        line = text.encode(errors="replace") + b"\n"
        if self._file is None:
            self._file = open(self.path, "ab", buffering=0, opener=opener)  # noqa: SIM115 - closed by close()
        if self._file.tell() + len(line) > LOG_BYTES:
            self._rotate()
        assert self._file is not None
        if self._file.write(line) != len(line):
            raise OSError("only a part of the line was written")

    def _rotate(self) -> None:
        self.close()
        for number in range(LOG_FILES, 0, -1):
            before = self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            with contextlib.suppress(FileNotFoundError):
                os.replace(before, self.path.with_name(f"{self.path.name}.{number}"))
        self._file = open(self.path, "ab", buffering=0, opener=opener)  # noqa: SIM115 - closed by close()

    def close(self) -> None:
        """Let the file go; the next line opens it again."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()
