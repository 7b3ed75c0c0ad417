"""How a partition is opened again: more slowly while nothing moves, in smaller steps where one cannot be committed."""

from engine.stream.limits import HELD_AFTER, MAX_CAUSES, REOPEN_FIRST, REOPEN_MOST


class Pace:
    """How long to wait before the next opening, how large a step may be, and whether anything moves."""

    def __init__(self) -> None:
        """Begin well."""
        self.pause = REOPEN_FIRST
        self.fruitless = 0
        """Openings one after the other in which nothing moved."""
        self.budget = MAX_CAUSES

    @property
    def stalled(self) -> bool:
        """Whether a partition has been opened too often without progress to be called ready."""
        return self.fruitless >= HELD_AFTER

    def moved(self) -> None:
        """A step was committed, or there is nothing to commit."""
        self.pause, self.fruitless = REOPEN_FIRST, 0
        self.budget = min(self.budget * 2, MAX_CAUSES)

    def failed(self) -> float:
        """An opening ended: give the seconds to wait, and wait longer the next time."""
        self.fruitless += 1
        pause, self.pause = self.pause, min(self.pause * 2, REOPEN_MOST)
        return pause

    def halve(self, causes: int) -> None:
        """A step of so many could not be committed: look for the one that keeps it, without waiting longer for that."""
        self.budget, self.pause = max(1, causes // 2), REOPEN_FIRST
