"""What people do and write down."""

from topics.events.facts import Facts


class VerificationAsked(Facts, frozen=True, kw_only=True):
    """Somebody was sent to look."""

    person: str


class VerificationDone(Facts, frozen=True, kw_only=True):
    """And said what is there."""

    by: str
    is_so: bool | None


class TicketSpotFixed(Facts, frozen=True, kw_only=True):
    """Put right on the spot; ``sampled``: somebody checks it."""

    by: str
    sampled: bool


class ReporterContacted(Facts, frozen=True, kw_only=True):
    """The reporter was reached."""


class TicketStarted(Facts, frozen=True, kw_only=True):
    """Work began."""


class TicketFinished(Facts, frozen=True, kw_only=True):
    """It is done."""

    overdue: bool
    party: str | None
    person: str


class CommitteeAnswered(Facts, frozen=True, kw_only=True):
    """Inside the walls a committee agreed or not."""

    agrees: bool | None
    by: str
    committee: str


class ProofAttached(Facts, frozen=True, kw_only=True):
    """Something was shown."""

    by: str
    proof: list[str]


class TicketFollowed(Facts, frozen=True, kw_only=True):
    """Somebody stays with it to its end."""

    by: str


class NoteAdded(Facts, frozen=True, kw_only=True):
    """Something was written down."""

    by: str
    text: str | None


class TicketAppraised(Facts, frozen=True, kw_only=True):
    """Street and departments on each other."""

    by: str
    of: str
    score: int | None
