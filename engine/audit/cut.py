"""Where retention has cut the log: what lies before is not judged, and the audit says from when it vouches (DESIGN 3,
8)."""

from engine.kafka.log_snapshot import Entry, Log
from topics import registry

DECISIONS = registry.DECISIONS.name
NEVER = 1 << 62


class Cut:
    """Moments, in the broker's time, from which on a topic tells all."""

    def __init__(self, log: Log) -> None:
        """Look at where each partition begins, and at the first record that is left there."""
        self._log = log
        self._since: dict[tuple[str, int], int] = {}
        for (topic, partition), begin in log.begins.items():
            if begin > 0:
                left = (
                    entry.appended_ms
                    for entry in log.of(topic)
                    if entry.partition == partition and entry.offset >= begin
                )
                self._since[topic, partition] = next(left, NEVER)

    def is_cut(self, partition: int) -> bool:
        """Whether decisions of this partition are gone."""
        return (DECISIONS, partition) in self._since

    def is_unknown(self, partition: int) -> bool:
        """Whether how things stood before the first decision that is left is not known: no signed-off snapshot
        tells."""
        return self.is_cut(partition) and partition not in self._log.stood

    def is_gone(self, record: str) -> bool:
        """Whether retention may have dropped the record of this position."""
        topic, partition, offset = record.rsplit(":", 2)
        return int(offset) < self._log.begins.get((topic, int(partition)), 0)

    def since(self, *topics: str) -> int:
        """From when on all partitions of these topics are whole; 0: they always were."""
        return max((since for (topic, _), since in self._since.items() if topic in topics), default=0)

    def has_its_decision(self, record: Entry) -> bool:
        """Whether the decision of a record of this partition must still be there: it came after the first one that is
        left."""
        return record.appended_ms > self._since.get((DECISIONS, record.partition), 0)

    def vouches_from(self, at: dict[int, int]) -> int | None:
        """Engine time from which on every partition is judged, by the first decision left in each or its signed-off
        snapshot; ``None``: from the beginning."""
        cut = [partition for topic, partition in self._since if topic == DECISIONS]
        return max((self._log.stood.get(partition, at.get(partition, 0)) for partition in cut), default=None)
