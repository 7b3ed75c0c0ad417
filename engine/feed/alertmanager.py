"""Alertmanager's webhook as a source of incidents: a city's sensors raise alerts, each outbreak of one is a report
(DESIGN 3, 11).

Only an alert that carries the label ``gridwhistle="incident"`` is one: our own trouble must never become work of our
own.
"""

from datetime import UTC
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from topics.incident import unfit
from topics.vocabulary import Channel

SOURCE = "alertmanager"
LABEL, MEANT = "gridwhistle", "incident"
MOST_ALERTS = 300
"""In one payload, about what the bound on colons in a record lets through; ``max_alerts`` tells it to Alertmanager."""

TEXT_CHARS = 4_000
"""What a report's text may have (``topics/incident.py``)."""


def _clean(text: str) -> str:
    if fault := unfit(text):
        raise ValueError(fault)
    return text


Words = dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=10_000), AfterValidator(_clean)]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # what a newer Alertmanager adds is none of ours


class Alert(_Part):
    """One alert of the payload."""

    status: Literal["firing", "resolved"]
    labels: Words
    annotations: Words = {}
    starts_at: Annotated[AwareDatetime, Field(alias="startsAt")]
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{1,64}$")]


class Payload(_Part):
    """The webhook's body, version 4 (Alertmanager 0.16 and later)."""

    version: Literal["4"]
    truncated_alerts: Annotated[int, Field(alias="truncatedAlerts", ge=0)] = 0
    alerts: Annotated[tuple[Alert, ...], Field(max_length=MOST_ALERTS)]


class Report(NamedTuple):
    """One incident: what makes its identity with ``SOURCE``, and its data."""

    external_id: str
    data: dict[str, Any]


def reports(payload: Payload) -> list[Report]:
    """Turn what burns into reports; what is resolved, and what is no incident, is left out.

    The identity is the alert's fingerprint with the time it began: told again every few hours it is a duplicate, and a
    new outbreak a new incident.
    A resolved alert closes nothing: somebody goes there and looks.
    """
    return [_report(alert) for alert in payload.alerts if alert.status == "firing" and alert.labels.get(LABEL) == MEANT]


def _report(alert: Alert) -> Report:
    began = alert.starts_at.astimezone(UTC)
    data: dict[str, Any] = {
        "occurred_at": began.isoformat(),
        "channel": Channel.IMPORT.value,
        "text": _text(alert),
        "location": _location(alert.labels),
    }
    if category := alert.labels.get("category"):
        data["category"] = category
    return Report(f"{alert.fingerprint.lower()}@{began:%Y%m%dT%H%M%S.%fZ}", data)


def _text(alert: Alert) -> str:
    said = [alert.annotations.get("summary"), alert.annotations.get("description")]
    return ("\n".join(part for part in said if part) or alert.labels.get("alertname", ""))[:TEXT_CHARS]


def _location(labels: Words) -> dict[str, Any]:
    """Grid, point and address as labels say; a point that is no pair of numbers is left out, and the desk places it."""
    found: dict[str, Any] = {name: labels[name] for name in ("grid", "address") if labels.get(name)}
    try:
        point = {name: float(labels[name]) for name in ("lat", "lon")}
    except (KeyError, ValueError):
        return found
    return found | point if all(map(isfinite, point.values())) else found
