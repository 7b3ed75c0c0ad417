"""What stood at the moment from which a replay tells: folded from the decisions before it, or from those since a
checkpoint."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from engine.kafka.log_snapshot import Entry, Log
from engine.replay.checkpoint import Checkpoint, Checkpoints, linked
from engine.replay.gc_pause import calm
from engine.replay.recorded_history import INPUTS, Gap, by_partition, check_beginnings
from engine.replay.start_moment import Moment
from rules.errors import UnfitTicket
from rules.history.fold import Said, fold, said
from rules.law.compiled import Law
from rules.state.partition_state import Book
from topics import codec
from topics.ids import Instant
from topics.registry import DECISIONS, REFERENCE
from topics.unreadable import UNREADABLE


class _Filed(msgspec.Struct, frozen=True):
    pack: str


class Standing:
    """One partition as it stood: its book, and how far into the log that reaches."""

    def __init__(self, laws: Mapping[str, Law], partition: int) -> None:
        """Before its first decision."""
        self._laws, self.partition = laws, partition
        self.book = Book(laws)
        self.at: Instant = 0
        """When the last decision was made that is in it."""
        self.offset, self.last = 0, -1
        self.positions: dict[str, int] = {}
        self._link = self._digest = b""

    def resume(self, one: Checkpoint) -> None:
        """Stand as a checkpoint says."""
        for key, value in one.state:
            self.book.load(key, value)
        for _ in self.book.tickets.check():
            pass  # nobody vouches for a checkpoint's
        self.book.opened(one.pack, one.at)
        self.at, self.offset, self.last, self.positions = one.at, one.offset, one.last, dict(one.positions)
        self._link, self._digest = one.link, one.digest

    def take_until(self, entries: Sequence[Entry], until: Instant, end: int) -> None:
        """Fold the decisions made before a moment.

        Args:
            entries: Decisions of this partition, in order; those that it has are passed by.
            until: The moment; what was decided at it is not folded.
            end: Where reading ended: up to there no other decisions are.
        Raises:
            Gap: A decision cannot be read, or its pack is gone.
        """
        for n, entry in enumerate(entries):
            if entry.offset < self.offset:
                continue
            told = _read(entry)
            if told.at >= until:
                self.offset = entry.offset
                return
            self._take(entry, told)
            if n % 10_000 == 0:
                self.book.let_go()
        self.offset = max(self.offset, end)

    def _take(self, entry: Entry, told: Said) -> None:
        topic, _, place = told.id.partition(":")
        try:
            fold(self.book, self._laws, told)
            if topic in INPUTS:
                self.positions[topic] = int(place.partition(":")[2]) + 1
        except (*UNREADABLE, UnfitTicket, KeyError, ValueError) as exc:
            raise Gap(f"what {entry.id} has changed cannot be told: {type(exc).__name__}: {exc}") from exc
        self._link, self._digest = self._digest, linked(self._digest, entry.value or b"")
        self.at, self.last, self.offset = told.at, entry.offset, entry.offset + 1

    def checkpoint(self, prefix: str, partitions: int) -> Checkpoint:
        """Write it down."""
        return Checkpoint(
            prefix=prefix,
            partitions=partitions,
            partition=self.partition,
            at=self.at,
            offset=self.offset,
            last=self.last,
            link=self._link,
            digest=self._digest,
            positions=self.positions,
            pack=self.book.pack,
            state=tuple(self.book.records()),
        )

    def check_packs(self) -> None:
        """See that the law of every ticket is there.

        Raises:
            Gap: One is not.
        """
        for name in self.book.tickets:
            pack = codec.decode(self.book.tickets.stored(name) or b"", _Filed).pack
            if pack not in self._laws:
                raise Gap(f"{name} was filed by the pack {pack}, which is not on {REFERENCE.name}")


def _read(entry: Entry) -> Said:
    try:
        told: Said = said(entry.value or b"")
    except UNREADABLE as exc:
        raise Gap(
            f"the decision {entry.id} cannot be read; what stood after it is not known. 'gridwhistle replay' without"
            " --from shows it"
        ) from exc
    return told


def stand(
    log: Log, laws: Mapping[str, Law], moment: Moment, found: Mapping[int, Checkpoint], kept: Checkpoints
) -> dict[int, Standing]:
    """Give every partition as it stood at a moment, and keep how it stood when that day began.

    Args:
        log: As read, from the checkpoints on or whole.
        laws: Every pack of the log.
        moment: From which is told; only what was decided before it is in.
        found: Checkpoints that fit the log, by partition.
        kept: Takes what is new.
    Raises:
        Gap: The decisions from a checkpoint, or from the beginning, to the moment are not all there.
    """
    check_beginnings(log, {partition: one.offset for partition, one in found.items()})
    decided = by_partition([entry for entry in log.of(DECISIONS.name) if log.is_settled(entry)])
    with calm():
        return {
            p: _stand(log, laws, moment, found.get(p), kept, p, decided.get(p, [])) for p in sorted({*decided, *found})
        }


def _stand(
    log: Log,
    laws: Mapping[str, Law],
    moment: Moment,
    one: Checkpoint | None,
    kept: Checkpoints,
    partition: int,
    entries: Sequence[Entry],
) -> Standing:
    standing = Standing(laws, partition)
    if one is not None:
        standing.resume(one)
    end = log.settled.get(partition, 0)
    standing.take_until(entries, moment.day_at, end)
    if standing.last >= 0 and (one is None or standing.last > one.last):
        kept.keep(moment.day, standing.checkpoint(kept.prefix, kept.partitions))
    standing.take_until(entries, moment.at, end)
    standing.check_packs()
    standing.book.let_go()
    return standing


def starts(found: Iterable[Checkpoint]) -> dict[tuple[str, int], int]:
    """Say where reading may begin: with the last decision of each checkpoint, and with the first inputs behind it."""
    return {
        (topic, one.partition): place
        for one in found
        for topic, place in {DECISIONS.name: one.last, **one.positions}.items()
    }
