"""Every firing of a clock against the ledger it came from: not early, once, and none left out (LAW 4, DESIGN 6)."""

from bisect import bisect_right
from collections import Counter, defaultdict
from typing import NamedTuple

from engine.audit.deadlines import Deadlines
from engine.audit.findings import Findings
from engine.audit.history import History, Step
from engine.kafka.log_snapshot import Log, Timeline
from topics.decision import Event
from topics.events.types import EventType
from topics.ids import Instant
from topics.registry import COMMANDS
from topics.ticket import Clock, Ticket

FIRINGS = (EventType.CLOCK_AT_RISK, EventType.CLOCK_BREACHED)
LATE_WALL_MS = 10_000
"""A clock of a partition that decided for so long after it was due, in wall time, without firing it will not fire by
itself. Less is a slow broker or a busy machine: the loop reads ``commands`` past the moment first."""


class Firing(NamedTuple):
    """The key of a firing: first write wins."""

    ticket: str
    generation: int
    clock: str
    number: str
    rung: int


class Order:
    """Clocks of a partition fire in the order in which they are due: one that a later one overtook is left out, however
    short a while ago that was."""

    def __init__(self) -> None:
        """Nothing fired yet."""
        self._offsets: list[int] = []
        self._dues: list[Instant] = []
        """Firings after which none fired that was due as late: offsets rise, moments fall."""

    def fired(self, offset: int, due: Instant) -> None:
        """Take one that was due then."""
        while self._dues and self._dues[-1] <= due:
            self._offsets.pop()
            self._dues.pop()
        self._offsets.append(offset)
        self._dues.append(due)

    def overtook(self, due: Instant, since: int) -> bool:
        """Whether one due later fired behind this offset."""
        place = bisect_right(self._offsets, since)
        return place < len(self._dues) and self._dues[place] > due


class Firings:
    """Looks at each step as it passes, and at what stands open in the end."""

    def __init__(
        self, log: Log, history: History, deadlines: Deadlines, *, timeline: Timeline, findings: Findings
    ) -> None:
        """Look at nothing yet."""
        self._commands = {entry.id: entry.appended_ms for entry in log.of(COMMANDS.name)}
        self._history, self._deadlines, self._timeline, self._findings = history, deadlines, timeline, findings
        self._fired: set[Firing] = set()
        self._order: defaultdict[int, Order] = defaultdict(Order)
        self._touched: dict[str, int] = {}
        """Ticket -> offset of the decision that changed it last: its clocks have been so since."""
        self.rungs: Counter[str] = Counter()
        """``<rung>.<clock>`` -> how often it fired."""

    def see(self, step: Step) -> None:
        """Check what fired in one decision."""
        fired = [event for kind in FIRINGS for event in step.events(kind)]
        for event in fired:
            self._check(step, event)
        if fired or step.decision.cause == "clock":
            self._check_append_time(step)
        if step.decision.cause == "command":
            self._check_before_command(step)
        self._touched.update(dict.fromkeys(step.after, step.entry.offset))

    def _check_before_command(self, step: Step) -> None:
        """What was due before a command was handed in goes before it (LAW 4): the command may not stop it unfired."""
        appended = self._commands.get(step.decision.id)
        handed_in = None if appended is None else self._timeline.earliest(appended, step.entry.appended_ms)
        if handed_in is None:
            return
        for name in step.after:
            ticket = self._history.before.get(name)
            for clock in ticket.clocks if ticket is not None else ():
                for rung in clock.rungs:
                    due = self._deadlines.due(ticket, clock, rung) if ticket is not None else None
                    if due is not None and due < handed_in:
                        self._findings.add(
                            "missing",
                            f"{name} {clock.kind}/{clock.number}.{rung}",
                            f"was due at {due}, before {step.decision.id} was handed in at {handed_in}",
                        )

    def _check_append_time(self, step: Step) -> None:
        """A firing cannot be decided later than the broker took it."""
        appended = self._timeline.engine(step.entry.appended_ms)
        if appended is not None and step.decision.at > appended:
            late = step.decision.at - appended
            self._findings.add(
                "early", step.decision.id, f"at lies {late} ms of engine time after the broker took the record"
            )

    def _check(self, step: Step, event: Event) -> None:
        kind, number, rung = (
            str(event.facts.get("clock")),
            str(event.facts.get("number", "0")),
            int(event.facts.get("rung", 0)),
        )
        self.rungs[f"{rung}.{kind}"] += 1
        ticket = self._history.before.get(event.ticket)
        if (
            ticket is None
            and self._history.cut.is_unknown(step.entry.partition)
            and event.ticket not in self._history.versions
        ):
            return  # the ledger that it fires by has aged away
        if ticket is None:
            self._findings.add(
                "unexplained",
                f"{step.decision.id} {kind}.{rung}",
                f"fires on {event.ticket}, which the log does not know",
            )
            return
        firing = Firing(event.ticket, ticket.generation, kind, number=number, rung=rung)
        if firing in self._fired:
            self._findings.add("doubled", ":".join(map(str, firing)), f"fires again in {step.decision.id}")
        self._fired.add(firing)
        clock = next((c for c in ticket.clocks if (c.kind, c.number) == (kind, number)), None)
        if clock is None or rung not in clock.rungs:
            self._findings.add(
                "unexplained", step.decision.id, f"{kind}/{number} of {event.ticket} has no rung {rung} left to fire"
            )
            return
        self._check_due(step, event, ticket, clock, rung)

    def _check_due(self, step: Step, event: Event, ticket: Ticket, clock: Clock, rung: int) -> None:
        due = self._deadlines.due(ticket, clock, rung)
        at, name = step.decision.at, step.decision.id
        if due is None:
            self._findings.add(
                "early", name, f"{clock.kind}.{rung} of {ticket.id} fires though the clock stands or has no end"
            )
            return
        self._order[step.entry.partition].fired(step.entry.offset, due)
        if at < due:
            self._findings.add(
                "early", name, f"fires {due - at} ms before {due}, when {clock.kind}.{rung} of {ticket.id} is due"
            )
        claimed, late = event.facts.get("due_at"), event.facts.get("late_by_ms")
        if claimed is not None and claimed != due:
            self._findings.add("due_errors", name, f"says due at {claimed}, the ledger gives {due}")
        elif late is not None and late != max(0, at - due):
            self._findings.add("due_errors", name, f"says late by {late} ms, it is {max(0, at - due)}")

    def look_for_missing(self, unsettled: set[int], partition_of_ticket: dict[str, int]) -> int:
        """Report every rung that was passed over, or whose moment had long passed when its partition decided last.

        Args:
            unsettled: Partitions that have not yet read all of their input: their clocks may still have to wait.
            partition_of_ticket: Where each ticket lives.
        Returns:
            How many rungs past their moment may still fire: they are late, or their partition is unsettled.
        """
        waiting = 0
        slack = LATE_WALL_MS * self._timeline.speed
        for name, ticket in self._history.before.items():
            partition = partition_of_ticket[name]
            last, since = self._history.last_at.get(partition, 0), self._touched.get(name, -1)
            for clock in ticket.clocks:
                for rung in clock.rungs:
                    due = self._deadlines.due(ticket, clock, rung)
                    if due is None or due >= last:
                        continue
                    overtaken = self._order[partition].overtook(due, since)
                    if partition in unsettled or not (overtaken or due < last - slack):
                        waiting += 1
                    else:
                        self._report_missing(ticket, clock, rung, due, partition)
        return waiting

    def _report_missing(self, ticket: Ticket, clock: Clock, rung: int, due: Instant, partition: int) -> None:
        passed = self._history.last_at[partition] - due
        self._findings.add(
            "missing",
            f"{ticket.id} {clock.kind}/{clock.number}.{rung}",
            f"was due at {due}, {passed} ms before partition {partition} decided last",
        )
