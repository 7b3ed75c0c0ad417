"""How many tickets were finished within their limit, and how many missed it (LAW 4, resolve)."""

from engine.audit.history import Step
from topics.events.types import EventType
from topics.vocabulary import ClockKind


class InTime:
    """Counts work, each generation of a ticket by itself; what has neither finished nor missed its limit yet counts
    nowhere."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._generation: dict[str, int] = {}
        self._finished: set[tuple[str, int]] = set()
        self._missed: set[tuple[str, int]] = set()

    def see(self, step: Step) -> None:
        """Take what one decision did."""
        played = {name for name, ticket in step.after.items() if ticket.exercise}
        for event in step.decision.events:
            if event.ticket in played:
                continue
            name = (event.ticket, self._generation.get(event.ticket, 0))
            if event.type == EventType.TICKET_FINISHED:
                (self._missed if event.facts["overdue"] else self._finished).add(name)
            elif (
                event.type == EventType.CLOCK_BREACHED
                and event.facts["clock"] == ClockKind.RESOLVE
                and event.facts["rung"] == 100
            ):
                self._missed.add(name)
            elif event.type == EventType.TICKET_REOPENED:
                self._generation[event.ticket] = event.facts["generation"]

    def counts(self) -> tuple[int, int]:
        """Finished within the limit; limit missed, finished since or not."""
        return len(self._finished - self._missed), len(self._missed)
