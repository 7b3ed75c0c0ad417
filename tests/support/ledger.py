"""Who judges a faults test: what stands on the log against what its senders journalled, in plain JSON (DESIGN 13).

Nothing of ``engine``, ``rules`` or ``topics`` is used here, nor the audit: an error that the code under test and the
audit
have in common is one that this finds. It reads along from the beginning, so that retention takes nothing from it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError


@dataclass
class Verdict:
    """What was counted; the lists name the first offenders."""

    incidents: int = 0
    commands: int = 0
    tickets: int = 0
    clocks: int = 0
    held: int = 0
    referred: int = 0
    tasks: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is lost, doubled, early or held."""
        return not (self.lost or self.doubled or self.early or self.held)

    def told(self) -> str:
        """The figures in a line."""
        return (
            f"{len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.early)} early, {self.held} held; first:"
            f" {(self.lost + self.doubled + self.early)[:3]}"
        )


class Ledger:
    """Reads decisions and tasks as they are committed, and keeps of each what it takes to judge."""

    def __init__(self, kafka: str, prefix: str, partitions: int) -> None:
        """Prepare; ``run`` reads until cancelled."""
        self._kafka, self._prefix, self._partitions = kafka, prefix, partitions
        self.decisions: dict[tuple[int, int], tuple[dict[str, Any], int]] = {}
        """Partition and offset -> decision, and the broker's time of it."""
        self.tasks: dict[tuple[str, int, int], str] = {}
        self.known: set[str] = set()
        """Identities that have a ticket, and ids of commands that were decided: for who waits."""
        self.clocks: list[dict[str, Any]] = []
        self._next: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Read along, through brokers that come and go."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError):
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:  # the library's own, as it lets go of a broker that has died
                if (task := asyncio.current_task()) is None or task.cancelling():
                    raise

    async def _read(self) -> None:
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            metadata_max_age_ms=3000,
        )
        await reader.start()
        try:
            known: set[TopicPartition] = set()
            while True:
                tps = await self._inputs(reader)
                if tps != known:
                    known = tps
                    reader.assign(list(tps))
                    for tp in tps:
                        if tp in self._next:
                            reader.seek(tp, self._next[tp])
                for tp, records in (await reader.getmany(timeout_ms=300)).items():
                    for record in records:
                        self._take(tp.topic.removeprefix(self._prefix), record)
                        self._next[tp] = record.offset + 1
        finally:
            await reader.stop()

    async def _inputs(self, reader: AIOKafkaConsumer) -> set[TopicPartition]:
        names = {
            name
            for name in await reader.topics()
            if name.startswith(self._prefix + "dept.") and name.endswith(".tasks")
        }
        wanted = {
            self._prefix + "tickets.decisions": self._partitions,
            self._prefix + "reference": 1,
            **dict.fromkeys(names, 3),
        }
        return {TopicPartition(name, p) for name, count in wanted.items() for p in range(count)}

    def _take(self, topic: str, record: Any) -> None:
        try:
            said = json.loads(record.value)
            if topic != "reference":
                said["id"], said["cause"] if topic == "tickets.decisions" else None
        except (TypeError, ValueError, KeyError, RecursionError):
            return  # a stranger's
        if topic == "tickets.decisions":
            kept = {
                name: said.get(name)
                for name in ("id", "at", "cause", "reason", "ticket", "command_id", "events", "first_decision")
            }
            self.decisions[record.partition, record.offset] = (kept, record.timestamp)
            self.known.add(str(kept["command_id"]))
            self.known.update(
                event["facts"]["identity"] for event in kept["events"] or () if event["type"] == "TicketReceived"
            )
            for event in kept["events"] or ():  # of a task only its name is judged
                if "id" in event.get("facts", {}):
                    event["facts"] = {"id": event["facts"]["id"]}
        elif topic == "reference":
            if record.key == b"clock" and isinstance(said, dict) and "speed" in said:
                self.clocks.append(said)
        else:
            self.tasks[topic, record.partition, record.offset] = said["id"]

    async def caught_up(self) -> bool:
        """Whether all that is committed now has been read."""
        reader = AIOKafkaConsumer(bootstrap_servers=self._kafka, isolation_level="read_committed")
        await reader.start()
        try:
            tps = [TopicPartition(self._prefix + "tickets.decisions", p) for p in range(self._partitions)]
            ends = await reader.end_offsets(tps)
        finally:
            await reader.stop()
        return all(ends[tp] - self._next.get(tp, 0) <= 1 for tp in tps)  # one: the marker of the last transaction

    def clocks_fired(self) -> Iterator[tuple[int, int, int]]:
        """Of every clock that has fired: its partition, and by the broker's clock when it was due and when it was
        decided, in milliseconds."""
        for (partition, _), (decision, appended_ms) in self.decisions.items():
            due = _due(decision) if decision["cause"] == "clock" else 0
            if due:
                clock = self._clock(appended_ms)
                yield partition, clock["origin_at"] + (due - clock["start_at"]) // clock["speed"], appended_ms

    def fired_since(self, wall_ms: int) -> set[int]:
        """Partitions in which a clock has fired that was due after this moment of the broker."""
        return {partition for partition, due_ms, _ in self.clocks_fired() if due_ms > wall_ms}

    def _clock(self, appended_ms: int) -> dict[str, Any]:
        """The clock that went then: a stack that was started again goes by a new one."""
        return [one for one in self.clocks if one["origin_at"] <= appended_ms][-1]

    # -- judging -----------------------------------------------------------------------------------------------

    def events(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Every decision with each of its events."""
        for decision, _ in self.decisions.values():
            for event in decision["events"] or ():
                yield decision, event

    def answered(self) -> set[str]:
        """Ids of commands that came to a decision."""
        return {decision["command_id"] for decision, _ in self.decisions.values() if decision["command_id"]}

    def tickets(self) -> Counter[str]:
        """Identity -> tickets that were made for it, those it was referred into left out."""
        return Counter(
            event["facts"]["identity"]
            for _, event in self.events()
            if event["type"] == "TicketReceived" and event["facts"].get("placed_by") != "referral"
        )

    def missing(self, *journals: Path) -> list[str]:
        """Name what has come to nothing yet: reports, commands, and tasks that are not with their department."""
        sent = {entry["id"] for entry in _entries(*journals)}
        return sorted(sent - self.known) + sorted(self._owed() - set(self.tasks.values()))

    def judge(self, *journals: Path) -> Verdict:
        """Compare with what the broker had acknowledged to whoever sent it."""
        entries = _entries(*journals)
        asked = {entry["id"] for entry in entries if entry["kind"] == "incident"}
        commanded = {entry["id"] for entry in entries if entry["kind"] == "command"}
        tickets, found = self.tickets(), Verdict(incidents=len(asked), commands=len(commanded))
        ids = Counter(decision["id"] for decision, _ in self.decisions.values())
        tasks = Counter(self.tasks.values())
        found.tickets, found.tasks = len(tickets), len(tasks)
        found.lost = (
            sorted(asked - set(tickets)) + sorted(commanded - self.answered()) + sorted(self._owed() - set(tasks))
        )
        found.doubled = [
            name for counts in (ids, tickets, tasks) for name, count in counts.items() if count > 1
        ] + self._referred_twice(found)
        found.held = sum(decision["cause"] == "held" for decision, _ in self.decisions.values())
        self._judge_clocks(found)
        return found

    def _owed(self) -> set[str]:
        """Tasks that decisions say must stand on a department's topic."""
        return {
            event["facts"]["id"]
            for _, event in self.events()
            if event["type"].startswith("Task") and "id" in event["facts"]
        }

    def _referred_twice(self, found: Verdict) -> list[str]:
        went = Counter(decision["ticket"] for decision, event in self.events() if event["type"] == "TicketReferred")
        came = Counter(
            event["facts"]["identity"]
            for _, event in self.events()
            if event["type"] == "TicketReceived" and event["facts"].get("placed_by") == "referral"
        )
        found.referred = went.total()
        if went.total() > came.total():
            found.lost.append(f"{went.total() - came.total()} referrals")
        return [name for name, count in went.items() if count > 1] + (
            [f"{came.total() - went.total()} referrals"] if came.total() > went.total() else []
        )

    def _judge_clocks(self, found: Verdict) -> None:
        """No clock fires before it was due, neither by what it says nor by the broker's clock on the record itself."""
        for decision, appended_ms in self.decisions.values():
            if decision["cause"] != "clock":
                continue
            found.clocks += 1
            due = _due(decision)
            clock = self._clock(appended_ms)
            now = clock["start_at"] + (appended_ms - clock["origin_at"]) * clock["speed"]
            if decision["at"] < due or now < due:
                found.early.append(f"{decision['id']} due {due}, at {decision['at']}, on the log at {now}")


def _due(decision: dict[str, Any]) -> int:
    """When the clock was due that a decision is of; 0: it says of none."""
    facts = [event.get("facts", {}) for event in decision["events"] or ()]
    return max((int(one["due_at"]) for one in facts if "due_at" in one), default=0)


def _entries(*journals: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for journal in journals for line in journal.read_text().splitlines() if line.endswith("}")]
