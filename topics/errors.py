"""The one family of our errors: what each is about stands in fields, and nobody has to read it out of a message."""

from collections.abc import Mapping


class GridwhistleError(Exception):
    """Base of all our errors; ``str()`` says what is wrong and the mend, fit to be shown to an operator."""

    quotes = False
    """Whether the message may repeat what somebody wrote: then no log line repeats it."""

    reason: str = ""
    """What it is called in metrics, rejections and log lines; of most kinds always the same."""

    def __init__(
        self,
        message: str = "",
        *,
        topic: str | None = None,
        partition: int | None = None,
        offset: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Keep where it is, as far as it is known, by logical topic."""
        super().__init__(message)
        self.topic, self.partition, self.offset = topic, partition, offset
        if reason is not None:
            self.reason = reason

    @property
    def fields(self) -> Mapping[str, str | int]:
        """What is known of it, for a log line."""
        known = {"topic": self.topic, "partition": self.partition, "offset": self.offset, "reason": self.reason or None}
        return {name: value for name, value in known.items() if value is not None}
