"""Who looked at what of a person, who had it forgotten, and who took figures away: the records of ``people.audit``,
which never say what was seen."""

from enum import StrEnum

import msgspec

from topics.ids import Instant


class Deed(StrEnum):
    """What was done."""

    REVEAL = "reveal"  # a reporter was shown
    ORIGINAL = "original"  # so was the original of a rejected record
    EARLIER = "earlier"  # the other tickets of a reporter were looked for
    ERASE_ASKED = "erase_asked"
    ERASE_DONE = "erase_done"  # the keys are destroyed
    MENDED = "mended"  # a rejected record was mended and sent again
    HANDED_OVER = "handed_over"  # a shift's open points were signed over to somebody
    TAKEN_OVER = "taken_over"  # who acknowledged it
    EXPORT = "export"  # figures by person, place or department were taken away as a file


class Purpose(StrEnum):
    """For what a reporter may be shown (PIPL 34: within what the office is for)."""

    CALL_BACK = "call_back"
    FIND_PLACE = "find_place"
    EMERGENCY = "emergency"
    SURVEY = "survey"
    INSPECTION = "inspection"
    REQUEST_OF_PERSON = "request_of_person"


class AuditEntry(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    tag_field="version",
    tag=1,
    forbid_unknown_fields=True,
    kw_only=True,
):
    """One deed by one person. It stands before the deed's answer does, and nothing personal of a reporter is in it."""

    id: str
    at: Instant
    who: str
    """As the gateway names callers, ``<kind>:<role>:<department>:<name>``; ``cli:<role>:<name>:<user id>``."""
    what: Deed
    ticket: str | None = None
    """``None``: asked by a number, which is not kept, or about a record."""
    record: str | None = None
    """Position of a rejected record."""
    purpose: Purpose | None = None
    text: str = ""
    """In their own words, numbers masked."""
    is_urgent: bool = False
    """Whoever handles a U1: counted against no quota."""
    tokens: tuple[str, ...] = ()
    """Entries of the vault that are to be forgotten."""
    of: str | None = None
    """Of ``erase_done`` and ``taken_over``: the entry by which it was asked for, or handed over."""
    count: int | None = None
    """How many keys were destroyed, tickets found, points handed over, or rows taken away."""
    report: str | None = None
    """Of ``export``: which figures and by what, as ``rates:person``."""
    since: Instant | None = None
    until: Instant | None = None
    """Of ``export``: of when, ``until`` left out."""
