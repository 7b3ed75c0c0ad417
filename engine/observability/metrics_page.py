"""Draws the list of metrics."""

from engine.observability.metric_names import AUDIT, COUNTERS, GAUGES, HISTOGRAMS, PREFIX, PROCESS


def page() -> str:
    """Draw ``docs/metrics.md``."""
    lines = [
        "# Metrics",
        "",
        (
            "Drawn from `engine/observability/metric_names.py` by `python -m engine.pages`; what a bad value means and"
            " what to do then is in [operations](operations.md)."
        ),
        (
            "Each stage answers on `/metrics` of its own port. Where it says *take max*, every projector tells the same"
            " figure of the whole view."
        ),
        (
            "Labels are from small closed sets (tiers, reasons, departments and streets of the pack), never an id;"
            " beyond 2,000 of one metric they are counted as `other`."
        ),
    ]
    for title, kind, table in (
        ("Counters", "_total", COUNTERS),
        ("Gauges", "", GAUGES),
        ("Histograms", "", HISTOGRAMS),
        ("From an audit", "", AUDIT),
    ):
        lines += ["", f"## {title}", "", "| metric | labels | told by | what it tells |", "|---|---|---|---|"]
        lines += [
            f"| `{PREFIX}{name}{kind}` | {' '.join(f'`{label}`' for label in spec.labels)} | {spec.told_by} |"
            f" {spec.help} |"
            for name, spec in table.items()
        ]  # type: ignore[attr-defined]
    lines += ["", "Under the client library's own names: " + ", ".join(f"`{name}`" for name in PROCESS) + ".", ""]
    return "\n".join(lines)
