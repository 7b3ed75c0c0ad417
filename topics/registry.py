"""Every topic, declared once, with its owners (DESIGN 3)."""

from dataclasses import dataclass
from typing import Any

from topics.audit import AuditEntry
from topics.chain import Checkpoint
from topics.command import Command
from topics.decision import Decision
from topics.departments import DEPARTMENT_CODE, replies_of, tasks_of
from topics.incident import MAX_RECORD_BYTES, Incident, IncidentReferred, ReportedIncident
from topics.pack import PackBundle
from topics.reference import CurrentPack, EngineClock
from topics.rejected import Rejected, Sealed, Seen
from topics.task import Reply, Task
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Marker, Quota, Ticket

MIB = 1024 * 1024
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Delete:
    """Records are dropped after some days."""

    days: int


@dataclass(frozen=True)
class Compact:
    """The last record of each key is kept."""


@dataclass(frozen=True)
class TopicSpec:
    """One topic: its key, its records, how it is cleaned up, who writes and who reads it.

    ``partitions`` is ``None`` where the stack's N applies. Physical name = prefix + ``name``.
    """

    name: str
    key: str
    records: tuple[type[Any], ...]
    clean_up: Delete | Compact
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    partitions: int | None = None
    max_bytes: int = 2 * MIB
    made_with: tuple[tuple[str, str], ...] = ()
    """Settings it gets when it is made; a topic without them loses nothing and is not refused."""

    def settings(self) -> dict[str, str]:
        """Broker settings that hold for it: clean-up, LogAppendTime, largest record."""
        clean_up = (
            {"cleanup.policy": "delete", "retention.ms": str(self.clean_up.days * DAY_MS)}
            if isinstance(self.clean_up, Delete)
            else {"cleanup.policy": "compact", "retention.ms": "-1"}
        )
        return {**clean_up, "message.timestamp.type": "LogAppendTime", "max.message.bytes": str(self.max_bytes)}


RAW = TopicSpec(
    "incidents.raw",
    "<source>:<external id>",
    (ReportedIncident,),
    Delete(30),
    ("anybody allowed", "gateway", "intake"),
    ("intake",),
    max_bytes=MAX_RECORD_BYTES,
)
REJECTED = TopicSpec(
    "incidents.rejected",
    "token of the rejected record",
    (Rejected,),
    Delete(180),
    ("intake", "dispatch", "fanout"),
    ("gateway", "operators"),
)
INTAKE_STATE = TopicSpec(
    "intake.state", "hash of the identity; m:", (Seen, Marker), Compact(), ("intake",), ("intake",)
)
INCIDENTS = TopicSpec(
    "incidents",
    "home",
    (Incident, IncidentReferred),
    Delete(180),
    ("intake", "dispatch", "gateway"),
    ("dispatch", "gateway", "replay"),
)
"""The gateway reads of it, and of ``commands``, what was held, and writes that once more (docs/decisions/0026)."""
COMMANDS = TopicSpec(
    "commands",
    "home",
    (Command,),
    Delete(180),
    ("gateway", "cli", "replies", "feed", "pack publish"),
    ("dispatch", "gateway", "replay"),
)
STATE = TopicSpec(
    "tickets.state",
    "t: q: n: c: d: h: m:",
    (Ticket, Quota, DayCounter, CommandSeen, Duties, HeldCause, Marker),
    Compact(),
    ("dispatch",),
    ("dispatch", "projector", "archive", "gateway"),
)
DECISIONS = TopicSpec(
    "tickets.decisions",
    "home",
    (Decision,),
    Delete(180),
    ("dispatch",),
    ("fanout", "projector", "archive", "gateway", "auditor", "replay"),
)
FANOUT_STATE = TopicSpec("fanout.state", "m:", (Marker,), Compact(), ("fanout",), ("fanout",))
REPLIES_STATE = TopicSpec("replies.state", "m:<topic>:<partition>", (Marker,), Compact(), ("replies",), ("replies",))
REFERENCE = TopicSpec(
    "reference",
    "<pack>@<hash>; current; clock",
    (PackBundle, CurrentPack, EngineClock),
    Compact(),
    ("pack publish", "up", "gateway"),
    ("every stage",),
    partitions=1,
    max_bytes=16 * MIB,
)
VAULT = TopicSpec(
    "vault",
    "token",
    (Sealed,),
    Compact(),
    ("intake", "gateway", "erase"),
    ("gateway", "reveal", "erase"),
    made_with=(("max.compaction.lag.ms", str(DAY_MS)),),
)
AUDIT = TopicSpec(
    "people.audit", "what was done", (AuditEntry,), Delete(1096), ("gateway", "cli"), ("gateway", "archive", "auditor"),
    partitions=1,
)  # fmt: skip
"""One partition: quotas and the chain need one order. Three years, as PIPL 56 has it."""
CHECKPOINTS = TopicSpec(
    "log.checkpoints",
    "<topic>:<partition>",
    (Checkpoint,),
    Delete(1096),
    ("archive",),
    ("archive", "auditor"),
    partitions=1,
)

TOPICS: tuple[TopicSpec, ...] = (
    RAW, REJECTED, INTAKE_STATE, INCIDENTS, COMMANDS, STATE, DECISIONS, FANOUT_STATE, REPLIES_STATE, REFERENCE, VAULT,
    AUDIT, CHECKPOINTS,
)  # fmt: skip
"""All topics that every stack has; each department of the pack adds its two."""


def department_topics(code: str) -> tuple[TopicSpec, TopicSpec]:
    """The two topics of a department: tasks and replies, 3 partitions each, kept for 30 days.

    Raises:
        ValueError: The code does not match ``[a-z0-9_]{1,32}``.
    """
    if not DEPARTMENT_CODE.match(code):
        raise ValueError(f"department code {code!r} must match {DEPARTMENT_CODE.pattern}; put the name into label_zh")
    return (
        TopicSpec(tasks_of(code), "ticket", (Task,), Delete(30), ("fanout",), (code,), partitions=3),
        TopicSpec(replies_of(code), "ticket", (Reply,), Delete(30), (code,), ("replies",), partitions=3),
    )
