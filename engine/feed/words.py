"""What a feed or its trial says: for people in sentences, for machines as one object."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.feed.mapped import Mapped, utc
from engine.feed.plan import Plan
from engine.feed.run import Outcome
from engine.feed.showing import masked
from engine.feed.trial import Tried

SHOWN = 20
"""Rows of each kind that are listed; all are counted."""


def notes_of(rows: Iterable[Mapped]) -> Counter[tuple[str, str]]:
    """What was peculiar in the rows, counted by kind and word."""
    return Counter(note for row in rows for note in row.notes)


def note_lines(notes: Counter[tuple[str, str]]) -> list[str]:
    """The peculiar for people, the most frequent words of each kind first."""
    kinds: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (kind, word), count in notes.most_common():
        kinds[kind].append((word, count))
    lines = []
    for kind, words in kinds.items():
        shown = ", ".join(f"{word!r} {count} x" for word, count in words[:SHOWN]) + (
            " and others" if len(words) > SHOWN else ""
        )
        lines.append(f"{sum(count for _, count in words)} rows with a {kind}: {shown}")
    return lines


def fault_lines(rows: Sequence[Mapped]) -> list[str]:
    """The rows at fault for people: where, which column, its value masked, and the mend."""
    lines = [f"  row {row.number}, line {row.line}: {fault}" for row in rows[:SHOWN] for fault in row.faults]
    return lines + ([f"  and {len(rows) - SHOWN} rows more"] if len(rows) > SHOWN else [])


def fault_facts(rows: Iterable[Mapped]) -> list[dict[str, Any]]:
    """The rows at fault for machines."""
    return [
        {"row": row.number, "line": row.line, "id": row.id, **fault._asdict()} for row in rows for fault in row.faults
    ]


def trial_lines(found: Sequence[Tried], rows: Sequence[Mapped], plan: Plan) -> str:
    """A trial for people: what would be sent, what rejected and why, the first rows of each kind."""
    kinds: dict[str, list[Tried]] = defaultdict(list)
    for one in found:
        kinds[one.kind].append(one)
    lines = [f"{len(rows)} rows read; nothing was sent."]
    for kind, ones in sorted(kinds.items()):
        lines.append(f"{len(ones)} {kind}" if kind.startswith("would") else f"{len(ones)} would be {kind}")
        for one in ones[:SHOWN]:
            lines += [f"  {line}" for line in _shown(one)]
        if len(ones) > SHOWN:
            lines.append(f"  and {len(ones) - SHOWN} more")
    if plan.closings or plan.beyond:
        lines.append(f"{plan.closings} closings would follow; {plan.beyond} lie beyond the last row fed.")
    return "\n".join(lines + note_lines(notes_of(rows)))


def _shown(one: Tried) -> list[str]:
    row, incident = one.row, one.incident
    if incident is None:
        assert one.rejected is not None
        if row.faults:
            return [f"row {row.number}, line {row.line}: {fault}" for fault in row.faults]
        return [f"row {row.number}, line {row.line}: {one.rejected.field}: {one.rejected.message}"]
    where = incident.leaf or incident.home
    given = incident.category or (masked(incident.category_given) if incident.category_given else "-")
    at = f"{utc(incident.occurred_at):%Y-%m-%d %H:%M:%S} UTC"
    flags = f"  {', '.join(incident.flags)}" if incident.flags else ""
    return [f"row {row.number}, line {row.line}: {row.id}  {at}  {given}  {where} (by {incident.placed_by}){flags}"]


def trial_facts(found: Sequence[Tried], rows: Sequence[Mapped], plan: Plan) -> dict[str, Any]:
    """A trial for machines."""
    at_fault = [one for one in found if one.is_rejected]
    return {
        "rows": len(rows),
        "kinds": dict(sorted(Counter(one.kind for one in found).items())),
        "rejected": len(at_fault),
        "faults": [
            *fault_facts(one.row for one in at_fault),
            *(
                {
                    "row": one.row.number,
                    "line": one.row.line,
                    "id": one.row.id,
                    "column": one.rejected.field,
                    "value": "",
                    "mend": one.rejected.message,
                }
                for one in at_fault
                if one.rejected and not one.row.faults
            ),
        ],
        "closings": plan.closings,
        "beyond": plan.beyond,
        "notes": [{"kind": kind, "word": word, "count": count} for (kind, word), count in notes_of(rows).most_common()],
    }


def outcome_facts(
    outcome: Outcome, plan: Plan, unnamed: Sequence[Mapped], rows: Sequence[Mapped], path: Path
) -> dict[str, Any]:
    """What was fed, for machines."""
    return {
        "rows": outcome.rows,
        "sent": outcome.sent,
        "acked": outcome.acked,
        "tickets": outcome.tickets,
        "rejected": dict(outcome.rejected),
        "closings": outcome.closings,
        "commands": outcome.commands,
        "refused": dict(outcome.refused),
        "repeated": outcome.repeated,
        "dropped": outcome.dropped,
        "too_large": outcome.too_large,
        "undecided": outcome.undecided,
        "beyond": plan.beyond,
        "left_out": plan.left_out,
        "without_id": len(unnamed),
        "faults": fault_facts(rows),
        "notes": [{"kind": kind, "word": word, "count": count} for (kind, word), count in notes_of(rows).most_common()],
        "journal": str(path),
    }


def outcome_lines(outcome: Outcome, plan: Plan, unnamed: Sequence[Mapped], rows: Sequence[Mapped], path: Path) -> str:
    """What was fed, for people."""
    rejected = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.rejected.items())) or "0"
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.refused.items())) or "0"
    lines = [
        f"{outcome.sent} rows sent: {outcome.tickets} have a ticket; rejected: {rejected}.",
        (
            f"{outcome.commands} closings sent; refused: {refused}; sent before: {outcome.repeated}. {plan.beyond}"
            " closings lie beyond the end."
        ),
    ]
    if unnamed:
        lines.append(f"{len(unnamed)} rows have no id of their own and could not be sent.")
    if plan.left_out:
        lines.append(f"{plan.left_out} rows lie after --until.")
    if outcome.dropped:
        lines.append(f"{outcome.dropped} closings belong to rejected rows and were not sent.")
    lines += [f"Not sent, too large: {one}." for one in outcome.too_large]
    at_fault = [row for row in rows if row.faults]
    if at_fault:
        lines += [
            f"{len(at_fault)} rows to mend; mended they may be fed again, and what is there counts once:",
            *fault_lines(at_fault),
        ]
    elif rejected_of(outcome, unnamed):
        lines.append("'gridwhistle rejected list' says why, row by row.")
    lines += note_lines(notes_of(rows))
    if outcome.undecided:
        lines.append(f"{outcome.undecided} are not decided yet; are the stages running? 'gridwhistle status' tells.")
    return "\n".join([*lines, f"Journal: {path}"])


def rejected_of(outcome: Outcome, unnamed: Sequence[Mapped]) -> int:
    """How many rows somebody must mend; what has come before is there already."""
    return (
        sum(count for reason, count in outcome.rejected.items() if reason != "duplicate")
        + len(outcome.too_large)
        + len(unnamed)
    )
