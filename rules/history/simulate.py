"""Tells a recorded history once more under another law: the same reports and commands, other clocks, other outcomes
(DESIGN 8)."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from rules.decide import decide
from rules.history.replay import Stood, Told
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Outcome
from rules.state.partition_state import Book
from topics.command import Command
from topics.decision import Decision
from topics.ids import Instant, partition_of
from topics.incident import IncidentReferred
from topics.vocabulary import REFUSALS, CommandKind, Reason

UNDONE = REFUSALS | {Reason.REPEATED_COMMAND, Reason.NO_CHANGE}
"""Reasons of a command that was not carried out."""

See = Callable[[str, Decision], object]
"""Takes each decision: what its ticket came from (told for incidents alone), and the decision."""


class Misfit(NamedTuple):
    """A command that was carried out, and that the new law refuses."""

    id: str
    """Its position in the log."""
    at: Instant
    kind: str
    actor: str
    ticket: str
    """By its recorded name."""
    reason: str


def origin_of(cause: IncidentCause) -> str:
    """Name what a ticket came from, the same under every law: the position of the report, or of the command that
    referred it."""
    return cause.incident.id if isinstance(cause.incident, IncidentReferred) else cause.id


class Simulation:
    """All partitions of a history under one law.

    Reports and commands come at their recorded moments, in the recorded order of their partition. Clocks are the new
    law's: what is due before the next report, or before the next command was handed in, fires first, at its due moment
    (LAW 4: at the same instant the command goes first; a late worker breaches nobody). Adoptions of packs are left out,
    the new law holds from the beginning. A referral arrives where and when it was recorded, if the new law makes it
    too; one that only the new law makes arrives at once. A clock that a busy worker fired late is told as if in time,
    so even under its own law a history may differ by a ticket that was a moment from its deadline. Where a report was
    placed is a recorded fact and stays (DESIGN 6).

    A history that begins in the middle begins with what stood then. As at the adoption of a pack, tickets that stood
    keep the law they were filed under and are served by the new law's people; what is filed from then on is the new
    law's. A referral that was on its way then arrives as it is recorded.
    """

    def __init__(
        self,
        law: Law,
        partitions: Mapping[int, Sequence[Told]],
        count: int,
        *,
        see: See,
        laws: Mapping[str, Law] | None = None,
        begun: Mapping[int, Stood] | None = None,
    ) -> None:
        """Take what was recorded.

        Args:
            law: The new law.
            partitions: The recorded decisions by partition.
            count: How many partitions there are.
            see: Takes each decision of the new telling.
            laws: The recorded packs, for what stood at the beginning.
            begun: What stood at the beginning, by partition; it is changed.
        """
        self._law, self._laws = law, {**(laws or {}), law.ref: law}
        self._partitions, self._count, self._see = partitions, count, see
        self._books: dict[int, Book] = {}
        self._last: dict[int, Instant] = {}
        for partition, stood in (begun or {}).items():
            self._begin(partition, stood)
        every = [one for told in partitions.values() for one in told]
        arrivals = [referred for one in every if (referred := _referral(one)) is not None]
        self._slots = {referred.id for referred in arrivals}
        """Referring decisions whose arrival is recorded and still ahead."""
        told_here = {one.id for one in every} if begun else self._slots
        self._arriving = {referred.id: referred for referred in arrivals if referred.id not in told_here}
        self._names: dict[str, str] = {}
        """Recorded ticket -> its name under the new law; empty where there is none."""
        self.misfits: list[Misfit] = []
        self.commands = self.newly_done = 0
        """Commands that were carried out in the record; those refused there that the new law carries out."""
        self.held: list[tuple[str, str]] = []
        """Causes that cannot be decided under the new law, each with the error."""

    def _begin(self, partition: int, stood: Stood) -> None:
        """What stood is remembered, and the new law is in force."""
        book, self._last[partition] = stood.book, stood.at
        book.laws, book.pack = self._laws, self._law.ref
        self._books[partition] = book

    def run(self, pending: Mapping[int, Instant], advance: Callable[[], None] = lambda: None) -> None:
        """Tell everything, up to the last recorded moment.

        Args:
            pending: By partition the moment of the first clock that the record has left unfired: from there on nothing
                can be compared, and nothing is fired any more.
            advance: Called for each recorded decision.
        """
        end = max((one.at for told in self._partitions.values() for one in told), default=0)
        streams = [
            [(one.at, _referral(one) is not None, partition, one) for one in told]
            for partition, told in sorted(self._partitions.items())
        ]
        for n, (_, _, partition, one) in enumerate(heapq.merge(*streams, key=lambda item: item[:3]), 1):
            self._tell(partition, one)
            advance()
            if n % 10_000 == 0:
                for book in self._books.values():
                    book.let_go()
        for partition in sorted(self._books):
            self._fire(partition, min(end, pending.get(partition, end + 1) - 1))

    def _tell(self, partition: int, one: Told) -> None:
        if isinstance(one.cause, CommandCause):
            if one.cause.command.kind is not CommandKind.ADOPT_PACK:
                self._command(partition, one, one.cause)
        elif isinstance(one.cause, IncidentCause):
            self._incident(partition, one, one.cause)

    def _incident(self, partition: int, one: Told, cause: IncidentCause) -> None:
        if isinstance(cause.incident, IncidentReferred):
            self._slots.discard(cause.incident.id)
            referred = self._arriving.pop(cause.incident.id, None)
            if referred is None:
                self._names[one.ticket or ""] = ""
                return
            cause = IncidentCause(cause.id, referred)
        outcome = self._arrive(partition, cause, one.at)
        self._names[one.ticket or ""] = (outcome.decision.ticket or "") if outcome else ""

    def _arrive(self, partition: int, cause: IncidentCause, at: Instant) -> Outcome | None:
        self._fire(partition, at - 1)
        return self._decide(partition, cause, at, origin_of(cause))

    def _command(self, partition: int, one: Told, cause: CommandCause) -> None:
        was_done = one.reason not in UNDONE
        self.commands += was_done
        self._fire(partition, min(cause.appended_at, one.at) - 1)
        outcome = self._decide(partition, replace(cause, command=self._translated(cause)), one.at)
        if outcome is None:
            return
        reason, command = outcome.decision.reason, cause.command
        if was_done and reason in REFUSALS:
            self.misfits.append(
                Misfit(
                    one.id,
                    one.at,
                    command.kind,
                    actor=f"{command.actor.role}:{command.actor.person}",
                    ticket=command.ticket,
                    reason=reason,
                )
            )
        self.newly_done += not was_done and reason not in UNDONE
        for home, referred in outcome.referrals:
            self._refer(home, referred, outcome.decision.at)

    def _translated(self, cause: CommandCause) -> Command:
        """Let the command name the tickets as the new law has named them."""
        command = cause.command
        ticket, slash, child = command.ticket.partition("/")
        found = self._names.get(ticket, ticket)
        target = command.target
        if command.kind is CommandKind.DUPLICATE_OF and target is not None:
            target = self._names.get(target, target)
        return replace(command, ticket=found + slash + child if found else "", target=target)

    def _refer(self, home: str, referred: IncidentReferred, at: Instant) -> None:
        if referred.id in self._slots:
            self._arriving[referred.id] = referred
        else:
            self._arrive(partition_of(home, self._count), IncidentCause(f"referred:{referred.id}", referred), at)

    def _fire(self, partition: int, until: Instant) -> None:
        book = self._book(partition)
        while (cause := book.first_due(until)) is not None:
            book.apply(self._decided(partition, cause, cause.due_at))

    def _decide(
        self, partition: int, cause: IncidentCause | CommandCause, at: Instant, origin: str = ""
    ) -> Outcome | None:
        """Decide a recorded cause; what raises is set aside, as dispatch sets it aside."""
        try:
            outcome = self._decided(partition, cause, at, origin)
        except Exception as exc:
            self.held.append((cause.id, f"{type(exc).__name__}: {exc}"))
            return None
        self._book(partition).apply(outcome)
        return outcome

    def _decided(
        self, partition: int, cause: IncidentCause | CommandCause | ClockCause, at: Instant, origin: str = ""
    ) -> Outcome:
        at = self._last[partition] = max(at, self._last.get(partition, 0))
        outcome = decide(self._book(partition), self._laws, cause, at)
        self._see(origin, outcome.decision)
        return outcome

    def _book(self, partition: int) -> Book:
        book = self._books.get(partition)
        if book is None:
            book = self._books[partition] = Book(self._laws)
            book.opened(self._law.ref, 0)
        return book


def _referral(one: Told) -> IncidentReferred | None:
    """Give the referral whose arrival a decision is about."""
    incident = one.cause.incident if isinstance(one.cause, IncidentCause) else None
    return incident if isinstance(incident, IncidentReferred) else None
