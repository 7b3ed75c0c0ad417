"""Dispatch told as a pure loop over its causes, a log without a broker, and days of the made-up town on it."""

import pickle
import random
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from engine.kafka.log_snapshot import Entry, Log
from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause
from rules.state.partition_state import Book
from tests.support.town import HOUR, MINUTE, PARTIES, SPEED, START, ref_of, town
from topics.codec import decode, encode
from topics.command import Actor, Command, Duty
from topics.decision import facts_of
from topics.ids import HomeCode
from topics.incident import Incident
from topics.pack import (
    PackBundle,
)
from topics.reference import EngineClock
from topics.task import Task
from topics.task_events import TOLD
from topics.ticket import Marker, Ticket
from topics.vocabulary import CommandKind, Role, Status


class Dispatch:
    """One partition: takes causes in order of time, lets clocks fire as the loop does, and writes every topic."""

    def __init__(self, bundle: PackBundle | None = None, ref: str | None = None) -> None:
        """An empty partition that has adopted its pack."""
        ref = ref or ref_of(bundle or town())
        # as it comes from the log: a default is left out by being the same object
        bundle = decode(encode(bundle or town()), PackBundle)
        self.laws = {ref: Law(ref, bundle)}
        self.book = Book(self.laws)
        self.log = Log()
        self._at = START
        self.ref = ref
        self._put("reference", b"clock", encode(EngineClock(START, 0, SPEED)))
        self._put("reference", ref.encode(), encode(bundle))
        self.command(
            Command(
                id=f"adopt:{ref}:0",
                kind=CommandKind.ADOPT_PACK,
                actor=Actor(Role.SOURCE, "pack publish"),
                accepted_at=START,
                pack=ref,
            ),
            START,
        )

    def _put(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        at: int = START,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> Entry:
        entries = self.log.entries.setdefault(topic, [])
        entry = Entry(
            topic, 0, len(entries), key=key, value=value, headers=headers, appended_ms=-(-(at - START) // SPEED)
        )
        entries.append(entry)
        return entry

    def report(self, n: int, category: str | None, home: str, leaf: str | None, at: int) -> None:
        """An incident comes in, is placed and decided."""
        self._put("incidents.raw", b"town:%d" % n, b"{}", at, (("ce_source", b"town"), ("ce_id", b"%d" % n)))
        incident = Incident(
            identity=f"town:{n}",
            home=HomeCode(home),
            occurred_at=at,
            received_at=at,
            channel="app",
            pack=self.ref,
            placed_by="grid",
            category=category,
            leaf=leaf,
            can_reach_reporter=n % 2 == 0,
        )
        entry = self._put("incidents", home.encode(), encode(incident), at)
        self._now(at)
        self._write(IncidentCause(entry.id, incident))

    def command(self, command: Command, at: int) -> None:
        """A command comes in; clocks due before it go first."""
        entry = self._put("commands", b"home", encode(command), at)
        appended = START + entry.appended_ms * SPEED
        self._now(appended)
        self._fire(appended - 1)
        self._write(CommandCause(id=entry.id, command=command, appended_at=appended, speed=SPEED))

    def pass_time(self, at: int) -> None:
        """Nothing comes until then: clocks fire each at its moment."""
        while (due := self.book.next_due()) is not None and due <= at:
            self._now(due)
            self._fire(due)
        self._now(at)

    def _now(self, at: int) -> None:
        self._at = max(self._at, at)

    def _fire(self, until: int) -> None:
        while (cause := self.book.first_due(until)) is not None:
            self._write(cause)

    def _write(self, cause: IncidentCause | CommandCause | ClockCause) -> None:
        outcome = decide(self.book, self.laws, cause, self._at)
        self.book.apply(outcome)
        decision = outcome.decision
        self._put("tickets.decisions", decision.home.encode(), encode(decision), self._at)
        for key, value in self.book.flush():
            self._put("tickets.state", key, value, self._at)
        for home, referred in outcome.referrals:
            entry = self._put("incidents", home.encode(), encode(referred), self._at)
            self._write(IncidentCause(entry.id, referred))
        for event in decision.events:
            if event.type in TOLD:
                self._put(
                    f"dept.{event.facts['department']}.tasks",
                    event.ticket.encode(),
                    encode(msgspec.convert(facts_of(event), Task)),
                    self._at,
                )

    def finish(self) -> Log:
        """Write the markers of stages that have read everything."""
        count = {topic: len(entries) for topic, entries in self.log.entries.items()}
        inputs = {
            "intake.state": ("incidents.raw",),
            "tickets.state": ("incidents", "commands"),
            "fanout.state": ("tickets.decisions",),
        }
        for state, topics in inputs.items():
            self._put(
                state, b"m:", encode(Marker(at=self._at, positions={topic: count.get(topic, 0) for topic in topics}))
            )
        return self.log


Asked = Iterable[tuple[CommandKind, Role, str, dict[str, object]]]


def actions(ticket: Ticket) -> Asked:
    """What might be asked of a ticket as it stands, allowed or not."""
    who = (Role(ticket.party) if ticket.party in {role.value for role in Role} else Role.STREET, ticket.person)
    yield CommandKind.NOTE, Role.DESK, "desk-1", {"text": "seen"}
    yield from _on_the_way(ticket, who)
    yield from _of_children(ticket)
    yield from _at_the_end(ticket)
    if ticket.status == Status.RECEIVED:
        yield CommandKind.SEND_VERIFY, Role.DESK, "desk-1", {}
        yield CommandKind.SPOT_FIX, Role.RESIDENTS, "residents-1", {"proof": ("before", "after")}
    if ticket.status == Status.VERIFYING:
        yield CommandKind.VERIFY_RESULT, Role.CHECKER, ticket.person, {"passed": True, "text": "so it is"}
    if ticket.status in (Status.ACCEPTED, Status.HANDLING, Status.WHISTLED):
        yield from _in_hand(ticket, who)
    if ticket.status == Status.MERGED:
        for _ in range(6):
            yield CommandKind.UNMERGE, Role.DESK, "desk-1", {"reason": "another door"}
    if ticket.status in (Status.OFFERED, Status.ACCEPTED):
        yield CommandKind.DUPLICATE_OF, Role.DESK, "desk-1", {"target": ticket.id.rsplit("-", 1)[0] + "-1"}
    if ticket.status == Status.PARKED:
        yield CommandKind.UNPARK, Role.CHIEF, "chief-1", {}
    yield CommandKind.CLOSE_BY_SOURCE, Role.SOURCE, "town", {"reason": "closed"}


def _on_the_way(ticket: Ticket, who: tuple[Role, str]) -> Asked:
    """From the desk to whoever works."""
    if ticket.status == Status.RECEIVED:
        yield CommandKind.FILE, Role.DESK, "desk-1", {"category": "bins", "home": "east"}
        yield CommandKind.REFER, Role.DESK, "desk-1", {"home": "west", "reason": "theirs"}
        yield CommandKind.DISMISS, Role.DESK, "desk-1", {"reason": "not_ours", "text": "no"}
    if ticket.status == Status.OFFERED:
        yield CommandKind.ACCEPT, *who, {}
        yield CommandKind.DECLINE, *who, {"reason": "busy"}
        yield (
            CommandKind.REFER,
            Role.CHIEF,
            "chief-1",
            {"home": "west" if ticket.home == "east" else "east", "reason": "theirs"},
        )
    if ticket.status == Status.ACCEPTED:
        yield CommandKind.CONTACT, *who, {}
        yield CommandKind.START, *who, {}
    if ticket.status in (Status.OFFERED, Status.HANDLING):
        yield CommandKind.FINISH, *who, {"text": "done", "proof": ("p",)}
        yield CommandKind.WHISTLE, Role.STREET, "street-1", {"departments": ("urban", "water"), "case": "street_cannot"}


def _of_children(ticket: Ticket) -> Asked:
    """Departments that were called."""
    for child in ticket.children:
        department: dict[str, object] = {"ticket": f"{ticket.id}/{child.code}/{child.n}", "org": child.code}
        yield CommandKind.REPORT_IN, Role.DEPARTMENT, f"{child.code}-1", department
        yield CommandKind.FINISH, Role.DEPARTMENT, f"{child.code}-1", {**department, "text": "done", "proof": ("p",)}


def _at_the_end(ticket: Ticket) -> Asked:
    """Check, survey, and what the reporter may always do."""
    if ticket.status == Status.DONE:
        yield CommandKind.CHECK, Role.CHECKER, "checker-2", {"passed": ticket.version % 3 != 0, "reason": "so"}
    if ticket.status == Status.SURVEYED:
        yield CommandKind.ANSWER, Role.REPORTER, "r", {"satisfied": True}
    if ticket.status in (Status.SURVEYED, Status.CLOSED):
        yield CommandKind.REOPEN, Role.REPORTER, "r", {"reason": "again"}
    yield CommandKind.FOLLOW, Role.REPORTER, "r", {}
    yield CommandKind.ATTACH, Role.REPORTER, "r", {"proof": (f"p{ticket.version}",)}


def _in_hand(ticket: Ticket, who: tuple[Role, str]) -> Asked:
    """Back, longer, parked, asked, supervised."""
    for _ in range(2):
        yield CommandKind.SEND_BACK, *who, {"reason": "not ours"}
        yield CommandKind.EXTEND, *who, {"reason": "parts are late"}
        yield CommandKind.PARK, *who, {"reason": "frost", "until": ticket.received_at + 3 * 24 * HOUR}
        yield CommandKind.APPROVE, Role.CHIEF, "chief-1", {}
        yield CommandKind.APPROVE, Role.SUPERVISOR, "supervisor-1", {}
    yield CommandKind.DENY, Role.CHIEF, "chief-1", {"reason": "no"}
    yield CommandKind.WAIT_REPORTER, Role.DESK, "desk-1", {"reason": "which door?"}
    yield CommandKind.RESUME, Role.DESK, "desk-1", {}
    yield (
        CommandKind.RECATEGORISE,
        Role.CHIEF,
        "chief-1",
        {"category": "lift" if ticket.category == "bins" else "bins", "reason": "mistaken"},
    )
    yield CommandKind.SUPERVISE, Role.CHIEF, "chief-1", {"reason": "watch it"}
    yield CommandKind.LIFT, Role.CHIEF, "chief-1", {}


def _change_of_roster(draw: random.Random, name: str, at: int) -> Command:
    """Somebody of a party is off, gone, or stood in for, for some hours or until further notice."""
    role = Role(draw.choice([code for code, _ in PARTIES]))
    person, other = (f"{role}-{n}" for n in draw.sample([1, 2], 2))
    window: dict[str, Any] = {"since": draw.choice([None, at + HOUR]), "until": draw.choice([None, at + 5 * HOUR])}
    changes: list[dict[str, Any]] = [
        {"change": "on"},
        {"change": "off"},
        {"change": "remove"},
        {"change": "add", "instead_of": other},
    ]
    change = draw.choice(changes)
    return Command(
        id=name,
        kind=CommandKind.SET_DUTY,
        actor=Actor(Role.CHIEF, draw.choice(["chief-1", "nobody"])),
        accepted_at=at,
        duty=Duty(person=person, role=role, **change, **window),
    )


def busy_days(seed: int, incidents: int, hours: int) -> Log:
    """Some days of a town, drawn by a seed: reports, commands sensible and not, and time passing. Told once; each who
    asks gets a log of his own."""
    found: Log = pickle.loads(_busy_days(seed, incidents, hours))
    return found


@cache
def _busy_days(seed: int, incidents: int, hours: int) -> bytes:
    draw, told = random.Random(seed), Dispatch()
    moments = sorted(START + draw.randrange(hours * HOUR) for _ in range(incidents * 4))
    n = 0
    for moment in moments:
        told.pass_time(moment)
        standing = sorted(told.book.tickets)
        if n < incidents and (not standing or draw.random() < 0.35):
            n += 1
            home = draw.choice(["east", "east", "west", "unplaced"])
            leaf = None if home == "unplaced" else f"{home}-{draw.choice('12')}"
            told.report(n, draw.choice(["bins", "lift", "fire", "wall", "pipe", None]), home, leaf, moment)
            continue
        if draw.random() < 0.05:
            told.command(_change_of_roster(draw, f"d{moment}", moment), moment)
        ticket = told.book.tickets[draw.choice(standing)]
        kind, role, person, fields = draw.choice(list(actions(ticket)))
        org = fields.pop("org", None)
        command = Command(
            id=f"c{draw.randrange(incidents * 40)}", kind=kind, actor=Actor(role, person, str(org) if org else None),
            accepted_at=moment - draw.choice([0, 0, MINUTE, HOUR]), **({"ticket": ticket.id} | fields),  # type: ignore[arg-type]
        )  # fmt: skip
        told.command(command, moment)
    told.pass_time(START + hours * HOUR)
    return pickle.dumps(told.finish())
