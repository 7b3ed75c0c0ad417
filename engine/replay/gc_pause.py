"""Keeps Python's collector of cycles still while a history is told: nothing there is in a cycle, and it walks millions
of records."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def calm() -> Iterator[None]:
    """Hold the collector still while the block runs, and leave it as it was: a tenth of the time of a replay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
