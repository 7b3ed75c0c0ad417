"""What must be right before any figure counts: each incident decided once, each task of a decision told once, by the
log itself."""

from collections import Counter
from collections.abc import Iterable, Sequence

from engine.observability.metrics import StageMetrics
from engine.stages.fanout import FanoutCore
from engine.stream.contracts import Record


class NotRight(SystemExit):
    """A run whose figures mean nothing; ends it with 1."""

    def __init__(self, faults: Iterable[str]) -> None:
        """Say what is wrong, on the way out."""
        super().__init__("not right, so no figure is told:\n" + "\n".join(faults))


def faults_of(
    incidents: Sequence[Record], decisions: Sequence[Record], tasks: Sequence[Record], sent: int
) -> list[str]:
    """Hold a round's records against each other; nothing when all is there once."""
    faults = (
        [] if len(incidents) == sent else [f"{sent} reports were sent, {len(incidents)} incidents stand on the log"]
    )
    return faults + undecided(incidents, decisions) + _held("task", owed(decisions), Counter(map(_told, tasks)))


def undecided(incidents: Sequence[Record], decisions: Sequence[Record]) -> list[str]:
    """Hold incidents against their decisions; nothing when each was decided once."""
    return _held("decision", Counter(one.id for one in incidents), Counter(map(cause_of, decisions)))


def cause_of(decision: Record) -> str:
    """The record that led to a decision, which is its id; read from its first bytes, as they are ours."""
    return (decision.value or b"")[:200].split(b'"id":"', 1)[-1].split(b'"', 1)[0].decode()


def owed(decisions: Sequence[Record]) -> "Counter[tuple[str, bytes | None, bytes | None]]":
    """The tasks that follow from these decisions, whoever tells them."""
    core = FanoutCore(0, StageMetrics("fanout"))
    outs = [out for one in decisions for out in core.take(one, one.appended_at)]
    return Counter((out.topic, out.key, out.value) for out in outs)


def _told(task: Record) -> tuple[str, bytes | None, bytes | None]:
    return task.topic, task.key, task.value


def _held(what: str, wanted: Counter, found: Counter) -> list[str]:  # type: ignore[type-arg]
    lost, more = wanted - found, found - wanted
    return [
        f"{number} {what}s {how}, the first: {str(next(iter(some)))[:200]}"
        for how, some in (("lost", lost), ("doubled or of nobody", more))
        if (number := some.total())
    ]
