"""The demonstration's day told without a broker: its schedule, its people and its departments over the law itself, in
one partition."""

import heapq
import itertools
from collections.abc import Iterator
from typing import Any

from engine.demo.day import CLOSES_MS, Report, day_of
from engine.demo.people import Act, answers, next_act
from engine.stages.replies import ACTIONS
from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause
from rules.state.partition_state import Book
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import HomeCode, Instant
from topics.incident import Incident
from topics.ticket import Ticket
from topics.vocabulary import Role

Reply = tuple[str, str, str]
"""Department, ticket or child, action."""


class DemoDay:
    """Everything that the stages and the actors do in a minute of ``make demo``, in the order of engine time."""

    def __init__(self, law: Law, midnight: Instant, seed: int) -> None:
        """A stack that has just come up at 08:00."""
        self._law, self._seed, self._midnight = law, seed, midnight
        self._book = Book({law.ref: law})
        self._book.opened(law.ref, midnight)
        self._queue: list[tuple[Instant, int, Report | Act | Reply]] = []
        self._order, self._versions = itertools.count(1), dict[str, int]()

    def decisions(self) -> Iterator[Decision]:
        """Tell the day to 18:00."""
        for report in day_of(self._law, self._midnight, 0, self._seed):
            self._put(report.at, report)
        until = self._midnight + CLOSES_MS
        while self._queue and self._queue[0][0] <= until:
            at, _, thing = heapq.heappop(self._queue)
            while (cause := self._book.first_due(at - 1)) is not None:
                yield self._take(cause, cause.due_at)
            command = self._cause(thing, at)
            if command is not None:
                yield self._take(command, at)

    def _put(self, at: Instant, thing: Report | Act | Reply) -> None:
        heapq.heappush(self._queue, (at, next(self._order), thing))

    def _cause(self, thing: Report | Act | Reply, at: Instant) -> IncidentCause | CommandCause | None:
        number = next(self._order)
        if isinstance(thing, Report):
            grid = thing.data["location"].get("grid")
            home = self._law.home_of(grid) if grid else None
            incident = Incident(
                identity=f"demo:{thing.external_id}",
                home=HomeCode(home or self._law.bundle.unplaced),
                occurred_at=at,
                received_at=at,
                channel=thing.data["channel"],
                pack=self._law.ref,
                placed_by="grid",  # type: ignore[arg-type]
                category=thing.data.get("category"),
                leaf=grid,
                can_reach_reporter=True,
            )
            return IncidentCause(f"incidents:0:{number}", incident)
        if isinstance(thing, Act):
            if self._versions[thing.ticket] != thing.version:
                return None
            command = Command(
                id=f"c{number}", kind=thing.kind, actor=thing.actor, accepted_at=at, ticket=thing.ticket, **thing.fields
            )
        else:
            code, name, action = thing
            fields: dict[str, Any] = {"proof": ("photo",), "text": "there"} if action in ("report_in", "finish") else {}
            people = [
                entry.person for entry in self._law.bundle.roster if entry.role == "department" and entry.org == code
            ]
            command = Command(
                id=f"c{number}",
                kind=ACTIONS[action],
                actor=Actor(Role.DEPARTMENT, people[0], code),
                accepted_at=at,
                ticket=name,
                **fields,
            )  # type: ignore[index]
        return CommandCause(id=f"commands:0:{number}", command=command, appended_at=at)

    def _take(self, cause: IncidentCause | CommandCause | ClockCause, at: Instant) -> Decision:
        outcome = decide(self._book, self._book.laws, cause, at)
        self._book.apply(outcome)
        decision = outcome.decision
        for change in decision.changes:
            self._versions[change.ticket] = change.version
            act = (
                next_act(self._law, codec.decode(bytes(change.after), Ticket), at, self._seed)
                if change.after is not None
                else None
            )
            if act is not None:
                self._put(
                    act.at,
                    Act(
                        at=act.at,
                        kind=act.kind,
                        actor=act.actor,
                        ticket=act.ticket,
                        fields=act.fields,
                        version=change.version,
                    ),
                )
        for event in decision.events:
            if event.type == "TaskDispatched":
                told = event.facts
                for delay, action in answers(
                    told["department"], told["role"], told["event"], self._seed, told["ticket"], told.get("urgency")
                ):
                    self._put(at + delay, (told["department"], told.get("child") or told["ticket"], action))
        return decision
