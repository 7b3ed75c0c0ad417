"""What a department sent and the law refused is answered where the department listens: on its own tasks (DESIGN 3)."""

from collections.abc import Mapping

from rules.law.compiled import Law
from rules.state.causes import CommandCause
from rules.state.ticket_store import Shelf
from rules.ticket import authority, department_tasks
from topics.decision import Event, event_of
from topics.events.departments import SenderAnswered
from topics.ids import Instant
from topics.refusals import told
from topics.task import TaskEvent, TaskRole
from topics.vocabulary import REFUSALS, Reason, Role


def refusal(
    laws: Mapping[str, Law],
    pack: str | None,
    cause: CommandCause,
    *,
    at: Instant,
    reason: Reason,
    field: str | None,
    tickets: Shelf,
) -> tuple[Event, ...]:
    """Answer a refused command of a department that the pack in force knows; nobody else has a topic to be told on.

    Fan-out copies it like a task. The id hangs on the cause, so it is said once however often the cause is read.
    """
    law = laws.get(pack or "")
    if reason not in REFUSALS or law is None or cause.command.actor.role is not Role.DEPARTMENT:
        return ()
    command = cause.command
    code = authority.completed(law, command.actor).org
    if code is None or law.department(code) is None:
        return ()
    ticket, _, child = command.ticket.partition("/")
    why, named = told(reason), command.reason if reason is Reason.UNREADABLE else field
    facts = SenderAnswered(
        id=f"{cause.id}#{code}#refused",
        event=TaskEvent.REFUSED.value,
        department=code,
        ticket=ticket,
        role=TaskRole.SENDER.value,
        at=department_tasks.rfc3339(at),
        reason=reason.value,
        reason_label=why.label,
        reason_label_zh=why.label_zh,
        mend=f"{why.mend} ({named})" if named else why.mend,
        answers=command.id,
        exercise=ticket in tickets and tickets.look(ticket).exercise,
        child=command.ticket if child else None,
        version=1,
    )
    return (event_of(ticket, facts),)
