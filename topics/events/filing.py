"""How a ticket begins, is found to be another's, and leaves its home."""

from topics.events.facts import Facts


class TicketReceived(Facts, frozen=True, kw_only=True):
    """A report became a ticket."""

    identity: str
    placed_by: str


class TicketFiled(Facts, frozen=True, kw_only=True):
    """Category, limit and begin are fixed; ``counted`` is how the split books it (LAW 3)."""

    all_eligible: bool
    category: str
    counted: str
    eligible: tuple[str, ...]
    ladder: str
    lead: str | None
    limit_ms: int
    party: str | None
    starts_at: str
    unit: str
    urgency: str
    window: str | None


class DuplicateProposed(Facts, frozen=True, kw_only=True):
    """It may be the same as an open one; ``by`` is the pack's rule."""

    by: str
    of: str
    score: int


class TicketMerged(Facts, frozen=True, kw_only=True):
    """It is the same as another."""

    into: str | None


class TicketUnmerged(Facts, frozen=True, kw_only=True):
    """It was not the same after all."""

    out_of: str


class TicketFolded(Facts, frozen=True, kw_only=True):
    """It is one of a flood, of which one is worked."""

    count: int
    programme: str | None


class ProgrammeTold(Facts, frozen=True, kw_only=True):
    """Its rung told the one that is worked."""

    programme: str
    rung: int


class TicketUnfolded(Facts, frozen=True, kw_only=True):
    """It stands for itself again."""

    out_of: str | None


class TicketClosedWith(Facts, frozen=True, kw_only=True):
    """It was closed with the one that was worked."""

    programme: str


class TicketPlaced(Facts, frozen=True, kw_only=True):
    """It lies in another grid of its home."""

    former: str | None
    grid: str | None


class TicketReferred(Facts, frozen=True, kw_only=True):
    """It goes on in another home."""

    to: str


class TicketForgotten(Facts, frozen=True, kw_only=True):
    """Its state is dropped."""
