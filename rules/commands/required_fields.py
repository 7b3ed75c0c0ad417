"""Which fields a command reads, and whether it has them: a column of the lifecycle table, looked at in one place (LAW
6)."""

from msgspec.structs import replace

from rules.commands.lifecycle_table import CHILD_TABLE, TABLE, Row
from topics.command import Command
from topics.vocabulary import CommandKind, Reason

_LACKS: dict[str, Reason] = {
    "reason": Reason.REASON_MISSING,
    "text": Reason.ANSWER_MISSING,
    "proof": Reason.PROOF_MISSING,
    "category": Reason.CATEGORY_UNKNOWN,
    "home": Reason.HOME_UNKNOWN,
    "grid": Reason.GRID_UNKNOWN,
    "departments": Reason.DEPARTMENT_UNKNOWN,
    "case": Reason.CASE_NOT_ALLOWED,
    "passed": Reason.REASON_MISSING,
    "satisfied": Reason.ANSWER_MISSING,
    "until": Reason.DATE_MISSING,
    "score": Reason.SCORE_MISSING,
}
"""What a command is refused with that lacks a field."""
_LACKS_TARGET = {CommandKind.REASSIGN: Reason.PERSON_UNKNOWN}


def fields_of(kind: CommandKind, is_child: bool = False) -> tuple[str, ...]:
    """List the fields a command reads; a question mark marks what may be left out."""
    table, other = (CHILD_TABLE, TABLE) if is_child else (TABLE, CHILD_TABLE)
    row = table.get(kind) or other.get(kind)
    return row.needs if row is not None else ()


def without_blanks(command: Command) -> Command:
    """A reason, a text or a proof of blanks alone is none."""
    blank = {
        name: None for name in ("reason", "text") if (said := getattr(command, name)) is not None and not said.strip()
    }
    proof = tuple([one for one in command.proof if one.strip()])
    return command if not blank and len(proof) == len(command.proof) else replace(command, **blank, proof=proof)


def lacking(row: Row, command: Command) -> Reason | None:
    """Say what a command is refused with when it lacks a field that its row asks for."""
    for name in row.needs:
        if not name.endswith("?") and getattr(command, name) in (None, "", ()):
            return _LACKS_TARGET.get(command.kind, Reason.TARGET_NOT_OPEN) if name == "target" else _LACKS[name]
    return None
