"""Puts a report in its place by the pack in force, and parts what is personal in it from what may go on (DESIGN 12)."""

from typing import Any, NamedTuple

from engine.security.same_person import all_known_by
from engine.stages.report_reading import Fault, milliseconds, public
from engine.stages.shown import Shown
from rules.law.compiled import Law
from rules.law.placement import Placed, Places, Unplaceable
from topics.envelope import Envelope, personal_of
from topics.ids import Instant
from topics.incident import Incident, ReportedIncident
from topics.rejected import RejectReason


class Parted(NamedTuple):
    """A report in two: what may be shown, and what is to be sealed."""

    category: str | None
    given: str | None
    """The category as it was named, where the pack does not know it."""
    text: str
    address: str | None
    attachments: tuple[str, ...]
    attributes: dict[str, Any]
    personal: dict[str, Any]
    known_by: tuple[str, ...] = ()
    """What the reporter is known again by; it is hashed before it is written anywhere."""


def place_of(places: Places, report: ReportedIncident, name: str) -> Placed:
    """Find home and leaf.

    Raises:
        Fault: It lies nowhere that the pack knows how to read.
    """
    where = report.location
    try:
        return places.place(where.grid, where.lat, where.lon, where.crs, where.address)
    except Unplaceable as exc:
        raise Fault(RejectReason.OUT_OF_RANGE, "data.location", str(exc), identity=name) from exc


def parted(law: Law, envelope: Envelope, report: ReportedIncident) -> Parted:
    """Mask what may be shown, and gather what may not.

    Raises:
        Fault: An attribute cannot be shown.
    """
    category = law.category_code(report.category) if report.category else None
    listed, name = law.bundle.attributes, envelope.identity
    shown = Shown(law, report.reporter)
    attributes = {
        k: shown.attribute(k, public(k, v, name)) for k, v in report.attributes.items() if k in listed and v is not None
    }
    text, address = shown.text("text", report.text, 4000) or "", shown.text("address", report.location.address)
    given = shown.text("category", None if category else report.category)
    urls = tuple(shown.text(f"attachments.{n}", one.url) or "" for n, one in enumerate(report.attachments))
    private = report.reporter or any(k not in listed for k in report.attributes)
    personal = personal_of(envelope, listed) if private else {}
    personal |= {"masked": shown.originals} if shown.originals else {}
    return Parted(
        category,
        given,
        text,
        address=address,
        attachments=urls,
        attributes=attributes,
        personal=personal,
        known_by=all_known_by(shown.own),
    )


def incident_of(
    envelope: Envelope,
    report: ReportedIncident,
    placed: Placed,
    parts: Parted,
    token: str | None,
    pack: str,
    at: Instant,
) -> Incident:
    """Make the incident that goes on; ``token`` is where the vault has the rest."""
    reporter = report.reporter or {}
    return Incident(
        identity=envelope.identity,
        home=placed.home,
        occurred_at=milliseconds(report.occurred_at),
        received_at=at,
        channel=report.channel,
        pack=pack,
        placed_by=placed.by,
        category=parts.category,
        category_given=parts.given,
        leaf=placed.leaf,
        flags=placed.flags,
        signal=report.signal,
        text=parts.text,
        address=parts.address,
        lat_e7=placed.lat_e7,
        lon_e7=placed.lon_e7,
        token=token,
        can_reach_reporter=bool(reporter.get("phone") or reporter.get("email")),
        attachments=parts.attachments,
        attributes=parts.attributes,
        exercise=report.exercise,
        promised_by=milliseconds(report.promised_by) if report.promised_by else None,
    )
