"""What can go wrong, by what the loop should do about it (STYLE 6). Each message says what is wrong and the mend."""


class GridwhistleError(Exception):
    """Base of all our errors; ``str()`` is fit to be shown to an operator."""

    retryable = False


class UndecodableRecord(GridwhistleError):
    """The bytes of a record are wrong; it is rejected with its reason."""


class DependencyDown(GridwhistleError):
    """Kafka or Redis is away; back off, keep the order, try again."""

    retryable = True


class InvalidRulePack(GridwhistleError):
    """A pack has faults, all of them listed; the running one stays."""


class InvalidSettings(GridwhistleError):
    """We were started wrongly; every fault is listed."""


class PositionOutOfRange(GridwhistleError):
    """Log and state do not fit together; stop, never reset."""


class StackNotFound(GridwhistleError):
    """No stack holds this data folder."""


class StackBusy(GridwhistleError):
    """Somebody else holds this data folder or port."""


class FileRefused(GridwhistleError):
    """A file to be fed is not what it should be; nothing of it was sent, and the message says the mend."""
