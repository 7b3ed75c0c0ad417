"""The audit's tables and its sentence."""

import io

from rich.console import Console

from engine.audit.render import render, verdict
from engine.audit.report import audit
from engine.kafka.log_snapshot import Log


def shown(log: Log) -> str:
    """What a person sees."""
    console = Console(file=io.StringIO(), width=120)
    render(audit(log), console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_a_clean_audit_says_so_in_its_last_line(log: Log) -> None:
    """One sentence at the end tells the verdict; the tables hold split, departments and clocks."""
    text = shown(log)
    assert text.splitlines()[-1].startswith("Clean: 12 incidents, 10 tickets, 22 decisions")
    assert "red_property" in text and "100.resolve" in text and "cg" in text


def test_faults_are_named_with_their_offender(log: Log) -> None:
    """Somebody who has to mend it learns which record and why."""
    log.entries["dept.cg.tasks"].clear()
    assert verdict(audit(log)).startswith("NOT clean") and "1 lost" in verdict(audit(log))
    assert "clock:east-20260302-1:0:resolve:0:100#cg#0" in shown(log)


def test_an_audit_of_nothing_is_not_clean(log: Log) -> None:
    """A stage that never started once ended a demonstration with 0 incidents and "clean"."""
    for name, entries in log.entries.items():
        if name != "reference":
            entries.clear()
    report = audit(Log(entries=log.entries))
    assert (report.incidents, report.clean, report.problems) == (0, False, {})
    assert verdict(report).startswith("NOT clean: there was nothing to judge")
