"""What goes wrong at a chosen step of a chosen client, and how often."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

STEPS = ("start", "begin", "send", "ack", "commit", "abort", "join", "fetch", "begins", "ends", "stands", "offsets")
"""Of a writer the first six, of a reader the rest."""

What = BaseException | Callable[[], Awaitable[object]]
"""An error to raise, or something to be awaited: a rebalance, a time-out, another owner."""


async def hangs() -> None:
    """The broker never answers."""
    await asyncio.Event().wait()


@dataclass(kw_only=True)
class Fault:
    """One thing that goes wrong."""

    step: str
    what: What
    who: str = ""
    """Part of the transactional id or of the reader's name; empty: anybody's."""
    after: bool = False
    """The broker has done it, and the answer is lost."""
    skip: int = 0
    """So many times it goes well first."""
    times: int = 1
    """So many times it goes wrong."""


class Faults:
    """All that is still to go wrong."""

    def __init__(self) -> None:
        """Nothing is."""
        self._left: list[Fault] = []
        self.passed: list[str] = []
        """Every step that was passed, ``<step> <who>``, in order."""

    def at(self, step: str, what: What, who: str = "", after: bool = False, skip: int = 0, times: int = 1) -> Fault:
        """Let it go wrong there.

        Raises:
            ValueError: There is no such step.
        """
        if step not in STEPS:
            raise ValueError(f"no step {step!r}; there are {', '.join(STEPS)}")
        fault = Fault(step=step, what=what, who=who, after=after, skip=skip, times=times)
        self._left.append(fault)
        return fault

    def left(self) -> int:
        """How many have not happened."""
        return len(self._left)

    async def passing(self, step: str, who: str, after: bool = False) -> None:
        """A client passes a step: what is due there happens now."""
        if not after:
            self.passed.append(f"{step} {who}")
        if not self._left:
            return
        due = [f for f in self._left if f.step == step and f.after == after and f.who in who]
        for fault in due:
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self._left.remove(fault)
            if isinstance(fault.what, BaseException):
                raise fault.what
            await fault.what()
