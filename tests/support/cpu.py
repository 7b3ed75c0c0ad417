"""CPU seconds of a piece of work, as the piece makes them and not as the test process happens to be."""

import gc
import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], tries: int = 3) -> float:
    """The least of some runs, without collections of what other tests left behind."""
    took = []
    gc.disable()
    try:
        for _ in range(tries):
            began = time.process_time()
            work()
            took.append(time.process_time() - began)
    finally:
        gc.enable()
    return min(took)
