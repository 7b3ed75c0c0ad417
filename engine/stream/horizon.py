"""Until which moment clocks may fire: ``commands`` has been read to an end that was observed at or after it (DESIGN
6)."""

from collections.abc import Iterable

from engine.stream.contracts import Record
from topics.ids import Instant
from topics.registry import COMMANDS


class Horizon:
    """One opening's: an end of ``commands`` is observed, read to, and then clocks fire until the moment it was observed
    at."""

    def __init__(self) -> None:
        """Begin with nothing observed: no clock may fire."""
        self.at: Instant = 0
        """Clocks due until then may fire."""
        self.lead = 0
        """Of what waits, so many go before any of them: the last is a command handed in before that moment."""
        self._observed: tuple[Instant, int] | None = None

    def wants(self, due: Instant | None, now: Instant) -> bool:
        """Whether a clock is due that may not fire yet, and nobody is looking for the end of ``commands``."""
        return due is not None and self._observed is None and self.at < due <= now

    def observe(self, at: Instant, end: int) -> None:
        """Take an end offset that was observed at or after ``at``."""
        self._observed = (at, end)

    @property
    def is_looking(self) -> bool:
        """Whether an end was observed that has not been read to, as far as is known."""
        return self._observed is not None

    def read_to(self, position: int | None, pending: Iterable[Record]) -> None:
        """Move on once ``commands`` was fetched to the end (``None``: this stage reads none); what was fetched and
        waits still goes first."""
        if self._observed is None or (position is not None and position < self._observed[1]):
            return
        (self.at, end), self._observed = self._observed, None
        before = (
            n
            for n, one in enumerate(pending, 1)
            if one.topic == COMMANDS.name and (one.offset < end or one.appended_at <= self.at)
        )
        self.lead = max(before, default=0)

    def taken(self, records: int) -> None:
        """So many of what waited were decided."""
        self.lead = max(0, self.lead - records)
