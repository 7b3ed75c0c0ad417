"""Each consumed record against its one decision, each identity against its one ticket, each journal entry against its
effect."""

from engine.audit.findings import Findings
from engine.audit.history import History, Step
from engine.audit.verdicts import Verdicts
from engine.kafka.log_snapshot import Entry, Log
from engine.kafka.send_journal import JournalEntry, digest
from topics.registry import COMMANDS, INCIDENTS, INTAKE_STATE, RAW, STATE


class Causes:
    """Looks at each step as it passes, then at what was consumed and journalled."""

    def __init__(self, log: Log, history: History, findings: Findings) -> None:
        """Look at nothing yet."""
        self._log, self._history, self._findings = log, history, findings
        self._tickets: dict[tuple[str, int], str] = {}
        """(identity, hops of referral) -> the ticket it became."""
        self._commands: set[str] = set()
        self.partition_of: dict[str, int] = {}
        """Where each ticket lives."""

    def see(self, step: Step) -> None:
        """Note which tickets a decision made, and which command it answers."""
        if step.decision.command_id is not None:
            self._commands.add(step.decision.command_id)
        for name, ticket in step.after.items():
            if name in self.partition_of:
                if self.partition_of[name] != step.entry.partition:
                    self._findings.add(
                        "doubled",
                        name,
                        f"is decided in partitions {self.partition_of[name]} and {step.entry.partition}",
                    )
                continue
            self.partition_of[name] = step.entry.partition
            first = self._tickets.setdefault((ticket.identity, ticket.hops), name)
            if first != name:
                self._findings.add("doubled", ticket.identity, f"became {first} and {name}")

    def check_consumed(self) -> set[int]:
        """Report consumed records without a decision.

        Returns:
            Partitions of dispatch that have not read all of their input yet.
        """
        unsettled: set[int] = set()
        for topic in (INCIDENTS.name, COMMANDS.name):
            consumed = self._log.positions(STATE.name, topic)
            for entry in self._log.of(topic):
                if entry.offset >= consumed.get(entry.partition, 0):
                    unsettled.add(entry.partition)
                elif entry.id not in self._history.decided and self._history.cut.has_its_decision(entry):
                    self._findings.add("lost", entry.id, "was consumed by dispatch and has no decision")
            self._check_decisions_of(topic)
        return unsettled

    def _check_decisions_of(self, topic: str) -> None:
        """A decision names a record as its cause: that record must be there."""
        known = {entry.id for entry in self._log.of(topic)}
        for name in self._history.decided:
            if (
                name.startswith(f"{topic}:")
                and name not in known
                and not self._history.cut.is_gone(name)
                and name in self._history.settled
            ):
                self._findings.add("unexplained", name, f"decides a record that is not on {topic}")

    def check_journals(self, verdicts: Verdicts) -> None:
        """Report what a sender was told is safe and that had no effect."""
        stages = {"incident": (INTAKE_STATE.name, RAW.name), "command": (STATE.name, COMMANDS.name)}
        positions = {kind: self._log.positions(*stage) for kind, stage in stages.items()}
        records = {
            (e.topic, e.partition, e.offset): e for name in (RAW.name, COMMANDS.name) for e in self._log.of(name)
        }
        for entry in self._log.journals:
            where = (entry.topic, entry.partition, entry.offset)
            if self._history.cut.is_gone(":".join(map(str, where))):
                continue
            if not _is_same(records.get(where), entry):
                self._findings.add(
                    "lost", entry.id, f"was acknowledged at {':'.join(map(str, where))}, and is not there"
                )
            elif entry.offset < positions[entry.kind].get(entry.partition, 0) and not self._has_effect(
                entry, records.get(where), verdicts
            ):
                self._findings.add(
                    "lost", entry.id, f"was acknowledged at {':'.join(map(str, where))} and left no verdict"
                )

    def _has_effect(self, entry: JournalEntry, record: Entry | None, verdicts: Verdicts) -> bool:
        if entry.kind == "command":
            if record is not None and not self._history.cut.has_its_decision(record):
                return True  # its decision may have aged away
            return (
                entry.id in self._commands or f"{entry.topic}:{entry.partition}:{entry.offset}" in self._history.decided
            )
        return verdicts.by_identity.get(entry.id, "lost") != "lost"


def _is_same(record: Entry | None, entry: JournalEntry) -> bool:
    return record is not None and digest(record.value) == entry.sha256
