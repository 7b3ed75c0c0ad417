"""A small, sound log told by hand: ten tickets split, nine closed by their source, one that misses its limit."""

import msgspec

from engine.kafka.log_snapshot import Log
from tests.support.teller import HOUR, PACK, START, Teller
from topics.codec import encode
from topics.command import Actor, Command
from topics.decision import Event
from topics.ids import HomeCode
from topics.incident import Incident
from topics.task import Task
from topics.ticket import Clock, Quota, Ticket
from topics.ticket_words import TicketTask
from topics.vocabulary import CommandKind, Role, Status

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


def ticket(n: int, at: int, party: str) -> Ticket:
    """The n-th ticket as filed: 4 work hours, urgency U2."""
    clock = Clock(
        kind="resolve",
        number="0",
        limit_ms=4 * HOUR,
        unit="work_hour",
        started_at=at,
        running_since=at,
        rungs=(50, 80, 100, 150, 300),
    )
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
        incident = Incident(
            identity=f"hotline:{n}",
            home=HomeCode("east"),
            occurred_at=at,
            received_at=at,
            channel="hotline",
            pack=PACK,
            placed_by="grid",
        )
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
        home="east",
        window="2026-03",
        per=2520,
        counts=books,
        targets={p: s * 252 for p, s in zip(parties, (20, 30, 40, 10), strict=True)},
        split=10,
        fully_eligible=10,
    )
    told.put("tickets.state", 0, b"q:east", encode(quota))


def _closed(told: Teller, n: int) -> None:
    """The source closes the nth."""
    before = told.images[f"east-20260302-{n}"]
    at = START + HOUR + n * 1000
    command = Command(
        id=f"feed:{n}",
        kind=CommandKind.CLOSE_BY_SOURCE,
        actor=Actor(Role.SOURCE, "hotline"),
        accepted_at=at,
        ticket=before.id,
        reason="closed",
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
