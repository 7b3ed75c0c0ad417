"""Processes that end with whoever started them, however it went."""

import ctypes
import errno
import os
import shutil
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Let the kernel end this process when the one that started it is gone, however it went; its files are its owner's
    alone."""
    os.umask(0o077)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_BOUND = f"""
import ctypes, os, sys
os.umask(0o077)
ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {signal.SIGKILL.value})
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as exc:
    sys.exit(f"{{sys.argv[2]}} cannot be started: {{exc.strerror}}")
"""


def bound_to_us(command: Sequence[str]) -> list[str]:
    """Say how a command begins that the kernel ends with us, and whose files are its owner's alone: a Python of 20 ms
    that becomes it.

    Not by ``preexec_fn``: what runs in a copy of a process that has threads waits for a lock that one of them held in
    that moment, for ever, and so does whoever started it.

    Raises:
        FileNotFoundError: There is no such program.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *command]
