"""Prints what came of a replay: for people, or as one JSON object."""

from typing import Any

from rich.console import Console
from rich.table import Table

from engine.replay.csv_export import as_json
from engine.replay.record_diff import sides
from engine.replay.summary import clock, day, summary, tickets_off
from engine.replay.verify import Verdict
from engine.replay.what_if import Simulated
from rules.history.compare import Row, Side
from rules.history.replay import Mismatch
from topics.codec import encode

ROWS_SHOWN = 20
"""Tickets printed; ``--csv`` and ``--json`` have all."""


def verdict_lines(verdict: Verdict) -> list[str]:
    """Say whether every decision came out as recorded, and show the first that did not."""
    aside = [f"{verdict.held} held records changed nothing and were not decided again"] if verdict.held else []
    aside += [f"{verdict.waiting} records wait to be decided"] if verdict.waiting else []
    if verdict.bounded:
        aside.append(
            f"for {verdict.bounded} commands the clock of that start is gone; when they were handed in is taken from"
            " the record"
        )
    if verdict.restamped:
        aside.append(
            f"{verdict.restamped} were written by another version of the engine and are the same but for its stamp"
        )
    replayed = "replayed"
    if verdict.since is not None:
        replayed += f" from the state at {day(verdict.since, verdict.zone)} {verdict.zone} on"
    if not verdict.mismatches:
        how = ", byte by byte" if not verdict.restamped else ""
        return [
            *aside,
            f"{replayed}: all {verdict.identical} decisions of {verdict.partitions} partitions identical{how}",
        ]
    first, others = verdict.mismatches[0], verdict.mismatches[1:]
    lines = [*aside, *_mismatch(first, verdict.zone)]
    lines += [
        f"also in {other.told.where}: {other.told.id or '(no id)'}; what follows it in its partition was not looked at"
        for other in others
    ]
    return [
        *lines,
        (
            f"{replayed}: NOT identical; {verdict.identical} of {verdict.decisions} decisions were, up to the first"
            " difference of each partition"
        ),
    ]


def _mismatch(found: Mismatch, zone: str) -> list[str]:
    told = found.told
    lines = [
        f"{told.where} differs: {told.id or '(no id)'} at {day(told.at, zone)} {zone} ({told.at}), {told.kind}"
        f" {told.reason}".rstrip()
    ]
    if found.again is None:
        return [*lines, f"  recorded  {told.record[:600]!r}", f"  replayed  nothing: {found.fault}"]
    return [*lines, *(f"  {line}" for line in sides(told.record, found.again))]


def verdict_json(verdict: Verdict) -> str:
    """The verdict as one JSON object."""
    first = [
        {
            "where": found.told.where,
            "id": found.told.id,
            "at": found.told.at,
            "recorded": found.told.record.decode(errors="backslashreplace"),
            "replayed": found.again.decode() if found.again is not None else None,
            "fault": found.fault,
        }
        for found in verdict.mismatches
    ]
    figures = {
        name: getattr(verdict, name)
        for name in ("decisions", "identical", "held", "partitions", "waiting", "bounded", "since", "restamped")
    }
    return encode({**figures, "is_identical": not first, "differences": first}).decode()


def simulated_facts(told: Simulated) -> dict[str, Any]:
    """The comparison's figures, its sentences, and every row."""
    found = told.difference
    figures: dict[str, Any] = {name: getattr(found, name) for name in found.__struct_fields__ if name != "rows"}
    figures |= {
        name: getattr(told, name) for name in told.__struct_fields__ if name not in ("difference", "no_longer_fits")
    }
    figures["no_longer_fits"] = [misfit._asdict() for misfit in told.no_longer_fits]
    return {**figures, "summary": summary(told), "rows": as_json(found.rows)}


def simulated_json(told: Simulated) -> str:
    """The comparison as one JSON object, all rows in it."""
    return encode(simulated_facts(told)).decode()


def render(told: Simulated, console: Console) -> None:
    """Print the summary, the loads, the split, and the first rows."""
    _print(console, summary(told))
    for table in (_load(told), _split(told)):
        if table.row_count:
            console.print()
            console.print(table)
    _print(console, [*_rows(told), *_misfits(told)])


def _print(console: Console, lines: list[str]) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _load(told: Simulated) -> Table:
    table = Table("load", "before", "after", title="Tickets that ever came to", title_justify="left")
    for kind, loads in (
        ("tier", told.difference.tiers),
        ("party", told.difference.parties),
        ("past the split", told.difference.apart),
    ):
        for name, load in loads.items():
            table.add_row(f"{kind} {name}", str(load.before), str(load.after))
    return table


def _split(told: Simulated) -> Table:
    table = Table(
        "party",
        "before",
        "drift",
        "after",
        "drift",
        title="Split: tickets, and how far off the nominal share",
        title_justify="left",
    )
    for party, row in told.difference.split.items():
        table.add_row(
            party,
            str(row.count_before),
            tickets_off(row.drift_before),
            str(row.count_after),
            tickets_off(row.drift_after),
        )
        for cause, after in row.causes_after.items():
            before = row.causes_before.get(cause, 0)
            if before or after:
                table.add_row(f"  by {cause}", "", tickets_off(before), "", tickets_off(after))
    return table


def _rows(told: Simulated) -> list[str]:
    rows = told.difference.rows
    lines = [line for row in rows[:ROWS_SHOWN] for line in _row(row)]
    return _shown("Tickets that fare differently:", lines, len(rows), "--csv FILE writes them all")


def _row(row: Row) -> list[str]:
    one = row.before or row.after
    said = [f"  {one.ticket if one else ''}: {_side(row.before)} → {_side(row.after)}"]
    for what, names in (("not missed", row.breaches_vanish), ("missed anew", row.breaches_appear)):
        said += [f"      {what}: {', '.join(map(clock, names))}"] if names else []
    return said


def _side(side: Side | None) -> str:
    """Who has a ticket in one telling: ``tier/party status (departments)``."""
    if side is None:
        return "no such ticket"
    departments = f" ({' '.join(side.departments)})" if side.departments else ""
    return f"{side.tier}/{side.party or '-'} {side.status}{departments}"


def _misfits(told: Simulated) -> list[str]:
    found = told.no_longer_fits
    lines = [
        f"  {day(m.at, told.zone)} {m.kind} of {m.ticket} by {m.actor}: {m.reason} ({m.id})" for m in found[:ROWS_SHOWN]
    ]
    return _shown("No longer fits:", lines, len(found), "--json has them all")


def _shown(title: str, lines: list[str], count: int, where: str) -> list[str]:
    more = [f"  and {count - ROWS_SHOWN} more; {where}"] if count > ROWS_SHOWN else []
    return ["", title, *lines, *more] if lines else []
