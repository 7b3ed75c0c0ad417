"""What can go wrong in the engine, by what is done about it. Each message says what is wrong and the mend.

The base of the family and its fields are ``topics/errors.py``.
"""

from topics.errors import GridwhistleError as GridwhistleError


class UndecodableRecord(GridwhistleError):
    """The bytes of a record are wrong; it is rejected with its reason."""


class DependencyDown(GridwhistleError):
    """Kafka or Redis is away; back off, keep the order, try again."""


class InvalidRulePack(GridwhistleError):
    """A pack has faults, all of them listed; the running one stays."""


class InvalidSettings(GridwhistleError):
    """We were started wrongly; every fault is listed."""


class PartitionStops(GridwhistleError):
    """One partition cannot go on until a person has mended something; the others do."""

    reason = "partition_stopped"


class PositionOutOfRange(PartitionStops):
    """Log and state do not fit together; stop, never reset."""

    reason = "position_out_of_range"


class OwnRecordUnreadable(PartitionStops):
    """A record that our own stage wrote, in a transaction, cannot be read: our fault, or a damaged disk."""

    reason = "own_record_unreadable"


class StateFromNewer(PartitionStops):
    """A record of ours says more than this engine can read: to go on would lose what it does not understand."""

    reason = "state_from_newer"


class SecondKey(PartitionStops):
    """What this partition seals is sealed under another master key."""

    reason = "second_key"


class OutputTooLarge(GridwhistleError):
    """What a cause leads to fits into no record of its topic."""


class PackNotThere(GridwhistleError):
    """A pack that a partition rests on is not on ``reference`` yet; it is waited for."""


class StackNotFound(GridwhistleError):
    """No stack holds this data folder."""


class StackBusy(GridwhistleError):
    """Somebody else holds this data folder or port."""


class FileRefused(GridwhistleError):
    """A file to be fed is not what it should be; nothing of it was sent, and the message says the mend."""


class KeyNotHere(GridwhistleError):
    """What lies sealed cannot be opened with the master key of this folder."""
