"""The audit for people: a verdict in one line, then the figures."""

from collections import Counter
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from engine.audit.findings import FAULTS
from engine.audit.rates import TOO_HIGH, TOO_LOW
from engine.audit.report import Report

HOMES_SHOWN = 20
"""Rows of the split's table; a city has a hundred homes."""


def verdict(report: Report) -> str:
    """One sentence: what was looked at, and whether it holds."""
    looked = f"{report.incidents} incidents, {report.tickets} tickets, {report.decisions} decisions"
    if report.clean:
        return f"Clean{_since(report)}: {looked}; nothing lost, doubled, early or missing."
    if not report.problems and not report.incidents:
        waiting = f", {report.pending} of them still unread by their stage" if report.pending else ""
        return (
            f"NOT clean: there was nothing to judge: no incident has been decided{waiting}, {report.decisions}"
            " decisions; is anybody reporting, and does 'gridwhistle status' say ready?"
        )
    found = ", ".join(f"{getattr(report, kind)} {kind.replace('_', ' ')}" for kind in FAULTS if getattr(report, kind))
    return f"NOT clean{_since(report)}: {looked}; {found}."


def _since(report: Report) -> str:
    """From when the verdict holds, where the log no longer begins at its beginning."""
    if report.vouches_from is None:
        return ""
    since = (
        datetime.fromtimestamp(report.vouches_from / 1000, UTC).isoformat(timespec="seconds")
        if report.vouches_from
        else "the next decision"
    )
    signed = report.signed_off
    before = ""
    if signed is not None:
        began = signed["vouches_from"]
        whole = (
            "from the beginning"
            if began is None
            else f"from {datetime.fromtimestamp(began / 1000, UTC).isoformat(timespec='seconds')}"
        )
        before = (
            f", where the audit of {signed['signed_at']} was signed off ({signed['tickets']} tickets stood; it vouched"
            f" {whole})"
        )
    return f" from {since} on{before} ({report.aged} tickets and identities of before stand as the state has them)"


def render(report: Report, console: Console) -> None:
    """Print the whole report."""
    console.print(_totals(report))
    for table in (_split(report), _drift(report), _departments(report), _rates(report), _rungs(report)):
        if table.row_count:
            console.print(table)
    for kind, named in report.problems.items():
        console.print(f"{kind} ({getattr(report, kind)}): {FAULTS[kind]}", style="bold red", soft_wrap=True)
        for line in named:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(verdict(report), style="bold green" if report.clean else "bold red", soft_wrap=True)


def _totals(report: Report) -> Table:
    table = Table("what", "count", title="Audit")
    rejected = ", ".join(f"{count} {reason}" for reason, count in report.rejected.items())
    done = report.in_time + report.limits_missed
    rows = {
        "incidents": report.incidents,
        "tickets (open / closed)": f"{report.tickets} ({report.open} / {report.closed})",
        "finished in time / limit missed": (
            f"{report.in_time} / {report.limits_missed}" + (f" ({100 * report.in_time // done} %)" if done else "")
        ),
        "rejected": f"{sum(report.rejected.values())}" + (f" ({rejected})" if rejected else ""),
        "duplicates": report.duplicates,
        "held": report.held,
        "pending": report.pending,
        "refused commands": report.refused,
        "whistles / reported in": f"{report.whistles} / {report.reported_in}",
        **{kind.replace("_", " "): getattr(report, kind) for kind in FAULTS},
    }
    for name, value in rows.items():
        table.add_row(name, str(value), style="red" if name.replace(" ", "_") in FAULTS and value else None)
    return table


def _split(report: Report) -> Table:
    """One row for each home, the busiest first: what each party has, of what it should have."""
    parties = list(dict.fromkeys(party for rows in report.split.values() for party in rows))
    busiest = sorted(report.split, key=lambda home: -sum(row["count"] for row in report.split[home].values()))
    hidden = len(busiest) - HOMES_SHOWN
    table = Table(
        "home",
        *parties,
        title="Split: count / target",
        caption=f"and {hidden} more homes; --json has all" if hidden > 0 else None,
    )
    for home in busiest[:HOMES_SHOWN]:
        rows = report.split[home]
        table.add_row(
            home,
            *(f"{rows[party]['count']} / {rows[party]['target']:.1f}" if party in rows else "" for party in parties),
        )
    return table


def _drift(report: Report) -> Table:
    """How far each party is off its nominal share of all tickets, over all homes, and why."""
    table = Table(
        "party", "eligibility", "emergency", "manual", "allocation", title="Drift off the nominal share, in tickets"
    )
    causes: dict[str, Counter[str]] = {}
    for rows in report.split.values():
        for party, row in rows.items():
            causes.setdefault(party, Counter()).update(row["drift"])
    for party, row in causes.items():
        table.add_row(party, *(f"{row[cause]:+.2f}" for cause in ("eligibility", "emergency", "manual", "allocation")))
    return table


def _departments(report: Report) -> Table:
    table = Table("department", "tasks", "replies", title="Departments")
    for code, row in report.departments.items():
        table.add_row(code, str(row["tasks"]), str(row["replies"]))
    return table


def _rates(report: Report) -> Table:
    """Streets whose whistles lie outside the band, too few or too many."""
    table = Table("street", "tickets", "whistles", "", title="Whistles outside the band")
    for street, row in report.whistle_rates.items():
        if row["verdict"] in (TOO_LOW, TOO_HIGH):
            table.add_row(
                street, str(row["tickets"]), str(row["whistles"]), row["verdict"].replace("_", " "), style="bold yellow"
            )
    return table


def _rungs(report: Report) -> Table:
    table = Table("rung", "fired", title="Clocks")
    for name, count in report.rungs.items():
        table.add_row(name, str(count))
    return table
