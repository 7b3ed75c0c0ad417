"""A small made-up city and a teller of stories: reports, commands and passing time, decided one after another without a
broker."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Outcome
from rules.state.partition_state import Book
from tests.support.city_law import DAY as DAY
from tests.support.city_law import HOUR as HOUR
from tests.support.city_law import MINUTE as MINUTE
from tests.support.city_law import OWNERS as OWNERS
from tests.support.city_law import PARTIES as PARTIES
from tests.support.city_law import REF as REF
from tests.support.city_law import TIERS as TIERS
from tests.support.city_law import TODAY as TODAY
from tests.support.city_law import ZONE_MS as ZONE_MS
from tests.support.city_law import city_bundle as city_bundle
from tests.support.city_law import every as every
from tests.support.city_law import limits as limits
from tests.support.city_law import year_of_weekdays as year_of_weekdays
from topics import codec
from topics.command import Actor, Command, Duty
from topics.decision import Decision, Event
from topics.ids import HomeCode, Instant
from topics.incident import AnyIncident, Incident
from topics.pack import PackBundle, Rule
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role


def at(clock: str, day: int = 0) -> Instant:
    """A local time of day, ``HH:MM``, so many days after Monday."""
    hours, minutes = clock.split(":")
    midnight = int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp()) * 1000 - ZONE_MS
    return midnight + day * DAY + int(hours) * HOUR + int(minutes) * MINUTE


class City:
    """One partition told by hand. Clocks fire as the loop lets them: before a command that was appended after they were
    due."""

    def __init__(self, bundle: PackBundle | None = None, ref: str = REF, law: Law | None = None) -> None:
        """An empty city with its pack in force, Monday 08:00."""
        self.laws: dict[str, Law] = {ref: law or Law(ref, bundle or city_bundle())}
        self.book = Book(self.laws)
        self.book.opened(ref, 0)
        self.now = at("08:00")
        self.decisions: list[Decision] = []
        self.causes: list[tuple[IncidentCause | CommandCause | ClockCause, Instant]] = []
        self.referrals: list[tuple[str, AnyIncident]] = []
        self._checked = 0
        self._names: dict[str, str] = {}
        self._n = 0

    # -- telling -----------------------------------------------------------------------------------------------

    def at(self, clock: str, day: int = 0) -> "City":
        """Let time pass until then; what is due on the way fires, each at its moment."""
        until = at(clock, day)
        while (due := self.book.next_due()) is not None and due <= until:
            self._fire(due)
        self.now = max(self.now, until)
        return self

    def _fire(self, until: Instant) -> None:
        cause = self.book.first_due(until)
        assert cause is not None
        self.now = max(self.now, cause.due_at)
        self.take(cause)

    def take(self, cause: IncidentCause | CommandCause | ClockCause) -> Outcome:
        """Decide a cause now."""
        outcome = decide(self.book, self.laws, cause, self.now)
        self.causes.append((cause, self.now))
        self.book.apply(outcome)
        self.decisions.append(outcome.decision)
        self.referrals += outcome.referrals
        return outcome

    def report(
        self, name: str, category: str | None = "bins", home: str = "east", leaf: str | None = "east1", **fields: Any
    ) -> Ticket:
        """An incident is reported and becomes a ticket with this name in the story."""
        self._n += 1
        incident = Incident(
            identity=f"app:{name}",
            home=HomeCode(home),
            occurred_at=self.now,
            received_at=self.now,
            channel="app",
            pack=REF,
            placed_by="grid",
            category=category,
            leaf=leaf,
            **fields,
        )
        outcome = self.take(IncidentCause(f"incidents:0:{self._n}", incident))
        self._names[name] = outcome.tickets[0][0]
        return self[name]

    def refer_in(self, name: str) -> Ticket:
        """The last referral arrives at its new home."""
        self._n += 1
        outcome = self.take(IncidentCause(f"incidents:0:{self._n}", self.referrals[-1][1]))
        self._names[name] = outcome.tickets[0][0]
        return self[name]

    def ask(
        self,
        kind: CommandKind | str,
        name: str,
        who: str,
        *,
        child: str = "",
        accepted: Instant | None = None,
        id: str | None = None,
        **fields: Any,
    ) -> str:
        """Somebody, ``role:person`` or ``department:code``, gives a command; answers the decision's reason."""
        self._n += 1
        role, _, person = who.partition(":")
        org = person if role == "department" else None
        actor = Actor(Role(role), f"{person}-1" if org else person, org)
        ticket = self._names.get(name, name) + (f"/{child}" if child else "")
        command = Command(
            id=id or f"c{self._n}",
            kind=CommandKind(kind),
            actor=actor,
            accepted_at=self.now if accepted is None else accepted,
            ticket=ticket,
            **fields,
        )
        return self.take(
            CommandCause(id=f"commands:0:{self._n}", command=command, appended_at=self.now)
        ).decision.reason

    def duty(self, person: str, role: str, change: str, who: str = "chief:chief-1", **fields: Any) -> str:
        """Somebody changes the roster; answers the decision's reason."""
        self._n += 1
        by, _, name = who.partition(":")
        duty = Duty(person=person, role=Role(role), change=change, **fields)  # type: ignore[arg-type]
        command = Command(
            id=f"c{self._n}", kind=CommandKind.SET_DUTY, actor=Actor(Role(by), name), accepted_at=self.now, duty=duty
        )
        return self.take(
            CommandCause(id=f"commands:0:{self._n}", command=command, appended_at=self.now)
        ).decision.reason

    def adopt(self, ref: str, bundle: PackBundle, who: str = "chief:chief-1") -> str:
        """Another pack comes into force."""
        self._n += 1
        by, _, name = who.partition(":")
        self.laws[ref] = Law(ref, bundle)
        command = Command(
            id=f"adopt:{ref}:{self._n}",
            kind=CommandKind.ADOPT_PACK,
            actor=Actor(Role(by), name),
            accepted_at=self.now,
            pack=ref,
        )
        return self.take(
            CommandCause(id=f"commands:0:{self._n}", command=command, appended_at=self.now)
        ).decision.reason

    # -- looking -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Ticket:
        """The ticket of that name in the story, as it is now."""
        return self.book.tickets[self._names[name]]

    def holder(self, name: str) -> str:
        """``role:person`` of who may act for the party that holds a ticket."""
        ticket = self[name]
        department = ticket.party in self.laws[ticket.pack].departments
        return f"department:{ticket.party}" if department else f"{ticket.party}:{ticket.person}"

    def work(self, name: str, until: str = "finish") -> None:
        """Accept, start and finish as the holder, up to the step named; each must be done as asked."""
        for step in ("accept", "start", "finish"):
            proof: dict[str, Any] = {"text": "done", "proof": ("p",)} if step == "finish" else {}
            reason = self.ask(step, name, self.holder(name), **proof)
            assert reason == "done_as_asked", f"{step} was refused: {reason}"
            if step == until:
                return

    def events(self, *kinds: str) -> list[Event]:
        """All events so far, or those of these types."""
        return [event for decision in self.decisions for event in decision.events if not kinds or event.type in kinds]

    def new(self, *kinds: str) -> list[Event]:
        """Events since the last look."""
        fresh = self.decisions[self._checked :]
        self._checked = len(self.decisions)
        return [event for decision in fresh for event in decision.events if not kinds or event.type in kinds]

    def expect(self, kind: str, **facts: Any) -> Event:
        """Exactly one event of this type with these facts has happened."""
        found = [
            event for event in self.events(kind) if all(event.facts.get(name) == value for name, value in facts.items())
        ]
        assert len(found) == 1, f"{kind} {facts}: {len(found)} of {[event.facts for event in self.events(kind)]}"
        return found[0]

    def log(self) -> list[bytes]:
        """The decisions as bytes."""
        return [codec.encode(decision) for decision in self.decisions]


def replay(
    laws: Mapping[str, Law],
    causes: Iterable[tuple[IncidentCause | CommandCause | ClockCause, Instant]],
    reopen_every: int = 0,
) -> list[bytes]:
    """Decide the same causes again; ``reopen_every`` loads a fresh book from the state topic after so many."""
    ref = next(iter(laws))
    book = Book(laws)
    book.opened(ref, 0)
    state: dict[bytes, bytes] = {}
    log = []
    for n, (cause, moment) in enumerate(causes, 1):
        outcome = decide(book, laws, cause, moment)
        book.apply(outcome)
        log.append(codec.encode(outcome.decision))
        for key, value in book.flush():
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
        if reopen_every and n % reopen_every == 0:
            pack, book = book.pack, Book(laws)
            for key in sorted(state):
                book.load(key, state[key])
            book.opened(pack, moment)
    return log


def rule(name: str, when: str, sets: dict[str, Any], *reads: str) -> Rule:
    """An exception to the catalogue."""
    return Rule(name, when, sets, reads)
