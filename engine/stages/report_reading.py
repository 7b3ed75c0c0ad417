"""Reads one raw record as a report, or says what is wrong with it and by which field it is mended (DESIGN 3)."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from engine.stream.contracts import Record
from topics import bounds, codec
from topics.envelope import Envelope, read_incident
from topics.errors import GridwhistleError
from topics.hostile_json import LONGEST_NAME, EnvelopeFault
from topics.ids import Instant, folded
from topics.incident import UNFIT, ReportedIncident, unfit
from topics.rejected import FAULT_HEADER, RejectReason, SaidFault
from topics.unreadable import UNREADABLE

PLAUSIBLE_MS = 10 * 366 * 86_400_000
"""A time further than ten years from now is a mistake, not a date."""


class Fault(GridwhistleError):
    """The record becomes no ticket: reason, field, and what to mend."""

    quotes = True
    reason: RejectReason

    def __init__(self, reason: RejectReason, field: str, message: str, *, identity: str | None = None) -> None:
        """Keep what the rejection will say."""
        super().__init__(message, reason=reason)
        self.field, self.identity = field, identity


class ColumnFault(Fault):
    """The feed says which column of a clerk's file is wrong: its name is no field of ours, and is shown."""


def read(record: Record, at: Instant) -> tuple[Envelope, ReportedIncident]:
    """Read envelope and data, or say what is wrong with them."""
    if record.value is None:
        raise Fault(RejectReason.NULL_VALUE, "value", "send a CloudEvent; a null value is none")
    try:
        envelope = read_incident(record.value, record.headers)
    except EnvelopeFault as exc:
        raise Fault(exc.reason, exc.field, str(exc)) from exc
    name = envelope.identity
    if record.key is None or compared(record.key) != name.encode():
        mend = "the key must be <source>:<id> of the event; a colon within the source is written %3A"
        raise Fault(RejectReason.KEY_MISMATCH, "key", mend, identity=name)
    _few_members(envelope)
    try:
        report = ReportedIncident.model_validate(envelope.data)
    except ValidationError as exc:
        if (said := _said(record)) is not None:
            raise ColumnFault(RejectReason.INVALID_FIELD, said.column, said.message, identity=name) from exc
        first = exc.errors(include_url=False, include_input=False, include_context=False)[0]
        field = "data" + "".join(f".{part}" for part in first["loc"])
        raise Fault(_reason_of(first["type"]), field, first["msg"], identity=name) from exc
    for field, when in report.moments().items():
        if abs(milliseconds(when) - at) > PLAUSIBLE_MS:
            raise Fault(RejectReason.OUT_OF_RANGE, f"data.{field}", "more than ten years from now", identity=name)
    return envelope, report


def public(field: str, value: Any, name: str) -> str | int | bool:
    """Let a listed attribute pass: short sound text, a number of 64 bits, or a truth."""
    where = f"data.attributes.{field}"
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise Fault(RejectReason.OUT_OF_RANGE, where, "a number of more than 64 bits", identity=name)
        return value
    if not isinstance(value, str):
        raise Fault(RejectReason.INVALID_FIELD, where, "send text, a whole number, or true or false", identity=name)
    if len(value) > LONGEST_NAME:
        raise Fault(RejectReason.INVALID_FIELD, where, f"at most {LONGEST_NAME} characters", identity=name)
    if fault := unfit(value):
        raise Fault(RejectReason.BAD_TEXT, where, fault, identity=name)
    return value


def compared(key: bytes) -> bytes:
    """Give a key in the form in which identities are compared: two ways to write one letter are one incident."""
    if key.isascii():
        return key
    try:
        return folded(key.decode()).encode()
    except UnicodeDecodeError:
        return key


def milliseconds(moment: datetime) -> Instant:
    """Turn an aware datetime into milliseconds, without a float on the way."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _few_members(envelope: Envelope) -> None:
    """Refuse data of very many members: each that is wrong would cost a message of its own."""
    data = envelope.data if isinstance(envelope.data, dict) else {}
    for field, members in (
        ("data", data),
        ("data.reporter", data.get("reporter")),
        ("data.attributes", data.get("attributes")),
    ):
        if isinstance(members, dict) and len(members) > bounds.MEMBERS:
            raise Fault(
                RejectReason.TOO_LARGE,
                field,
                f"{len(members)} members; at most {bounds.MEMBERS}",
                identity=envelope.identity,
            )


def _said(record: Record) -> SaidFault | None:
    """What a feed says of a row it could not map; the clerk who mends it knows columns, not fields."""
    for header, text in record.headers:
        if header == FAULT_HEADER:
            try:
                return codec.decode(text or b"", SaidFault)
            except UNREADABLE:
                return None
    return None


_RANGES = frozenset({"greater_than_equal", "less_than_equal", "greater_than", "less_than", "finite_number"})


def _reason_of(kind: str) -> RejectReason:
    """Turn pydantic's kind of error into our reason."""
    if kind == "missing":
        return RejectReason.MISSING_FIELD
    if kind in _RANGES:
        return RejectReason.OUT_OF_RANGE
    if kind in (UNFIT, "string_unicode"):
        return RejectReason.BAD_TEXT
    return RejectReason.INVALID_FIELD
