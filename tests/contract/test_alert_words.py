"""An alert says of whom it may come: what one figure counts of two kinds is not told as of one."""

import yaml

from engine.notifier.notice_kind import KIND
from engine.observability.metric_names import GAUGES
from tests.support.trees import ROOT

ALERT = "DeliveriesStuck"


def test_what_stands_still_may_be_webhooks_or_notices() -> None:
    """At three in the morning it said that a department's webhook stood still, while nobody on duty was told
    anything: the targets of both are counted."""
    groups = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text())["groups"]
    (alert,) = (rule for group in groups for rule in group["rules"] if rule["alert"] == ALERT)
    assert "targets_failing" in alert["expr"]
    runbook = (ROOT / "deploy" / "runbooks" / f"{ALERT}.md").read_text()
    for said in (alert["annotations"]["summary"], GAUGES["targets_failing"].help, runbook):
        assert "webhook" in said.lower() and "notice" in said.lower()
    assert f"`{KIND}" in runbook and "notices.yaml" in runbook
