"""A small made-up city and a teller of stories: reports, commands and passing time, decided one after another without a
broker."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause, Outcome
from rules.state.partition_state import Book
from topics import codec
from topics.command import Actor, Command, Duty
from topics.decision import Decision, Event
from topics.ids import HomeCode, Instant
from topics.incident import AnyIncident, Incident
from topics.pack import Calendar, Category, Department, Limit, Node, PackBundle, PartyShare, RosterEntry, Rule, Tier
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
REF = "toytown@1"
TODAY = date(2026, 3, 2)
"""A Monday."""
ZONE_MS = 8 * HOUR
PARTIES = {"residents": 20, "specialist": 30, "red_property": 40, "backstop": 10}


def year_of_weekdays(year: int) -> str:
    """Every Monday to Friday worked."""
    first = date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    return "".join("1" if (first + timedelta(days=n)).weekday() < 5 else "0" for n in range(days))


def limits(u1: Limit, u2: Limit, u3: Limit, u4: Limit) -> dict[str, Limit | None]:
    """A limit for each urgency."""
    return {"U1": u1, "U2": u2, "U3": u3, "U4": u4}


def every(limit: Limit) -> dict[str, Limit | None]:
    """The same limit for all."""
    return limits(limit, limit, limit, limit)


TIERS = (
    Tier("grid", "parties", "Grid", "网格", ("residents", "specialist", "red_property")),
    Tier("community", "parties", "Community", "社区", ("backstop",)),
    Tier("street", "street", "Street", "街道"),
    Tier("departments", "whistle", "Departments", "部门"),
    Tier("district", "centre", "District", "区"),
)
OWNERS = (Tier("department", "owner", "Department", "部门"), Tier("district", "centre", "District", "区"))


def city_bundle(**changes: Any) -> PackBundle:
    """Two streets, three homes with two grids each, all parties, three departments, seats; duty day and night."""
    minute, hour, wh, wd = "minute", "urgent_hour", "work_hour", "work_day"
    homes = {"east": "north", "west": "north", "hill": "south"}
    nodes = [Node("city", "city", None, "City"), Node("unplaced", "home", "city", "Unplaced", kind="unplaced")]
    nodes += [Node(street, "street", "city", street) for street in ("north", "south")]
    for home, street in homes.items():
        nodes += [Node(home, "home", street, home), *(Node(f"{home}{n}", "grid", home, f"{home}{n}") for n in (1, 2))]
    roster = [RosterEntry(f"{role}-{n}", role, role) for role in PARTIES for n in (1, 2)]
    roster += [RosterEntry(f"{street}-street", street, "street", nodes=(street,)) for street in ("north", "south")]
    roster += [
        RosterEntry(f"{street}-principal", street, "principal", nodes=(street,)) for street in ("north", "south")
    ]
    roster += [
        RosterEntry(f"{role}-{n}", role, role)
        for role in ("centre", "desk", "chief", "checker", "supervisor")
        for n in (1, 2)
    ]
    roster += [RosterEntry(f"{code}-1", code, "department", org=code) for code in ("urban", "fire", "water")]
    bundle = PackBundle(
        name="toytown",
        title="Toytown",
        title_zh="镇",
        timezone="Asia/Shanghai",
        levels=("city", "street", "home", "grid"),
        home_level="home",
        unplaced="unplaced",
        shares=tuple(PartyShare(code, share, code, code) for code, share in PARTIES.items()),
        ladders={"default": TIERS, "owned": OWNERS},
        clocks={
            "triage": limits(Limit(5, minute), Limit(15, minute), Limit(15, minute), Limit(15, minute)),
            "accept": limits(Limit(5, minute), Limit(15, minute), Limit(2, wh), Limit(4, wh)),
            "contact": limits(Limit(30, minute), Limit(2, hour), Limit(1, wd), Limit(1, wd)),
            "report_in": limits(Limit(30, minute), Limit(1, hour), Limit(2, wh), Limit(4, wh)),
            "check": every(Limit(30, minute)),
            "survey": every(Limit(14, "urgent_day")),
            "forget": every(Limit(35, "urgent_day")),
        },
        rungs={"resolve": (50, 80, 100, 150, 300), "triage": (100, 200), "report_in": (100, 200)},
        nodes=tuple(nodes),
        addresses=(),
        departments=tuple(Department(code, code, code) for code in ("urban", "fire", "water")),
        categories=(
            Category("bins", "Bins full", "垃圾", "city", "U3", Limit(8, wh), lead="urban", aliases=("rubbish",)),
            Category("leak", "Leak", "漏水", "city", "U2", Limit(4, hour), lead="water", co=("urban",)),
            Category("fire", "Fire", "火情", "safety", "U1", Limit(2, hour), lead="fire", co=("water",)),
            Category("wall", "Wall", "墙", "city", "U4", Limit(2, wd), parties=("residents", "backstop"), lead="urban"),
            Category(
                "pipe",
                "Pipe",
                "水管",
                "city",
                "U2",
                Limit(1, "urgent_day"),
                starts_at="department",
                ladder="owned",
                lead="water",
            ),
            Category("road", "Road", "路", "city", "U3", Limit(2, wd), starts_at="street", lead="urban"),
            Category("lift", "Lift", "电梯", "city", "U2", Limit(4, hour), skill="lifts", lead="urban"),
            Category("glass", "Glass", "玻璃", "city", "U2", Limit(4, hour), proof_required=True, lead="urban"),
        ),
        rules=(),
        roster=tuple(roster),
        roster_version="r1",
        grid_version="g1",
        calendar=Calendar(
            "weekdays@1",
            "Asia/Shanghai",
            ((480, 720), (840, 1080)),
            480,
            {str(y): year_of_weekdays(y) for y in (2026, 2027)},
        ),
        dismiss_reasons=("not_ours",),
    )
    return msgspec.structs.replace(bundle, **changes) if changes else bundle


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
            f"app:{name}",
            HomeCode(home),
            self.now,
            self.now,
            "app",
            REF,
            "grid",
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
            id or f"c{self._n}",
            CommandKind(kind),
            actor,
            self.now if accepted is None else accepted,
            ticket=ticket,
            **fields,
        )
        return self.take(CommandCause(f"commands:0:{self._n}", command, self.now)).decision.reason

    def duty(self, person: str, role: str, change: str, who: str = "chief:chief-1", **fields: Any) -> str:
        """Somebody changes the roster; answers the decision's reason."""
        self._n += 1
        by, _, name = who.partition(":")
        duty = Duty(person, Role(role), change, **fields)  # type: ignore[arg-type]
        command = Command(f"c{self._n}", CommandKind.SET_DUTY, Actor(Role(by), name), self.now, duty=duty)
        return self.take(CommandCause(f"commands:0:{self._n}", command, self.now)).decision.reason

    def adopt(self, ref: str, bundle: PackBundle, who: str = "chief:chief-1") -> str:
        """Another pack comes into force."""
        self._n += 1
        by, _, name = who.partition(":")
        self.laws[ref] = Law(ref, bundle)
        command = Command(f"adopt:{ref}:{self._n}", CommandKind.ADOPT_PACK, Actor(Role(by), name), self.now, pack=ref)
        return self.take(CommandCause(f"commands:0:{self._n}", command, self.now)).decision.reason

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
