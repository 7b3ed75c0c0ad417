"""An audit for Prometheus: a file that a collector of text files reads (node_exporter's), since an audit ends and is no
stage."""

import os
from collections import Counter
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from engine.audit.rates import TOO_HIGH, TOO_LOW
from engine.audit.report import Report
from engine.errors import InvalidSettings
from engine.observability.metric_names import AUDIT, PREFIX

KINDS = ("lost", "doubled", "early", "missing", "split_errors", "due_errors", "state_errors", "unexplained")
"""Faults that an audit counts, each of which must be none."""


def text(report: Report, ended: float) -> bytes:
    """Write a report's figures as Prometheus reads them."""
    registry = CollectorRegistry()
    gauges = {name: Gauge(PREFIX + name, spec.help, spec.labels, registry=registry) for name, spec in AUDIT.items()}
    for kind in KINDS:
        gauges["audit_findings"].labels(kind).set(getattr(report, kind))
    gauges["audit_ended_timestamp_seconds"].set(ended)
    for (party, cause), tickets in drifts(report).items():
        gauges["audit_split_drift_tickets"].labels(party, cause).set(tickets)
    for street, row in report.whistle_rates.items():
        gauges["audit_whistle_band"].labels(street).set({TOO_LOW: -1, TOO_HIGH: 1}.get(row["verdict"], 0))
    return generate_latest(registry)


def drifts(report: Report) -> Counter[tuple[str, str]]:
    """Add up over all homes by how much each party is off, by cause."""
    found: Counter[tuple[str, str]] = Counter()
    for rows in report.split.values():
        for party, row in rows.items():
            for cause, off in row["drift"].items():
                found[party, cause] += off
    return found


def write(path: Path, report: Report, ended: float) -> None:
    """Put the file in its place whole; readable by the collector, which is another user. Nothing of a resident is in
    it.

    Raises:
        InvalidSettings: There is no such folder, or no plain file stands there: a device would be put away for it.
    """
    if not path.parent.is_dir():
        raise InvalidSettings(f"the figures cannot be left in {path}: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise InvalidSettings(f"the figures cannot be left in {path}: it is no plain file; name one, e.g. in a folder")
    scratch = path.with_name(f"{path.name}.{os.getpid()}")  # does not end in .prom, so nobody reads it half written
    scratch.write_bytes(text(report, ended))
    scratch.chmod(0o644)
    os.replace(scratch, path)
