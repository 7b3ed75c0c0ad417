"""Folders 0700 and files 0600, whatever the umask; no symbolic link is followed and nothing of another owner's is
taken."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import InvalidSettings

FOLDER_MODE, FILE_MODE = 0o700, 0o600


def make_folder(path: Path) -> Path:
    """Make a folder, and each that is missing above it, for its owner alone; one that is there is closed to others.

    Raises:
        InvalidSettings: A link or a file stands there, or it is another user's.
    """
    make_missing(path.parent)
    try:
        path.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        demand_folder(path)
    if stat.S_IMODE(path.stat().st_mode) != FOLDER_MODE:
        path.chmod(FOLDER_MODE)
    return path


def make_missing(path: Path) -> None:
    """Make a folder and those above it where they are missing; what is there may be anybody's and stays as it is."""
    for folder in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def demand_folder(path: Path) -> None:
    """Refuse what is no folder of our own; see ``demand_own``."""
    demand_own(path, stat.S_ISDIR, "folder")


def demand_own(path: Path, is_kind: Callable[[int], bool], kind: str) -> None:
    """Refuse what is a link, of another kind, or of another owner.

    Raises:
        InvalidSettings: Says which, and the mend.
    """
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise InvalidSettings(
            f"{path} is a symbolic link, and links are not followed here; name {path.resolve()} itself, or remove the"
            " link"
        )
    if not is_kind(found.st_mode):
        raise InvalidSettings(f"{path} is not a {kind}; move it away, or choose another --data")
    if found.st_uid != os.geteuid():
        raise InvalidSettings(
            f"{path} belongs to user {found.st_uid}, not to {os.geteuid()}; choose another --data, or have it given"
            " to you"
        )


def opener(path: str, flags: int) -> int:
    """Open a file of our own for ``open(…, opener=opener)``: 0600, never through a link.

    Raises:
        InvalidSettings: A link, no plain file, or another user's.
    """
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, FILE_MODE)
    except OSError:
        if os.path.lexists(path):
            demand_own(Path(path), stat.S_ISREG, "file")
        raise
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            demand_own(Path(path), stat.S_ISREG, "file")
            raise InvalidSettings(f"{path} changed while it was opened; look who writes there")
        if flags & (os.O_WRONLY | os.O_RDWR) and stat.S_IMODE(found.st_mode) != FILE_MODE:
            os.fchmod(handle, FILE_MODE)
    except BaseException:
        os.close(handle)
        raise
    return handle


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole: a reader sees the old one or the new one, and a full disk leaves the old one."""
    scratch = path.with_name(path.name + ".new")
    try:
        with open(scratch, "wb", opener=opener) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        _keep_name(path)
    except OSError as exc:
        scratch.unlink(missing_ok=True)
        if exc.filename is None:  # a write names no file
            exc.filename = str(path)
        raise


def write_once(path: Path, content: bytes) -> bool:
    """Write a secret where there is none: whole or not at all, at any kill, and the first of several writers wins.

    An empty file is none: nothing was ever kept under it.

    Returns:
        Whether it was written; ``False``: one is there, and stays.
    """
    with alone_at(path.parent):
        if path.exists() and read_whole(path):
            return False
        write_whole(path, content)
        return True


@contextmanager
def alone_at(folder: Path) -> Iterator[None]:
    """Let nobody else who asks for it change files of a folder meanwhile; it ends with its process."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _keep_name(path: Path) -> None:
    """Bring a new name onto the disk too: without it a power cut takes the file away, or brings the former back."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_whole(path: Path) -> bytes:
    """Read a file of our own."""
    with open(path, "rb", opener=opener) as file:
        return file.read()


def amiss_of_key(key: bytes, length: int) -> str | None:
    """Say why bytes can be no key: of another length, or the zeros that a disk gives back for what it lost."""
    if len(key) != length:
        return f"has {len(key)} bytes, not {length}"
    return None if any(key) else "holds nothing but zeros, which anybody could guess"
