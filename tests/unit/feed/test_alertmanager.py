"""What Alertmanager posts becomes reports: each outbreak once, our own trouble never."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from engine.cli import command_of
from engine.feed.alertmanager import Payload, Report, reports
from topics.incident import ReportedIncident


def alert(**more: Any) -> dict[str, Any]:
    """A water gauge under a manhole, as Alertmanager 0.25 posts it."""
    labels = {
        "alertname": "WaterHigh",
        "gridwhistle": "incident",
        "category": "drain_blocked",
        "grid": "tawan-g1-m1",
    } | more.pop("labels", {})
    return {
        "status": "firing",
        "labels": {name: text for name, text in labels.items() if text is not None},
        "annotations": {"summary": "Water 40 cm under the cover", "description": "Rising for 10 minutes"},
        "startsAt": "2026-03-02T08:00:00.5+08:00",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph",
        "fingerprint": "0a1b2c3d4e5f6071",
    } | more


def payload(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body around it."""
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "incidents",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
    } | more


def read(*alerts: dict[str, Any]) -> list[Report]:
    """What becomes of alerts."""
    return reports(Payload.model_validate(payload(*alerts)))


def test_a_burning_alert_is_a_report_that_the_door_takes() -> None:
    """Where, what, when and in whose words."""
    (report,) = read(alert())
    taken = ReportedIncident.model_validate(report.data)
    assert (taken.category, taken.location.grid, taken.occurred_at.isoformat()) == (
        "drain_blocked",
        "tawan-g1-m1",
        "2026-03-02T00:00:00.500000+00:00",
    )
    assert taken.text == "Water 40 cm under the cover\nRising for 10 minutes"
    assert taken.reporter is None and taken.attributes == {}  # nothing to be sealed


def test_each_outbreak_is_one_incident() -> None:
    """Told again it is a duplicate; the next outbreak is another; two sensors are two."""
    first, again = read(alert(), alert())
    assert first.external_id == again.external_id == "0a1b2c3d4e5f6071@20260302T000000.500000Z"
    assert first.external_id != read(alert(startsAt="2026-03-02T09:00:00+08:00"))[0].external_id
    assert first.external_id != read(alert(fingerprint="ff"))[0].external_id
    assert first.external_id == read(alert(startsAt="2026-03-02T00:00:00.5Z"))[0].external_id


@pytest.mark.parametrize(
    "other", [alert(labels={"gridwhistle": None}), alert(labels={"gridwhistle": "no"}), alert(status="resolved")]
)
def test_our_own_trouble_and_what_is_over_are_no_reports(other: dict[str, Any]) -> None:
    """A loop of alerts that file tickets that raise alerts cannot begin."""
    assert read(other) == [] and len(read(other, alert())) == 1


@pytest.mark.parametrize(
    ("labels", "location"),
    [
        ({"grid": None, "lat": "34.75", "lon": "113.68"}, {"lat": 34.75, "lon": 113.68}),
        ({"lat": "34.75", "lon": "113.68"}, {"grid": "tawan-g1-m1", "lat": 34.75, "lon": 113.68}),
        ({"grid": None, "lat": "nan", "lon": "113.68"}, {}),
        ({"grid": None, "lat": "34.75"}, {}),
        ({"grid": None, "lat": "north", "lon": "east", "address": "航海路 1 号"}, {"address": "航海路 1 号"}),
    ],
)
def test_where_it_is(labels: dict[str, Any], location: dict[str, Any]) -> None:
    """A point needs two numbers; what is missing the desk places."""
    (report,) = read(alert(labels=labels))
    assert report.data["location"] == location and ReportedIncident.model_validate(report.data)


@pytest.mark.parametrize(
    "broken",
    [
        payload(alert(), version="3"),
        payload(alert(startsAt="yesterday")),
        payload(alert(fingerprint="../x")),
        payload(*[alert()] * 301),
        payload(alert(labels={"a": "\u202e"})),
        {},
    ],
)
def test_what_is_no_payload_is_refused(broken: dict[str, Any]) -> None:
    """By its field."""
    with pytest.raises(ValidationError):
        Payload.model_validate(broken)


def test_the_command_says_what_it_would_send(tmp_path: Path) -> None:
    """Without a stack; unknown members of a newer Alertmanager do not matter, broken JSON is said."""
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(payload(alert(), alert(status="resolved"), notificationReason="new")))
    done = CliRunner().invoke(command_of("alertmanager", "alertmanager"), [str(file), "--dry-run"])
    line = json.loads(done.stdout.splitlines()[0])
    assert (line["source"], line["id"]) == ("alertmanager", "0a1b2c3d4e5f6071@20260302T000000.500000Z")
    assert "1 reported, 1 resolved or no incident" in done.output
    for body, said in (
        ({"version": "4"}, "alerts: is missing; add it"),
        (payload(alert(), version="3"), "version: '3' is none of 4"),
        (
            payload(alert(startsAt="yesterday")),
            "alerts.0.startsAt: 'y********' is no time that an incident can have; write",
        ),
    ):
        file.write_text(json.dumps(body))
        refused = CliRunner().invoke(command_of("alertmanager", "alertmanager"), [str(file), "--dry-run"])
        assert refused.exit_code != 0 and said in f"{refused.output}{refused.exception}", refused.output
    file.write_text("{")
    assert CliRunner().invoke(command_of("alertmanager", "alertmanager"), [str(file), "--dry-run"]).exit_code != 0
