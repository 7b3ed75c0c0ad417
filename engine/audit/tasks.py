"""What departments were promised in decisions against what lies on their topics (LAW 7)."""

from collections import defaultdict
from typing import Any

import msgspec

from engine.audit.cut import Cut
from engine.audit.findings import Findings
from engine.audit.history import Step
from engine.kafka.log_snapshot import Entry, Log
from topics.codec import decode
from topics.decision import facts_of
from topics.departments import department_of, is_tasks, replies_of, tasks_of
from topics.events.types import EventType
from topics.registry import DECISIONS, FANOUT_STATE
from topics.task import Task
from topics.unreadable import UNREADABLE


class Tasks:
    """Collects the tasks of decisions, then compares them with the departments' topics."""

    def __init__(self, log: Log, cut: Cut, findings: Findings) -> None:
        """Collect nothing yet."""
        self._log, self._cut, self._findings = log, cut, findings
        self._promised: dict[str, tuple[Entry, Task]] = {}

    def see(self, step: Step) -> None:
        """Note the tasks of one decision; their ids are told by the decision's own id."""
        for event in (*step.events(EventType.TASK_DISPATCHED), *step.events(EventType.SENDER_ANSWERED)):
            try:
                task = msgspec.convert(facts_of(event), Task)
            except msgspec.ValidationError as error:
                self._findings.add("state_errors", step.decision.id, f"holds a task that cannot be read: {error}")
                continue
            if not task.id.startswith(f"{step.decision.id}#{task.department}#"):
                self._findings.add("unexplained", task.id, f"is a task of {step.decision.id} and is not named after it")
            if task.id in self._promised:
                self._findings.add("doubled", task.id, f"is promised again in {step.decision.id}")
            self._promised[task.id] = (step.entry, task)

    def check(self) -> dict[str, dict[str, Any]]:
        """Compare, and count by department: distinct tasks, their events, replies."""
        table: dict[str, dict[str, Any]] = {}
        sent: set[str] = set()
        for topic in filter(is_tasks, sorted(self._log.entries)):
            code = department_of(topic) or topic
            events: dict[str, int] = defaultdict(int)
            for entry in self._log.of(topic):
                task = self._read(entry)
                if task is not None and self._is_first(task, entry, code, sent):
                    events[task.event] += 1
            replies = len(self._log.of(replies_of(code)))
            if events or replies:
                table[code] = {
                    "tasks": sum(events.values()),
                    "replies": replies,
                    "events": dict(sorted(events.items())),
                }
        self._look_for_missing(sent)
        return table

    def _read(self, entry: Entry) -> Task | None:
        try:
            return decode(entry.value or b"", Task)
        except UNREADABLE as error:
            self._findings.add("state_errors", entry.id, f"cannot be read: {error}")
            return None

    def _is_first(self, task: Task, entry: Entry, code: str, sent: set[str]) -> bool:
        if task.id in sent:
            self._findings.add("doubled", task.id, f"is on {entry.topic} again at {entry.id}")
            return False
        sent.add(task.id)
        promised = self._promised.get(task.id)
        if promised is None:
            if not self._cut.since(DECISIONS.name):
                self._findings.add("unexplained", task.id, f"is on {entry.topic}, no decision holds it")
        elif promised[1] != task or task.department != code:
            self._findings.add("state_errors", task.id, f"differs at {entry.id} from what was decided")
        return True

    def _look_for_missing(self, sent: set[str]) -> None:
        """A task that fan-out has passed must be on its topic, unless the topic has dropped old records."""
        passed = self._log.positions(FANOUT_STATE.name, DECISIONS.name)
        for name, (entry, task) in self._promised.items():
            if (
                name not in sent
                and entry.offset < passed.get(entry.partition, 0)
                and entry.appended_ms >= self._cut.since(tasks_of(task.department))
            ):
                self._findings.add("lost", name, f"was decided at {entry.id} and is not on {tasks_of(task.department)}")
