"""Appends to a log in memory as the stages would."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from engine.kafka.log_snapshot import Entry, Log
from engine.kafka.send_journal import JournalEntry, digest
from topics.codec import encode
from topics.decision import Change, Decision, Event
from topics.ids import DecisionId
from topics.pack import Calendar, PackBundle, PartyShare
from topics.reference import EngineClock, ref_of
from topics.rejected import Rejected
from topics.ticket import Marker, Ticket

HOUR = 3_600_000
START = int(datetime(2026, 3, 2, 0, 0, tzinfo=UTC).timestamp() * 1000)
"""Monday 2026-03-02, 08:00 in Shanghai."""
SPEED, ORIGIN = 600, 1_770_000_000_000


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
            key=key,
            value=value,
            headers=headers,
            appended_ms=ORIGIN + -(-(at - START) // SPEED) + (1 if topic != "reference" else 0),
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
            JournalEntry(
                id=name,
                kind=kind,
                topic=entry.topic,
                partition=entry.partition,
                offset=entry.offset,
                sha256=digest(entry.value),
            )
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
