"""Partitions that somebody added by hand: nobody is given them to read, it is said by name, and the others go on
(DESIGN 3: N is frozen)."""

import logging
from collections.abc import Callable, Iterable

from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from topics.departments import department_of
from topics.registry import department_topics

log = logging.getLogger(__name__)

Known = Callable[[str], Iterable[int] | None]
"""Names the partitions of a physical topic, as the broker's metadata have them."""


def declared(settings: Settings, topic: str) -> int:
    """Say how many partitions a physical topic that stages read was made with."""
    name = topic.removeprefix(settings.prefix)
    return (department_topics("x")[1].partitions or 0) if department_of(name) else settings.partitions


class _Declared:
    """The broker's metadata without what was added: two inputs of one stage must be shared out alike."""

    def __init__(self, known: Known, settings: Settings) -> None:
        self._known, self._settings = known, settings

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        found = self._known(topic)
        return None if found is None else {number for number in found if number < declared(self._settings, topic)}


def assignor(settings: Settings) -> type[RangePartitionAssignor]:
    """Make the assignor of a stack: the range one, under its name, over the partitions that were declared."""

    class Declared(RangePartitionAssignor):  # type: ignore[misc]
        """Gives out what was declared, and nothing that was added."""

        @classmethod
        def assign(cls, cluster, members):  # type: ignore[no-untyped-def]
            """Share the declared partitions out."""
            return super().assign(_Declared(cluster.partitions_for_topic, settings), members)

    return Declared


class Grown:
    """Looks again and again whether the inputs have more partitions than they were made with."""

    def __init__(self, settings: Settings, metrics: StageMetrics) -> None:
        """Nothing is seen yet."""
        self._settings, self._metrics = settings, metrics
        self._seen: dict[str, int] = {}

    def look(self, topics: Iterable[str], known: Known) -> None:
        """Raise an alarm when something was added, one for each change."""
        counts = {topic: len(set(known(topic) or ())) for topic in topics}
        extra = {topic: count for topic, count in counts.items() if count > declared(self._settings, topic)}
        for topic, count in sorted(extra.items()):
            if self._seen.get(topic) != count:
                made = declared(self._settings, topic)
                self._metrics.count("alarms", "partitions_grown")
                log.error(
                    "%s has %d partitions and was made with %d: what lies in %d and above is read by nobody, and"
                    " whoever hashes keys sends there; the others go on. Partitions cannot be taken away: send what"
                    " lies there again, and move to a new prefix. No stage starts again on this one",
                    topic,
                    count,
                    made,
                    made,
                )
        self._seen = extra
        self._metrics.gauge(
            "partitions_unread",
            sum(count - declared(self._settings, topic) for topic, count in extra.items()),
            self._metrics.stage,
        )
