"""One step's work: the records and clocks that the stage's agent decides, and how what fails is told."""

import asyncio
from collections.abc import Generator, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from time import perf_counter, thread_time

from engine.stream.contracts import Core, Out, Record
from engine.stream.limits import MAX_CAUSES, PIECE_SECONDS, SLICE_SECONDS, STEP_SECONDS, STEP_WALL_SECONDS
from topics.errors import GridwhistleError
from topics.ids import Instant
from topics.registry import COMMANDS

LOOP_TURNS = 6
"""From an answer on the wire to the next request the loop takes so many turns: each wakes the next who waits."""


class CauseFailed(GridwhistleError):
    """Deciding a record or a clock raised, or what it leads to cannot be written. After three openings it is set aside
    as ``held`` (DESIGN 5.5)."""

    def __init__(self, cause: str, doing: str = "deciding") -> None:
        """Remember the id of the decision that was not made."""
        super().__init__(f"{doing} {cause} raised")
        self.cause = cause


class StepFailed(GridwhistleError):
    """What several causes lead to together cannot be written: which of them it is, a smaller step tells."""

    def __init__(self, causes: int, why: str) -> None:
        """Remember how many there were."""
        super().__init__(f"a step of {causes} causes cannot be committed: {why}")
        self.causes = causes


class AgentSilent(GridwhistleError):
    """The stage's agent has not answered; its decisions are thrown away with the opening."""


@dataclass(kw_only=True)
class Batch:
    """One step's work, handed to the stage's agent, and what the agent makes of it."""

    core: Core
    records: list[Record]
    now: Instant
    horizon: Instant
    """Clocks due at or before this may fire: ``commands`` has been read past it."""
    last_at: Instant
    held: AbstractSet[str] = frozenset()
    """Ids of causes that failed three openings: set aside instead of decided."""
    budget: int = MAX_CAUSES
    lead: int = 0
    """So many of ``records``, and of what waits behind them, go before a clock of the horizon."""
    hurried: bool = False
    """Clocks are due in this process: a slice is enough, so that it is soon another partition's turn."""
    outs: list[Out] = field(default_factory=list)
    taken: int = 0
    """How many of ``records`` were decided; the rest waits for the next step."""
    fired: int = 0
    began: tuple[float, float] = (0.0, 0.0)
    """When its turn came, by the thread's CPU and by the wall, later by each pause: what others of the process did
    before and between is no time of this step."""
    looked: tuple[float, float] = (0.0, 0.0)
    """The same, when the step was last looked at."""
    rested: tuple[float, float] = (0.0, 0.0)
    """The same, when the loop's others last had their turn."""
    taking: Record | None = None
    """The record being decided; what deciding it raises is on ``done``."""
    firing: bool = False
    """Whether a clock is being decided."""
    fired_last: str | None = None
    """The id of a clock that was fired first, or is all that may be fired."""
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def decided(self) -> None:
        """Decide all of it, and every few milliseconds let the loop's others have their turn; not to the end, once
        nobody waits for it.

        Meanwhile what others of the process have decided is committed, and records come in: otherwise each of the three
        answers that a commit waits for stood behind somebody's slice.
        """
        for _ in self.pieces():
            for _ in range(LOOP_TURNS):
                await asyncio.sleep(0)
            if self.done.done():
                return

    def decide(self) -> None:
        """Decide all of it at once."""
        for _ in self.pieces():
            pass

    def pieces(self) -> Iterator[None]:
        """Decide all of it, and pause between two causes every few milliseconds; a pause is no time of the step."""
        self.began = self.looked = self.rested = self._look()
        for _ in self._causes():
            if not (self.fired + self.taken) & 7 and self._since(self.rested) > PIECE_SECONDS:
                yield
                paused, self.looked = self.looked, self._look()
                cpu, wall = (now - then for now, then in zip(self.looked, paused, strict=True))
                self.began, self.rested = (self.began[0] + cpu, self.began[1] + wall), self.looked

    def _since(self, then: tuple[float, float]) -> float:
        return max(self.looked[0] - then[0], self.looked[1] - then[1])

    def _look(self) -> tuple[float, float]:
        return thread_time(), perf_counter()

    def _causes(self) -> Iterator[None]:
        """Decide the records in order, each through all rules before the next, and between them the clocks that are
        due; pass by after each of them.

        A clock due before a command was handed in fires before it; at the same instant the command goes first (LAW 4).
        As soon as
        the commands that go first are decided, clocks take half of the step: neither they nor records wait for a
        backlog of the others.
        """
        core, outs = self.core, self.outs
        # the horizon has passed, although a newer sample of the broker's time may estimate a few milliseconds less
        at = max(self.last_at, self.now, self.horizon)
        for record in self.records:
            if self.taken == self.lead and self.budget > 1:
                yield from self._fire(self.horizon, at, half=True)
            if self._is_full():
                break
            if record.appended_at > at:
                at = record.appended_at
            if record.topic == COMMANDS.name and not (yield from self._fire(record.appended_at - 1, at)):
                break
            self.taking = record
            outs.extend(core.hold(record, at) if self.held and record.id in self.held else core.take(record, at))
            self.taking = None
            self.taken += 1
            yield
        else:
            if self.taken >= self.lead:
                yield from self._fire(self.horizon, at)
        outs.extend(core.flush())
        self.last_at = at

    def only(self) -> str:
        """Name the one cause of a step of one."""
        return str(self.fired_last) if self.fired else self.records[0].id

    def _is_full(self, causes: int | None = None, share: float = 1.0) -> bool:
        """Whether the step has done enough; where it ends shows in no outcome."""
        done = self.fired + self.taken
        return done >= (causes or self.budget) or (done & 7 == 7 and self._spent() > share)

    def _spent(self) -> float:
        """Which share of its time the step has used, by the CPU or, where the machine has little of that, by the
        wall."""
        self.looked = self._look()
        cpu, wall = self.looked[0] - self.began[0], self.looked[1] - self.began[1]
        return max(cpu / (SLICE_SECONDS if self.hurried else STEP_SECONDS), wall / STEP_WALL_SECONDS)

    def _fire(self, until: Instant, at: Instant, half: bool = False) -> Generator[None, None, bool]:
        """Fire what is due until then; ``False`` when the step, or half of what is left of it, ended before or with
        it."""
        due, causes, share = self.core.next_due(), None, 1.0
        if half and due is not None and due <= until:
            causes, share = (self.fired + self.taken + self.budget + 1) // 2, (self._spent() + 1) / 2
        while due is not None and due <= until:
            if self._is_full(causes, share):
                return False
            if self.budget == 1 or not self.fired + self.taken:  # it may be the only cause of the step
                self.fired_last = self.core.due_id()
            self.firing = True
            fired = (
                self.core.hold_due(at) if self.held and self.core.due_id() in self.held else self.core.fire(until, at)
            )
            self.firing = False
            if fired is None:
                return True
            self.outs.extend(fired)
            self.fired += 1
            yield
            due = self.core.next_due()
        return self.budget > 1 or not self.fired
