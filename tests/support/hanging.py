"""A test that has not ended in its time (``BOUND`` in ``Makefile``) says what each of its tasks waits for."""

import asyncio
import gc
from collections.abc import Generator, Iterator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to its report where the tasks stand: the traceback says no more than that the loop waits."""
    report = yield
    if call.excinfo is not None and "Timeout (>" in str(call.excinfo.value):
        tasks = [one for one in gc.get_objects() if isinstance(one, asyncio.Task) and not one.done()]
        report.sections.append(("Tasks that had not ended", "\n\n".join(map(_told, tasks))))
    return report


def _told(task: "asyncio.Task[Any]") -> str:
    return "\n  ".join([task.get_name(), *_frames(task.get_coro())])


def _frames(awaited: Any) -> Iterator[str]:
    """Name the lines from the task's own down to the one that waits."""
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is not None:
            yield f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
