"""The broker's jars: fetched once by jgo from their Maven coordinates, each refused unless its checksum is the pinned
one."""

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engine.errors import InvalidSettings
from engine.security.private_files import make_folder, opener
from engine.settings import home

KAFKA = "4.3.1"
ENDPOINT = f"org.apache.kafka:kafka_2.13:{KAFKA}+org.slf4j:slf4j-simple:1.7.36"
PINS = Path(__file__).with_name("jars.txt")
"""``<sha256>  <file name>`` of every jar."""

NOT_OURS_TO_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


def cache_folder() -> Path:
    """Name the folder the jars are kept in, shared by all stacks of this user."""
    chosen = os.environ.get("GRIDWHISTLE_CACHE_DIR")
    return (Path(chosen) if chosen else home("GRIDWHISTLE_CACHE_DIR") / ".cache" / "gridwhistle") / f"kafka-{KAFKA}"


def pins() -> dict[str, str]:
    """Read the pinned checksums: file name -> SHA-256."""
    return {
        name: digest
        for digest, name in (
            line.split() for line in PINS.read_text().splitlines() if line and not line.startswith("#")
        )
    }


def jars(folder: Path | None = None) -> list[Path]:
    """Give the jars, fetched if they are missing. A later start needs no network.

    Raises:
        InvalidSettings: A jar is not the pinned one, or cannot be fetched; names it and the mend.
    """
    folder = folder or cache_folder()
    with _lock(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stacks starting for the first time fetch once
        missing = [name for name in pins() if not (folder / name).exists()]
        if missing:
            _fetch(folder, len(missing))
        verify(folder)
    return [folder / name for name in pins()]


def _lock(folder: Path) -> IO[str]:
    try:
        return open(make_folder(folder) / "lock", "w", opener=opener)
    except OSError as exc:
        if exc.errno not in NOT_OURS_TO_WRITE:
            raise
        raise InvalidSettings(
            f"the broker's jars are kept in {folder}, which cannot be written: {exc.strerror}; set"
            " GRIDWHISTLE_CACHE_DIR to a folder that can"
        ) from exc


def verify(folder: Path) -> None:
    """Compare every jar with its checksum, at every start (0.2 s for 100 MB): its size says nothing about who wrote it.

    Raises:
        InvalidSettings: One differs or is missing.
    """
    for name, digest in pins().items():
        path = folder / name
        if not path.exists():
            raise InvalidSettings(
                f"{name} is missing among the broker's jars; delete {folder} and start again with a network"
            )
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != digest:
            raise InvalidSettings(
                f"{name} has the checksum {found}, not the pinned {digest}; it is refused. Delete it and start again"
            )


def _fetch(folder: Path, missing: int) -> None:
    """Let jgo resolve and download into a folder of its own, then take over what is pinned."""
    import jgo
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    logging.getLogger("jgo").setLevel(logging.ERROR)
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            console=console,
            disable=not sys.stderr.isatty(),
        ) as progress,
    ):
        if not sys.stderr.isatty():
            print(f"fetching Apache Kafka {KAFKA}: {missing} jars, once", file=sys.stderr, flush=True)
        bar = progress.add_task(f"fetching Apache Kafka {KAFKA} (once)", total=len(pins()))
        try:
            with _no_repository_at_home(Path(scratch) / "maven"):
                jgo.build(ENDPOINT, cache_dir=Path(scratch) / "built")
        except Exception as exc:  # jgo raises whatever its HTTP client does
            raise InvalidSettings(
                f"the broker's jars could not be fetched: {exc}; the first start needs the package registry"
            ) from exc
        for path in (Path(scratch) / "built").rglob("*.jar"):
            if path.name in pins():
                shutil.copyfile(path, folder / path.name)
                progress.advance(bar)


@contextlib.contextmanager
def _no_repository_at_home(folder: Path) -> Iterator[None]:
    """jgo downloads into Maven's folder of the home, which need not be there; ``M2_REPO`` names another, and one that
    is set stays."""
    if "M2_REPO" in os.environ:
        yield
        return
    os.environ["M2_REPO"] = str(folder)
    try:
        yield
    finally:
        del os.environ["M2_REPO"]
