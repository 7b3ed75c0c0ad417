"""Replays by the recorded packs: every decision must be what it was, byte by byte."""

from collections.abc import Callable, Iterable

import msgspec

from engine.kafka.log_snapshot import Log
from engine.replay.gc_pause import calm
from engine.replay.recorded_history import Begun, History, history_of
from rules.history.replay import Mismatch, Replayed, Told, replay
from rules.law.compiled import Law
from topics.ids import Instant


class Verdict(msgspec.Struct, frozen=True):
    """What came of the replay."""

    decisions: int
    identical: int
    held: int
    partitions: int
    waiting: int
    bounded: int
    mismatches: tuple[Mismatch, ...]
    """Of each partition the first, in order of the partition."""
    since: Instant | None = None
    """From when on; ``None``: from the beginning."""
    restamped: int = 0
    """Of the identical ones those that another version of the engine has written, the same but for its stamp."""
    zone: str = "UTC"
    """In which its moments are told: the newest pack's."""


Track = Callable[[Iterable[Told]], Iterable[Told]]
"""Passes decisions on and counts them."""


def laws_of(log: Log) -> dict[str, Law]:
    """Compile every pack on ``reference``."""
    return {ref: Law(ref, bundle) for ref, bundle in log.bundles().items()}


def verify(log: Log, track: Track = lambda told: told) -> Verdict:
    """Decide the whole log again.

    Raises:
        Gap: The log is not whole.
    """
    with calm():
        return verify_history(history_of(log), laws_of(log), track)


def verify_history(history: History, laws: dict[str, Law], track: Track) -> Verdict:
    """Decide every partition again, each up to its first difference."""
    with calm():
        done = [
            _replay(laws, track(told), history.begun.get(partition)) for partition, told in history.partitions.items()
        ]
    return Verdict(
        decisions=history.decisions,
        identical=sum(one.identical for one in done),
        held=sum(one.held for one in done),
        partitions=len(done),
        waiting=history.waiting,
        bounded=history.bounded,
        mismatches=tuple(one.mismatch for one in done if one.mismatch is not None),
        since=history.since,
        restamped=sum(one.restamped for one in done),
        zone=next((law.bundle.timezone for law in reversed(laws.values())), "UTC"),
    )


def _replay(laws: dict[str, Law], told: Iterable[Told], begun: Begun | None) -> Replayed:
    return replay(laws, told) if begun is None else replay(laws, told, begun.book, begun.at)
