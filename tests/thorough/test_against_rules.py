"""The law and the auditor were written apart: over busy days of a made-up town they agree on every figure."""

import pytest

from engine.audit.report import audit
from tests.support.busy_days import busy_days


@pytest.mark.parametrize("seed", range(6))
def test_the_audit_of_the_laws_own_decisions_is_clean(seed: int) -> None:
    """Deadlines, split, versions, tasks and verdicts come out the same twice."""
    report = audit(busy_days(seed, incidents=60, hours=72))
    assert report.problems == {}
    assert report.incidents == report.tickets == 60
    assert report.decisions > 200
    for rung in ("50.resolve", "80.resolve", "100.resolve", "100.leg", "100.accept"):
        assert report.rungs.get(rung, 0) > 0, rung
    assert all(abs(row["count"] - row["target"]) < 1 for parties in report.split.values() for row in parties.values())
    assert report.whistles > 0
