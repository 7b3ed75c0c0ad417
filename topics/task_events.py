"""What a decision says to departments: the one place that finds it, for their topics as for every other door."""

import msgspec

from topics import codec
from topics.decision import Decision, Event, facts_of
from topics.events.types import EventType
from topics.task import Task

TOLD = frozenset({EventType.TASK_DISPATCHED, EventType.SENDER_ANSWERED})
"""Events whose facts are a ``topics.task.Task``."""


def may_tell(value: bytes) -> bool:
    """Whether a decision's bytes can hold a task: most concern no department and need not be looked into."""
    return b'"TaskDispatched"' in value or b'"SenderAnswered"' in value


def tasks_in(decision: Decision) -> list[Task]:
    """Give the tasks of a decision, in its order.

    Raises:
        msgspec.ValidationError: The facts of one are no task.
    """
    return [_task(event) for event in decision.events if event.type in TOLD]


def _task(event: Event) -> Task:
    facts: object = event.facts
    if type(facts) is msgspec.Raw:  # of a reader that left it as it stands: no map is made on the way
        return codec.decode(facts, Task)  # type: ignore[arg-type]
    return msgspec.convert(facts_of(event), Task)
