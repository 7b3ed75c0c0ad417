"""Who is asked, who has a ticket, and who had it before."""

from msgspec import UNSET, UnsetType

from topics.events.facts import Facts


class TicketOffered(Facts, frozen=True, kw_only=True):
    """A party is asked."""

    n: int
    party: str
    person: str
    tier: str


class OfferEnded(Facts, frozen=True, kw_only=True):
    """The standing offer is over."""

    how: str
    n: int


class TicketAccepted(Facts, frozen=True, kw_only=True):
    """Somebody took it."""

    party: str | None
    person: str


class TicketMoved(Facts, frozen=True, kw_only=True):
    """A higher tier has it, or a lower one by hand."""

    cause: str
    from_tier: str | None
    leg: int
    to_tier: str | None


class TopTierReminded(Facts, frozen=True, kw_only=True):
    """Nobody is above: the top is told again."""

    repeat: int
    tier: str | None


class TicketExhausted(Facts, frozen=True, kw_only=True):
    """Nobody is above, and the top was told often enough."""

    tier: str | None


class TicketReassigned(Facts, frozen=True, kw_only=True):
    """Another person, party or seat has it by hand; ``former``: another party; ``counted``: an exercise."""

    counted: str | UnsetType = UNSET
    former: str | UnsetType | None = UNSET
    party: str | None
    person: str


class TeamNamed(Facts, frozen=True, kw_only=True):
    """Helpers beside the owner (1+N)."""

    helpers: list[str]
