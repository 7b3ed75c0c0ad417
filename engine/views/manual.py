"""Says of each command who may give it, when, and what it leads to: read off the table of LAW 6, which is the only
copy."""

from rules.commands.approvals import APPROVALS, ask
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE, Row
from rules.commands.registry import CHILD_HANDLERS, HANDLERS
from rules.commands.required_fields import fields_of
from rules.ticket.merging import merge, unmerge
from topics.vocabulary import CommandKind, Role, Status

_TWO_TICKETS = {CommandKind.DUPLICATE_OF: merge, CommandKind.UNMERGE: unmerge}


def manual(kind: CommandKind) -> str:
    """Write the help of a command."""
    parts = [_effect(kind, child=False)] if kind in TABLE else []
    if kind in TABLE:
        parts += _row(TABLE[kind])
    if kind in CHILD_TABLE:
        parts.append(f"Of a child, <ticket>/<code>/<n>: {_effect(kind, child=True)}")
        parts += _row(CHILD_TABLE[kind])
    if HANDLERS.get(kind) is ask:
        needed = APPROVALS[kind.value]
        parts.append(
            f"Takes effect once {needed} other"
            f" {'person agrees' if needed == 1 else 'persons agree, each in another role'}: 'ticket approve', 'ticket"
            " deny'."
        )
    return "\n\n".join([*parts, f"It reads: {_fields(kind)}."])


def _effect(kind: CommandKind, child: bool) -> str:
    """Give the first sentence of whatever carries it out."""
    handler = (CHILD_HANDLERS if child else HANDLERS | _TWO_TICKETS)[kind]
    said = (handler.__doc__ or "").strip().split("\n")[0]
    return f"Ask to {kind.replace('_', ' ')}: {said[0].lower()}{said[1:]}" if handler is ask else said


def _row(row: Row) -> list[str]:
    who = "anybody" if set(row.roles) == set(Role) else ", ".join(row.roles)
    when = "any open status" if len(row.statuses) > 8 else ", ".join(row.statuses)
    return [f"Who: {who}.", f"When it is: {when}.", f"It becomes: {_to(row.to)}."]


def _to(statuses: tuple[Status, ...]) -> str:
    return ", ".join(statuses) + "; or stays what it was" if statuses else "what it was; no status changes"


def _fields(kind: CommandKind) -> str:
    named = [f"--{_option(field)}" + (" (optional)" if field.endswith("?") else "") for field in fields_of(kind)]
    return ", ".join(named) or "nothing else"


def _option(field: str) -> str:
    name = field.rstrip("?")
    return {"departments": "department", "passed": "passed/--failed", "satisfied": "satisfied/--unsatisfied"}.get(
        name, name
    )
