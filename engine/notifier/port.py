"""What the sending loop asks of whoever knows how something is sent; webhooks are one kind, notices to people
another."""

from typing import NamedTuple, Protocol

from engine.doors.deliveries import Message


class Answer(NamedTuple):
    """What came of one attempt."""

    is_taken: bool
    said: str
    """For the delivery log: what was answered, or why nothing was."""
    status: int | None = None
    is_gone: bool = False
    """The receiver wants nothing any more."""
    wait_seconds: float = 0.0
    """It asked to be left alone for so long."""


class Sender(Protocol):
    """A way to one target, as it is now."""

    async def send(self, message: Message) -> Answer:
        """Try once, and come back in bounded time; what goes wrong outside is an answer, never raised."""


class Kind(Protocol):
    """One kind of targets."""

    prefix: str
    """Begins the names of its targets in the table ``targets``."""

    async def spread(self) -> int:
        """Make deliveries of what is new; answers how much was looked at."""

    async def open(self, target: str) -> Sender | None:
        """Give the way to a target; ``None``: there is no such target any more."""

    async def close(self) -> None:
        """Let connections go."""
