"""Keeps the chain: sums records up as they are read, and signs where each partition stands, every few minutes.

Nothing of it is remembered but the checkpoints themselves: whoever takes a partition over reads on from its last one.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.chain.outside import Outside
from engine.chain.signing import id_of, is_signed_by, public_of, signed, sum_of
from engine.chain.sums import Linked, Sum, hasher
from engine.kafka.following import Following, LogCutShort
from engine.kafka.port import Log
from engine.kafka.reference import last_records
from topics import codec
from topics.chain import Checkpoint
from topics.registry import AUDIT, CHECKPOINTS, DECISIONS
from topics.unreadable import UNREADABLE

log = logging.getLogger(__name__)

Send = Callable[[str, int, bytes, bytes], Awaitable[int]]
LOOKED_BACK = 2_000
"""Checkpoints that are read at first: a partition that has none among them is looked for further back."""


class Link:
    """One partition's chain while this process holds it."""

    def __init__(self, topic: str, partition: int) -> None:
        """Not known yet where it stands."""
        self.topic, self.partition = topic, partition
        self.sum: Sum | None = None
        self.begin = self.end = 0
        self.signed_end = -1
        self.is_catching_up = False
        self.is_read = True
        """Whether anything of it came by since it was signed last: if not, and another signs it, it is theirs."""
        self.own = ""
        """Sum of the last checkpoint that this process made of it."""

    def take(self, begin: int, records: Iterable[Linked], end: int) -> None:
        """Add what was read from one position to another; past a hole it waits for the next signing, which reads."""
        self.is_read = True
        if self.sum is None or self.is_catching_up or not begin <= self.end:
            return
        for record in records:
            if record.offset >= self.end:
                self.sum.add(record)
        self.end = max(self.end, end)


def _key_of(link: Link) -> bytes:
    return f"{link.topic}:{link.partition}".encode()


class Keeper:
    """The chains of the partitions that this process reads."""

    def __init__(
        self,
        source: Log,
        send: Send,
        key: Ed25519PrivateKey,
        *,
        hash_name: str = "sha256",
        outside: Path | None = None,
        alarm: Callable[[str], None] = lambda kind: None,
    ) -> None:
        """Refuse at once a hash that is not there."""
        hasher(hash_name)
        self._alarm = alarm
        self._source, self._send, self._key, self._hash = source, send, key, hash_name
        self._outside = Outside(outside, alarm)
        self._signs_as = id_of(public_of(key))
        self._links: dict[tuple[str, int], Link] = {}
        self._last: dict[tuple[str, int], tuple[Checkpoint, str]] = {}
        """The last checkpoint of each partition that our key signed, and the sum of its bytes."""
        self._following = Following(source, CHECKPOINTS.name, [0], latest=LOOKED_BACK)

    def hold(self, topic: str, partition: int) -> None:
        """Keep a partition's chain from now on; where it stood is read anew. Who has the first one of decisions keeps
        the audit's as well."""
        self._links[topic, partition] = Link(topic, partition)
        if (topic, partition) == (DECISIONS.name, 0):
            self._links[AUDIT.name, 0] = Link(AUDIT.name, 0)

    def take(self, topic: str, partition: int, begin: int, records: Sequence[Linked], end: int) -> None:
        """Add what was read of a partition from one position to another."""
        if (link := self._links.get((topic, partition))) is not None:
            link.take(begin, records, end)

    async def sign(self) -> int:
        """Sign where each partition stands that has moved; answers how many."""
        self._outside.write()
        await self._read_checkpoints()
        made = 0
        for name, link in list(self._links.items()):
            if self._is_anothers(link):
                del self._links[name]
                continue
            await self._catch_up(link)
            made += await self._checkpoint(link)
        return made

    def _is_anothers(self, link: Link) -> bool:
        """Whether a partition went to another process: nobody tells an edge, and two need not sign the same."""
        if link.topic == AUDIT.name:
            return (DECISIONS.name, 0) not in self._links
        last, was_read = self._last.get((link.topic, link.partition)), link.is_read
        link.is_read = False
        return not was_read and last is not None and last[1] != link.own

    async def _read_checkpoints(self) -> None:
        try:
            await self._fold_checkpoints()
        except LogCutShort:
            self._alarm("log_cut")
            log.error("%s ends before where it was read to: it was put back, or made anew", CHECKPOINTS.name)
            self._last.clear()
            self._following = Following(self._source, CHECKPOINTS.name, [0], latest=LOOKED_BACK)
            await self._fold_checkpoints()

    async def _fold_checkpoints(self) -> None:
        async for records in self._following.new():
            for record in records:
                if (found := self._own(record.value or b"")) is not None:
                    self._last[found.topic, found.partition] = found, sum_of(record.value or b"")

    def _own(self, value: bytes) -> Checkpoint | None:
        """Read a checkpoint that our key signed."""
        try:
            found = codec.decode(value, Checkpoint)
        except UNREADABLE:
            return None
        return found if found.key == self._signs_as and is_signed_by(found, self._key.public_key()) else None

    async def _look_back(self, link: Link) -> None:
        """Find a partition's last checkpoint, however far back: it may have been idle for weeks."""
        name, key = (link.topic, link.partition), _key_of(link)
        if name in self._last:
            return
        wanted = await last_records(
            self._source, CHECKPOINTS.name, [0],
            lambda record: record.key == key and self._own(record.value or b"") is not None,
        )  # fmt: skip
        for _, record in wanted:
            if (found := self._own(record.value)) is not None:
                self._last[name] = found, sum_of(record.value)

    async def _catch_up(self, link: Link) -> None:
        """Bring a chain to the end that the log has now, from where it is, or from its last checkpoint."""
        link.is_catching_up = True
        try:
            reading = Following(self._source, link.topic, [link.partition])
            begin, end = await reading.bounds(link.partition)
            if link.sum is None or not begin <= link.end <= end:
                await self._look_back(link)
                self._resume(link, begin, end)
            if link.end == end:
                return
            reading.next = {link.partition: link.end}
            assert link.sum is not None
            async for records in reading.new():
                for record in records:
                    link.sum.add(record)
            link.end = reading.next[link.partition]
        except BaseException:
            link.sum = None  # half of it may be in: it is begun again from the last checkpoint
            raise
        finally:
            link.is_catching_up = False

    def _resume(self, link: Link, begin: int, end: int) -> None:
        """Go on from the last checkpoint, where the log still holds that place; else begin a chain there."""
        last = self._last.get((link.topic, link.partition))
        if last is not None and begin <= last[0].end <= end and last[0].hash == self._hash:
            found = last[0]
            link.sum = Sum(found.hash, bytes.fromhex(found.digest), found.count)
            link.begin, link.end, link.signed_end = found.begin, found.end, found.end
            return
        if last is not None and last[0].end > end:
            self._alarm("log_cut")
            log.error(
                "%s/%d ends at %d, and was signed to %d: it was cut or put back; run 'gridwhistle verify-chain'",
                link.topic, link.partition, end, last[0].end,
            )  # fmt: skip
        link.sum = Sum.first(self._hash, topic=link.topic, partition=link.partition, begin=begin)
        link.begin, link.end, link.signed_end = begin, begin, -1

    async def _checkpoint(self, link: Link) -> int:
        if link.sum is None or link.end == link.signed_end or link.sum.count == 0:
            return 0
        last = self._last.get((link.topic, link.partition))
        made = Checkpoint(
            topic=link.topic,
            partition=link.partition,
            begin=link.begin,
            end=link.end,
            count=link.sum.count,
            digest=link.sum.digest.hex(),
            hash=link.sum.hash,
            at=int(time.time() * 1000),
            previous=last[1] if last is not None else None,
            key=self._signs_as,
        )
        value = codec.encode(signed(made, self._key))
        await self._send(CHECKPOINTS.name, 0, _key_of(link), value)
        self._outside.add(value)
        self._outside.write()
        link.signed_end, link.own = made.end, sum_of(value)
        self._last[link.topic, link.partition] = made, sum_of(value)
        return 1
