"""What is asked for by two hands, pauses, and other limits."""

from msgspec import UNSET, UnsetType

from topics.events.facts import Facts
from topics.ids import Instant


class ApprovalAsked(Facts, frozen=True, kw_only=True):
    """Send_back, extend, park or a whistle needs two hands."""

    by: str
    what: str


class ApprovalGiven(Facts, frozen=True, kw_only=True):
    """The second hand agreed."""

    by: str
    what: str


class ApprovalDenied(Facts, frozen=True, kw_only=True):
    """The second hand did not."""

    by: str
    what: str


class TicketSentBack(Facts, frozen=True, kw_only=True):
    """Approved: it goes on from there."""

    party: str | None


class LimitExtended(Facts, frozen=True, kw_only=True):
    """Approved: more time."""

    by_ms: int
    limit_ms: int


class TicketParked(Facts, frozen=True, kw_only=True):
    """Held to a date."""

    until: Instant


class TicketUnparked(Facts, frozen=True, kw_only=True):
    """And on again."""


class WaitingForReporter(Facts, frozen=True, kw_only=True):
    """Clocks stand while the reporter is asked."""

    by: str


class WaitEnded(Facts, frozen=True, kw_only=True):
    """And run on."""


class TicketRecategorised(Facts, frozen=True, kw_only=True):
    """Another category; once it is filed, with the limit re-based."""

    category: str
    former: str | None
    former_limit_ms: int | UnsetType = UNSET
    former_unit: str | UnsetType = UNSET
    limit_ms: int | UnsetType = UNSET
    unit: str | UnsetType = UNSET


class TicketRebased(Facts, frozen=True, kw_only=True):
    """Put under the pack in force; ``deadlines`` are rows of clock, number, before, after."""

    deadlines: list[list[str | Instant | None]]
    former_limit_ms: int
    former_pack: str
    limit_ms: int
    pack: str
    unit: str
