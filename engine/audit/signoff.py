"""A signed-off snapshot: how everything stood when an audit was clean, under a seal; the next audit of a cut log begins
there (DESIGN 3, 8)."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from engine.errors import InvalidSettings
from engine.kafka.log_snapshot import Entry, Log
from engine.security.private_files import make_missing, read_whole, write_whole
from engine.security.vault import key_id
from topics import codec, registry
from topics.ids import Instant
from topics.ticket import Ticket
from topics.unreadable import UNREADABLE

if TYPE_CHECKING:
    from engine.audit.report import Audited

NAME = "audit.signed-off.json"
"""In the data folder: a line with the seal, then a ``SignOff`` as JSON."""

DECISIONS = registry.DECISIONS.name


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """How far one partition of the decisions is in a snapshot."""

    partition: int
    position: int
    """First offset of ``tickets.decisions`` that is not in it."""
    at: Instant
    """When its last decision was made."""
    last: int = -1
    """Offset of that one, and its SHA-256: while it is left, it shows that this is the same log."""
    digest: str = ""


class Standing(msgspec.Struct, frozen=True):
    """One ticket as it stood."""

    partition: int
    image: msgspec.Raw


class SignOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that an audit needs of the time before."""

    prefix: str
    key: str
    """Id of the master key that seals it."""
    signed_at: str
    """By the clock of whoever signed."""
    vouches_from: Instant | None
    """From when the audit that signed vouched itself; ``None``: from the beginning."""
    counts: dict[str, int]
    stands: tuple[Stood, ...]
    tickets: dict[str, Standing]
    version: Literal[1] = 1

    @property
    def at(self) -> Instant:
        """Engine time up to which it speaks."""
        return max((one.at for one in self.stands), default=0)

    def of(self, partition: int) -> Stood | None:
        """One partition, if it is in it."""
        return next((one for one in self.stands if one.partition == partition), None)


def made_of(done: "Audited", log: Log, prefix: str, key: str) -> SignOff:
    """Write down how everything stood at the end of an audit."""
    history, report = done.history, done.report
    last = {entry.partition: entry for entry in log.of(DECISIONS)}
    before = {one.partition: one for one in done.signed.stands} if done.signed else {}
    stands = [
        _stood(partition, end, history.last_at.get(partition, 0), last.get(partition), before.get(partition))
        for (topic, partition), end in sorted(log.ends.items())
        if topic == DECISIONS
    ]
    tickets = {
        name: Standing(done.partition_of[name], msgspec.Raw(codec.encode(ticket)))
        for name, ticket in sorted(history.before.items())
    }
    counts = {
        "incidents": report.incidents,
        "tickets": report.tickets,
        "open": report.open,
        "decisions": report.decisions,
        "standing": len(tickets),
    }
    return SignOff(
        prefix=prefix,
        key=key,
        signed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        vouches_from=report.vouches_from,
        counts=counts,
        stands=tuple(stands),
        tickets=tickets,
    )


def _stood(partition: int, end: int, at: Instant, last: Entry | None, before: Stood | None) -> Stood:
    """One partition; where nothing was decided since the last snapshot, what that one knew."""
    if last is not None:
        return Stood(
            partition=partition,
            position=end,
            at=at,
            last=last.offset,
            digest=hashlib.sha256(last.value or b"").hexdigest(),
        )
    return (
        Stood(partition=partition, position=end, at=before.at, last=before.last, digest=before.digest)
        if before is not None
        else Stood(partition=partition, position=end, at=at)
    )


def save(path: Path, signed: SignOff, master: bytes) -> None:
    """Write it whole or not at all, for its owner alone."""
    body = codec.encode(signed)
    make_missing(path.parent)
    write_whole(path, _seal(body, master).encode() + b"\n" + body + b"\n")


def _seal(body: bytes, master: bytes) -> str:
    key = hashlib.blake2b(b"gridwhistle sign-off", key=master).digest()
    return hmac.new(key, body, hashlib.sha256).hexdigest()


def load(path: Path, prefix: str, keys: Mapping[str, bytes]) -> SignOff:
    """Read one that this stack signed.

    Args:
        path: The file.
        prefix: Of the stack.
        keys: The master key and the former ones, by their ids.

    Raises:
        InvalidSettings: It was changed since, or is of another stack; with the mend.
    """
    mend = (
        f"restore {path} from your backup, or move it away: the audit then vouches from the first decision that is left"
    )
    seal, _, body = read_whole(path).partition(b"\n")
    try:
        signed = msgspec.json.decode(body, type=SignOff)
    except UNREADABLE as exc:
        raise InvalidSettings(f"the signed-off snapshot {path} cannot be read; {mend}") from exc
    if signed.prefix != prefix or signed.key not in keys:
        raise InvalidSettings(
            f"the signed-off snapshot {path} is of the prefix {signed.prefix!r} and the key {signed.key}, not of this"
            f" stack; {mend}"
        )
    if not hmac.compare_digest(_seal(body.removesuffix(b"\n"), keys[signed.key]).encode(), seal):
        raise InvalidSettings(f"the signed-off snapshot {path} was changed after it was signed; {mend}")
    return signed


def begun_at(log: Log, signed: SignOff) -> str | None:
    """Let a cut log begin where a snapshot ends: what is before is judged already. Says why it cannot, if so, and
    leaves the log alone.

    Raises:
        InvalidSettings: The snapshot was made of another log.
    """
    cut = [partition for (topic, partition), begin in log.begins.items() if topic == DECISIONS and begin > 0]
    for partition in cut:
        stood, begin = signed.of(partition), log.begins[DECISIONS, partition]
        if stood is None or begin > stood.position:
            return (
                f"it ends at offset {stood.position if stood else 0} of partition {partition}, and the log begins at"
                f" {begin}: sign off more often than retention takes"
            )
        _demand_same(log, stood)
    for partition in cut:
        stood = signed.of(partition)
        assert stood is not None
        log.begins[DECISIONS, partition] = stood.position
        log.stood[partition] = stood.at
    log.entries[DECISIONS] = [
        one
        for one in log.of(DECISIONS)
        if one.partition not in log.stood or one.offset >= log.begins[DECISIONS, one.partition]
    ]
    return None


def _demand_same(log: Log, stood: Stood) -> None:
    """The last decision in a snapshot must be the one in the log, while it is left; and the log must reach that far."""
    here = next(
        (one for one in log.of(DECISIONS) if (one.partition, one.offset) == (stood.partition, stood.last)), None
    )
    is_left = log.begins[DECISIONS, stood.partition] <= stood.last
    if log.ends.get((DECISIONS, stood.partition), 0) < stood.position or (
        is_left and (here is None or hashlib.sha256(here.value or b"").hexdigest() != stood.digest)
    ):
        raise InvalidSettings(
            f"the signed-off snapshot was made of another log: decision {stood.last} of partition {stood.partition} is"
            " not the one in it; move the file away"
        )


def tickets_of(signed: SignOff, partitions: Mapping[int, Instant]) -> dict[str, tuple[int, Ticket, bytes]]:
    """Give the tickets of some partitions: name -> partition, ticket, image."""
    return {
        name: (one.partition, codec.decode(bytes(one.image), Ticket), bytes(one.image))
        for name, one in signed.tickets.items()
        if one.partition in partitions
    }


def keys_by_id(keys: list[bytes]) -> dict[str, bytes]:
    """Name keys by their ids."""
    return {key_id(key): key for key in keys}
