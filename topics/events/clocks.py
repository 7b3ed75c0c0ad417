"""What time does: rungs, and who is told of them."""

from msgspec import UNSET, UnsetType

from topics.events.facts import Facts
from topics.ids import Instant


class ClockAtRisk(Facts, frozen=True, kw_only=True):
    """A rung below 100 %; ``provisional``: it goes by days that nobody has decreed yet."""

    clock: str
    due_at: Instant
    late_by_ms: int
    number: str
    provisional: bool | UnsetType = UNSET
    rung: int
    told: list[str]


class ClockBreached(Facts, frozen=True, kw_only=True):
    """A rung from 100 % on; ``provisional``: it goes by days that nobody has decreed yet."""

    clock: str
    due_at: Instant
    late_by_ms: int
    number: str
    provisional: bool | UnsetType = UNSET
    rung: int
    told: list[str]


class SupervisionOrdered(Facts, frozen=True, kw_only=True):
    """150 % of the limit, or somebody's order."""

    by: str | None
    tier: str | None


class SupervisionLifted(Facts, frozen=True, kw_only=True):
    """By its issuer, or with the limit it stood for."""

    by: str | None


class RedListed(Facts, frozen=True, kw_only=True):
    """300 % of the limit."""

    tier: str | None


class TicketReminded(Facts, frozen=True, kw_only=True):
    """By those who direct."""

    by: str
    told: list[str]


class FollowersTold(Facts, frozen=True, kw_only=True):
    """Who follows hears of a command as its holder does."""

    told: list[str]
