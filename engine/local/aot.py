"""The broker's classes as Java has them after a start, kept on disk (JEP 483): it is ready in 1.2 s of 2 CPU seconds,
where it took 3.4 s of 5.9, on two cores with JRE 25."""

import fcntl
import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import DependencyDown
from engine.security.private_files import demand_own, make_folder, opener

TUNING = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""A small broker: one thread to clear up, and the quick compiler alone. The other one takes 10 CPU seconds of the first
half minute under load, and gives back a third of each transaction's after that."""

ENDS_WITHIN = 180
"""Seconds in which a training broker ends and its classes are written; 8 on a quiet machine."""

KEPT = 8
"""So many are kept, of other installations and options too, 66 MB each; the oldest goes."""

Train = Callable[[list[str], Path], "subprocess.Popen[bytes]"]
"""Given more options of Java and a folder, a broker that is ready."""


def tuning() -> list[str]:
    """Options of Java for speed: ours, or those of the variable that Kafka's own scripts read."""
    return os.environ.get("KAFKA_JVM_PERFORMANCE_OPTS", "").split() or [*TUNING]


def option(java: Sequence[str], jars: Sequence[Path], train: Train) -> list[str]:
    """Give the option that lets a broker start from what is kept, and make that first where it is missing.

    It is an aid: where it cannot be made, once, a broker starts without it. What is kept is of these very jars, Java
    and options; Java compares them as well, and goes without where they differ.

    Args:
        java: The program and its options.
        jars: What it runs; what is kept lies beside them.
        train: Starts a broker that can be ended.
    """
    folder = make_folder(jars[0].parent / "aot")
    kept = folder / f"{_of_this(java, jars)}.aot"
    with open(folder / "lock", "w", opener=opener) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that start for the first time train once
        if not kept.exists():
            _make(kept, train)
    demand_own(kept, stat.S_ISREG, "file")
    return [f"-XX:AOTCache={kept}", "-Xlog:aot*=error"] if kept.stat().st_size else []


def _of_this(java: Sequence[str], jars: Sequence[Path]) -> str:
    told = hashlib.sha256("\0".join(java).encode())
    for path in (Path(java[0]), *jars):
        told.update(f"\0{path}\0{path.stat().st_size}\0{path.stat().st_mtime_ns}".encode())
    return told.hexdigest()[:16]


def _make(kept: Path, train: Train) -> None:
    print("teaching Apache Kafka to start fast: some ten seconds, once", file=sys.stderr, flush=True)
    for old in sorted(kept.parent.glob("*.aot"), key=lambda path: path.stat().st_mtime)[: -KEPT + 1]:
        old.unlink()
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        made = Path(scratch) / "made"
        with suppress(DependencyDown, OSError, subprocess.TimeoutExpired):
            broker = train([f"-XX:AOTCacheOutput={made}"], Path(scratch) / "kafka")
            try:
                broker.send_signal(signal.SIGTERM)
                broker.wait(ENDS_WITHIN)
            finally:
                broker.kill()
                broker.wait()
        if not made.exists():
            made.touch()  # empty: not tried again
        os.replace(made, kept)
