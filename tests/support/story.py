"""A small, sound log told by hand: ten tickets split, nine closed by their source, one that misses its limit."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from engine.kafka.log_snapshot import Entry, Log
from engine.kafka.send_journal import JournalEntry, digest
from topics.codec import encode
from topics.command import Actor, Command
from topics.decision import Change, Decision, Event
from topics.ids import DecisionId, HomeCode
from topics.incident import Incident
from topics.pack import Calendar, PackBundle, PartyShare
from topics.reference import EngineClock, ref_of
from topics.rejected import Rejected
from topics.task import Task
from topics.ticket import Clock, Marker, Quota, Ticket
from topics.ticket_words import TicketTask
from topics.vocabulary import CommandKind, Role, Status

HOUR = 3_600_000
START = int(datetime(2026, 3, 2, 0, 0, tzinfo=UTC).timestamp() * 1000)
"""Monday 2026-03-02, 08:00 in Shanghai."""
SPEED, ORIGIN = 600, 1_770_000_000_000
ORDER = (
    "red_property",
    "specialist",
    "residents",
    "red_property",
    "specialist",
    "backstop",
    "red_property",
    "residents",
    "specialist",
    "red_property",
)
"""Whom the split of 20/30/40/10 names, worked out by hand."""


def bundle() -> PackBundle:
    """A town that works 08-12 and 14-18, Monday to Friday; only what the audit reads is filled in."""
    week = "1111100"  # 2026-01-01 is a Thursday
    year = "".join(week[(3 + n) % 7] for n in range(365))
    shares = (("residents", 20), ("specialist", 30), ("red_property", 40), ("backstop", 10))
    return PackBundle(
        name="town",
        title="Town",
        title_zh="镇",
        timezone="Asia/Shanghai",
        levels=("home",),
        home_level="home",
        unplaced="nowhere",
        shares=tuple(PartyShare(code, share, code, code) for code, share in shares),
        ladders={},
        clocks={},
        rungs={},
        nodes=(),
        addresses=(),
        departments=(),
        categories=(),
        rules=(),
        roster=(),
        roster_version="r1",
        grid_version="g1",
        calendar=Calendar("town@1", "Asia/Shanghai", ((480, 720), (840, 1080)), 480, {"2026": year}),
    )


BUNDLE = encode(bundle())
PACK = ref_of("town", BUNDLE)


class Teller:
    """Appends records as the stages would."""

    def __init__(self) -> None:
        """An empty log with its clock and its pack."""
        self.log = Log()
        self.images: dict[str, Ticket] = {}
        self.put("reference", 0, b"clock", encode(EngineClock(START, ORIGIN, SPEED)), at=START)
        self.put("reference", 0, PACK.encode(), BUNDLE, at=START)

    def put(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[tuple[str, bytes], ...] = (),
        at: int = START,
    ) -> Entry:
        """Append one record; the broker takes it a millisecond after engine time ``at``."""
        entries = self.log.entries.setdefault(topic, [])
        offset = sum(entry.partition == partition for entry in entries)
        entry = Entry(
            topic,
            partition,
            offset,
            key,
            value,
            headers,
            ORIGIN + -(-(at - START) // SPEED) + (1 if topic != "reference" else 0),
        )
        entries.append(entry)
        return entry

    def raw(self, name: str, value: bytes = b"{}") -> Entry:
        """An incoming incident of the hotline, acknowledged and journalled."""
        entry = self.put(
            "incidents.raw",
            0,
            b"hotline:" + name.encode(),
            value,
            (("ce_source", b"hotline"), ("ce_id", name.encode())),
        )
        self.journal("hotline:" + name, "incident", entry)
        return entry

    def journal(self, name: str, kind: Literal["incident", "command"], entry: Entry) -> None:
        """Note an acknowledgement."""
        self.log.journals.append(
            JournalEntry(name, kind, entry.topic, entry.partition, entry.offset, digest(entry.value))
        )

    def reject(self, record: Entry, reason: str, identity: str | None) -> None:
        """Intake turns a record down."""
        rejected = Rejected(id=record.id, at=START, reason=reason, field="", message="", identity=identity)
        self.put("incidents.rejected", 0, record.key, encode(rejected))

    def decide(
        self,
        name: str,
        at: int,
        cause: Literal["incident", "command", "clock", "held"],
        reason: str,
        events: list[Event],
        after: Ticket | None,
        command_id: str | None = None,
    ) -> Decision:
        """Dispatch writes a decision and the state that follows from it."""
        changes = () if after is None else (Change(after.id, after.version, msgspec.Raw(encode(after))),)
        decision = Decision(
            id=DecisionId(name),
            at=at,
            cause=cause,
            reason=reason,
            home="east",
            command_id=command_id,
            events=tuple(events),
            changes=changes,
        )
        self.put("tickets.decisions", 0, b"east", encode(decision), at=at)
        if after is not None:
            self.images[after.id] = after
            self.put("tickets.state", 0, f"t:{after.id}".encode(), encode(after), at=at)
        return decision

    def finish(self) -> Log:
        """Write the markers: every stage has read everything."""
        count = {topic: len(entries) for topic, entries in self.log.entries.items()}
        for state, topics in {
            "intake.state": ("incidents.raw",),
            "tickets.state": ("incidents", "commands"),
            "fanout.state": ("tickets.decisions",),
        }.items():
            self.put(
                state, 0, b"m:", encode(Marker(at=START, positions={topic: count.get(topic, 0) for topic in topics}))
            )
        return self.log


def ticket(n: int, at: int, party: str) -> Ticket:
    """The n-th ticket as filed: 4 work hours, urgency U2."""
    clock = Clock("resolve", "0", 4 * HOUR, "work_hour", at, at, (50, 80, 100, 150, 300))
    return Ticket(
        id=f"east-20260302-{n}",
        version=1,
        identity=f"hotline:{n}",
        home="east",
        status=Status.OFFERED,
        received_at=at,
        occurred_at=at,
        pack=PACK,
        channel="hotline",
        person="p",
        duty=party,
        task=TicketTask.ACCEPT,
        urgency="U2",
        clocks=(clock,),
    )


def fire(told: Teller, at: int, due: int, rung: int, extra: tuple[Event, ...] = ()) -> None:
    """The resolve clock of the first ticket fires one rung."""
    before = told.images["east-20260302-1"]
    clock = before.clocks[0]
    after = msgspec.structs.replace(
        before,
        version=before.version + 1,
        clocks=(msgspec.structs.replace(clock, rungs=clock.rungs[1:], fired=(*clock.fired, rung)),),
    )
    facts = {"clock": "resolve", "number": "0", "rung": rung, "due_at": due, "late_by_ms": at - due}
    event = Event("ClockBreached" if rung >= 100 else "ClockAtRisk", before.id, facts)
    told.decide(f"clock:{before.id}:0:resolve:0:{rung}", at, "clock", "limit_breached", [event, *extra], after)


def tell() -> Log:
    """The whole story."""
    told = Teller()
    _reported(told)
    _filed(told)
    for n in range(2, 11):
        _closed(told, n)
    _missed(told)
    return told.finish()


def _reported(told: Teller) -> None:
    """Ten by the hotline, one twice, and two that are none."""
    for n in range(1, 11):
        told.raw(str(n))
    told.reject(told.raw("1"), "duplicate", "hotline:1")
    told.reject(told.raw("bad"), "missing_field", "hotline:bad")
    told.reject(told.put("incidents.raw", 0, None, b"\xff\xfe"), "unreadable", None)


def _filed(told: Teller) -> None:
    """Each split by the shares, and the counts kept."""
    parties = ["residents", "specialist", "red_property", "backstop"]
    books = dict.fromkeys(parties, 0)
    for n, party in enumerate(ORDER, 1):
        at = START + n * 1000
        incident = Incident(f"hotline:{n}", HomeCode("east"), at, at, "hotline", PACK, "grid")
        record = told.put("incidents", 0, b"east", encode(incident), at=at)
        books[party] += 1
        filed = {"counted": "split", "eligible": parties, "all_eligible": True, "party": party, "window": "2026-03"}
        one = ticket(n, at, party)
        told.decide(
            record.id,
            at,
            "incident",
            "reported",
            [Event("TicketReceived", one.id), Event("TicketFiled", one.id, filed)],
            one,
        )
    quota = Quota(
        "east",
        "2026-03",
        2520,
        books,
        {p: s * 252 for p, s in zip(parties, (20, 30, 40, 10), strict=True)},
        split=10,
        fully_eligible=10,
    )
    told.put("tickets.state", 0, b"q:east", encode(quota))


def _closed(told: Teller, n: int) -> None:
    """The source closes the nth."""
    before = told.images[f"east-20260302-{n}"]
    at = START + HOUR + n * 1000
    command = Command(
        f"feed:{n}", CommandKind.CLOSE_BY_SOURCE, Actor(Role.SOURCE, "hotline"), at, before.id, reason="closed"
    )
    record = told.put("commands", 0, b"east", encode(command), at=at)
    told.journal(command.id, "command", record)
    after = msgspec.structs.replace(before, version=2, status=Status.CLOSED, clocks=())
    told.decide(
        record.id,
        at,
        "command",
        "done_as_asked",
        [Event("TicketClosed", before.id, {"reason": "closed"})],
        after,
        command.id,
    )


def _missed(told: Teller) -> None:
    """The first runs past its limit: warned twice, overdue, and a task of that."""
    first = START + 1000
    fire(told, first + 2 * HOUR + 500, first + 2 * HOUR, 50)
    fire(told, first + 3 * HOUR + 12 * 60_000, first + 3 * HOUR + 12 * 60_000, 80)
    breach = START + 6 * HOUR + 1000  # four work hours from 08:00:01 end at 14:00:01
    name = "clock:east-20260302-1:0:resolve:0:100"
    task = Task(
        id=f"{name}#cg#0",
        event="overdue",
        department="cg",
        ticket="east-20260302-1",
        role="owner",
        at="2026-03-02T06:00:01Z",
    )
    facts = dict(msgspec.to_builtins(task).items())
    fire(told, breach, breach, 100, (Event("TaskDispatched", "east-20260302-1", facts),))
    told.put("dept.cg.tasks", 0, b"east-20260302-1", encode(task), at=breach)
