"""A child that hears what ends it: whoever runs the tests in the background, or by ``nohup``, has them ignore Ctrl-C or
a closed terminal, and each child would do so too."""

import sys
from collections.abc import Sequence

_HEARS = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def hearing(command: Sequence[str]) -> list[str]:
    """Say how a command begins as in a terminal."""
    return [sys.executable, "-I", "-S", "-c", _HEARS, *command]
