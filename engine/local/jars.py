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
from typing import IO, NamedTuple

from engine.errors import InvalidSettings
from engine.security.private_files import make_folder, opener
from engine.settings import home


class Release(NamedTuple):
    """One version of Apache Kafka."""

    version: str

    @property
    def endpoint(self) -> str:
        """What jgo fetches."""
        return f"org.apache.kafka:kafka_2.13:{self.version}+org.slf4j:slf4j-simple:1.7.36"

    def pins(self) -> dict[str, str]:
        """Read the pinned checksums: file name -> SHA-256."""
        lines = Path(__file__).with_name(f"jars-{self.version}.txt").read_text().splitlines()
        return {name: digest for digest, name in (line.split() for line in lines if line and not line.startswith("#"))}


KAFKA, KAFKA_BEFORE = Release("4.2.2"), Release("4.3.1")
"""What new folders are made for, and what they were made for until decision 29 was taken."""

OF_KAFKA_BEFORE = 30
"""Level of ``metadata.version`` from which on a folder is none of ``KAFKA``'s."""

HALF_COMMITS = (
    f"this folder was made for Kafka {KAFKA_BEFORE.version}, which after a kill may leave part of what it committed"
    f" hidden for ever (KAFKA-20734); a new folder is made for {KAFKA.version}"
)
"""What an operator of such a folder must know."""

NOT_OURS_TO_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


def release_of(broker: Path) -> Release:
    """Give the version that can run a broker's folder: a later one's cannot be read by an earlier one."""
    try:
        found = (broker / "data" / "bootstrap.checkpoint").read_bytes()
    except FileNotFoundError:
        return KAFKA
    _, name, level = found.partition(b"metadata.version")
    return KAFKA_BEFORE if name and int.from_bytes(level[:2], "big") >= OF_KAFKA_BEFORE else KAFKA


def cache_folder(release: Release = KAFKA) -> Path:
    """Name the folder the jars are kept in, shared by all stacks of this user."""
    chosen = os.environ.get("GRIDWHISTLE_CACHE_DIR")
    return (Path(chosen) if chosen else home("GRIDWHISTLE_CACHE_DIR") / ".cache" / "gridwhistle") / (
        f"kafka-{release.version}"
    )


def jars(folder: Path | None = None, release: Release = KAFKA) -> list[Path]:
    """Give the jars, fetched if they are missing. A later start needs no network.

    Raises:
        InvalidSettings: A jar is not the pinned one, or cannot be fetched; names it and the mend.
    """
    folder, pins = folder or cache_folder(release), release.pins()
    with _lock(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stacks starting for the first time fetch once
        missing = [name for name in pins if not (folder / name).exists()]
        if missing:
            _fetch(folder, len(missing), release)
        verify(folder, release)
    return [folder / name for name in pins]


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


def verify(folder: Path, release: Release = KAFKA) -> None:
    """Compare every jar with its checksum, at every start (0.2 s for 100 MB): its size says nothing about who wrote it.

    Raises:
        InvalidSettings: One differs or is missing.
    """
    for name, digest in release.pins().items():
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


def _fetch(folder: Path, missing: int, release: Release) -> None:
    """Let jgo resolve and download into a folder of its own, then take over what is pinned."""
    import jgo
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    logging.getLogger("jgo").setLevel(logging.ERROR)
    pins, what = release.pins(), f"fetching Apache Kafka {release.version}"
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
            print(f"{what}: {missing} jars, once", file=sys.stderr, flush=True)
        bar = progress.add_task(f"{what} (once)", total=len(pins))
        try:
            with _no_repository_at_home(Path(scratch) / "maven"):
                jgo.build(release.endpoint, cache_dir=Path(scratch) / "built")
        except Exception as exc:  # jgo raises whatever its HTTP client does
            raise InvalidSettings(
                f"the broker's jars could not be fetched: {exc}; the first start needs the package registry"
            ) from exc
        for path in (Path(scratch) / "built").rglob("*.jar"):
            if path.name in pins:
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
