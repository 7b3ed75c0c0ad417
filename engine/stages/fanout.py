"""Fan-out: copies each ``TaskDispatched`` and ``SenderAnswered`` of the log to its department's topic, once."""

from collections.abc import Iterable, Sequence

import msgspec

from engine.kafka.newer_records import own_fault
from engine.observability.json_logging import told
from engine.observability.metrics import StageMetrics
from engine.observability.traces import Header, Trail
from engine.stream.contracts import Clockless, Out, Record
from engine.stream.passed_by import passed_by, rejection
from engine.views import foldable
from topics.decision import Decision
from topics.envelope import task_message
from topics.ids import Instant, partition_of
from topics.incident import REPORTED
from topics.registry import DECISIONS, department_topics
from topics.task import Task
from topics.task_events import may_tell, tasks_in
from topics.unreadable import UNREADABLE

TASK_PARTITIONS = 3
"""Partitions of a department's topic (DESIGN 3)."""


class FanoutCore(Clockless):
    """One partition of the log. It needs no memory beside its position: a task's id comes from its decision."""

    def __init__(self, partition: int, metrics: StageMetrics, trail: Trail | None = None) -> None:
        """Counts go to ``metrics``."""
        self._partition, self._metrics = partition, metrics
        self._trail = trail or Trail("fanout")
        self._reported: list[int] = []
        """Of the tasks of this step that a report led to at once: when the broker had the report."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Nothing but the marker is kept."""

    def load_many(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Nothing but the marker is kept."""

    def opened(self, pack: str | None, at: Instant) -> None:
        """Nothing to make ready."""

    def take(self, record: Record, at: Instant) -> Iterable[Out]:
        """Copy the tasks of one decision; what a stranger wrote there is recorded and passed by."""
        value = record.value or b""
        if record.unreadable:
            return self._pass(record, at)
        # most decisions concern no department: do not decode those
        if not may_tell(value):
            return []
        try:
            # there is no saying whether its departments have topics, and one that has none would hold all of them up
            if record.loose:
                raise ValueError("tasks that no stage of ours has written")
            tasks = tasks_in(foldable.read(value))
            trace = self._trail.after(record)
            outs = [self._out(task, trace) for task in tasks]
            self._reported += [
                int(given) for name, given in record.headers if name == REPORTED and given and given.isdigit()
            ]
            return outs
        except (*UNREADABLE, ValueError) as exc:
            if not record.loose:
                raise own_fault(
                    record.id, record.topic, record.value, Decision, exc, record.partition, record.offset
                ) from exc
            return self._pass(msgspec.structs.replace(record, unreadable=told(exc)), at)

    def _pass(self, record: Record, at: Instant) -> list[Out]:
        passed_by(self._metrics, record, record.unreadable)
        return [rejection(record, at, self._partition)]

    def _out(self, task: Task, trace: Sequence[Header]) -> Out:
        key, value, headers = task_message(task)
        self._metrics.count("tasks_sent", task.department)
        return Out(
            department_topics(task.department)[0].name,
            partition_of(task.ticket, TASK_PARTITIONS),
            key,
            value,
            [*headers, *trace] if trace else headers,
        )

    def written(self, appended_ms: int) -> None:
        """Measure how long it was from the reports to these tasks, by the broker's clock at both ends."""
        for reported in self._reported:
            self._metrics.observe("report_to_task_seconds", max(0, appended_ms - reported) / 1000)
        self._reported.clear()
        self._trail.written()

    def hold(self, record: Record, at: Instant) -> Iterable[Out]:
        """Pass a decision by that could not be read; the alarm and the audit tell of it."""
        return []

    def flush(self) -> Iterable[Out]:
        """Everything is written as it is decided."""
        return ()

    def pack(self) -> str | None:
        """Fan-out needs no pack."""
        return None


INPUTS = (DECISIONS,)
