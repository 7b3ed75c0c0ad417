"""Intake: reads what came in by the door, seals what is personal, places the rest, and rejects with a reason."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter

import msgspec

from engine.observability.metrics import StageMetrics
from engine.observability.traces import Trail
from engine.security.vault import Vault
from engine.stages.identities import Identities
from engine.stages.placing import Parted, incident_of, parted, place_of
from engine.stages.quoting import first, shown, without_names
from engine.stages.report_reading import ColumnFault, Fault, compared, read
from engine.stream.contracts import Clockless, Out, Record
from engine.stream.passed_by import offsets, passed_by, rejection
from rules.law.compiled import Law
from rules.law.placement import Places
from rules.masking.masker import masker_for
from topics import codec
from topics.envelope import Envelope
from topics.hostile_json import LONGEST_NAME
from topics.ids import Instant, identity_hash, murmur2, partition_of
from topics.incident import MAX_RECORD_BYTES, REPORTED, Incident, ReportedIncident
from topics.registry import INCIDENTS, INTAKE_STATE, RAW, REJECTED, VAULT
from topics.rejected import Original, Rejected, RejectReason, Seen

log = logging.getLogger(__name__)

LONGEST_KEY = 4 * (2 * LONGEST_NAME + 1)
"""Bytes of the longest honest key, ``<source>:<id>``; hashing a longer one would only cost time."""

SLACK_BYTES = 4096
"""What the broker's framing and our header may add to a record that is written again."""

FLOOD_PER_MINUTE = 100
"""Rejections in one partition within a minute of the broker's time that raise an alarm; repeats are none."""

FLOOD_KEEPS_BYTES = 16 * 1024
"""Largest original that is kept of those beyond a flood's hundred: sealing and writing half a MiB of each, a third
longer, made everybody else wait (a hundred a second of them are 70 MB). What is larger lies at its position for the 30
days of the door's topic."""

REHOMED = "gw-rehomed"
"""Header of a record that intake has put into its key's partition; it is done once."""


class IntakeCore(Clockless):
    """One partition of the door: the identities it has taken, and the way from a raw record to an incident."""

    def __init__(
        self,
        partition: int,
        partitions: int,
        places: Mapping[str, Places],
        *,
        laws: Mapping[str, Law],
        current: Callable[[], str],
        vault: Vault,
        metrics: StageMetrics,
        trail: Trail | None = None,
    ) -> None:
        """Start with nothing seen; packs are shared with the other partitions."""
        self._partition, self._partitions = partition, partitions
        self._places, self._laws, self._current = places, laws, current
        self._vault, self._metrics = vault, metrics
        self._trail = trail or Trail("intake")
        self._identities = Identities()
        self._minute, self._rejections = 0, 0

    def load(self, key: bytes, value: bytes | None) -> None:
        """Fold one record of ``intake.state``."""
        identity = bytes.fromhex(key.decode())
        if value is None:
            self._identities.remove(identity)
        else:
            seen = codec.decode(value, Seen)
            self._identities.add(identity, int(seen.record.rsplit(":", 1)[1]), seen.at)

    def load_many(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Fold many."""
        for key, value in records:
            self.load(key, value)

    def opened(self, pack: str | None, at: Instant) -> None:
        """The state was read in order of time, which is how identities are kept."""

    def take(self, record: Record, at: Instant) -> Iterable[Out]:
        """Turn one raw record into an incident, a rejection, or a move to its key's partition."""
        outs = self._forget(at)
        try:
            if record.unreadable:
                return [*outs, *self._pass(record, at)]
            if record.key is None:
                raise Fault(RejectReason.NULL_KEY, "key", "send the key <source>:<id>")
            if len(record.key) > LONGEST_KEY:
                raise Fault(RejectReason.TOO_LARGE, "key", f"{len(record.key)} bytes; at most {LONGEST_KEY}")
            size = _size(record)
            if size > MAX_RECORD_BYTES:
                raise Fault(
                    RejectReason.TOO_LARGE,
                    "value",
                    f"{size} bytes; at most {MAX_RECORD_BYTES}, of which the first are kept",
                )
            key = compared(record.key)
            right = (murmur2(key) & 0x7FFFFFFF) % self._partitions
            if right != self._partition:
                return [*outs, self._rehome(record, key, right, size)]
            return [*outs, *self._accept(record, at)]
        except Fault as fault:
            return [
                *outs,
                *self._reject(
                    record, at, fault.reason, fault.field, str(fault), fault.identity, isinstance(fault, ColumnFault)
                ),
            ]

    def _forget(self, at: Instant) -> list[Out]:
        """Drop a few identities that are older than the contract asks for."""
        return [
            Out(INTAKE_STATE.name, self._partition, identity.hex().encode(), None)
            for identity in self._identities.forget(at)
        ]

    def _rehome(self, record: Record, key: bytes, right: int, size: int) -> Out:
        """Put a record whose producer hashes or composes keys differently into the right partition, once, in this
        transaction."""
        if any(name == REHOMED for name, _ in record.headers):
            raise Fault(
                RejectReason.WRONG_PARTITION,
                "key",
                "the record says it was put right already, and is in the wrong partition still",
            )
        if size + SLACK_BYTES > MAX_RECORD_BYTES:
            raise Fault(
                RejectReason.WRONG_PARTITION,
                "key",
                "hash keys as Kafka does (murmur2); the record is too large to be put right here",
            )
        return Out(RAW.name, right, key, record.value, [*record.headers, (REHOMED, record.id.encode())])

    def _accept(self, record: Record, at: Instant) -> list[Out]:
        envelope, report = read(record, at)
        name = envelope.identity
        hashed = identity_hash(name)
        identity, key = bytes.fromhex(hashed), hashed.encode()
        first = self._identities.first(identity, at)
        if first is not None:
            self._metrics.count("rejected", RejectReason.DUPLICATE)
            again = Rejected(
                id=record.id,
                at=at,
                reason=RejectReason.DUPLICATE,
                field="id",
                message="this incident has come before",
                identity=name,
                original=f"{RAW.name}:{self._partition}:{first}",
            )
            return [self._rejection(record, self._vault.token(record.id), again)]
        incident, sealed = self._place(record, envelope, report, at)
        self._identities.add(identity, record.offset, at)
        outs = [
            Out(
                INCIDENTS.name,
                partition_of(incident.home, self._partitions),
                incident.home.encode(),
                codec.encode(incident),
                ((REPORTED, b"%d" % record.appended_ms), *self._trail.after(record)),
            ),
            Out(INTAKE_STATE.name, self._partition, key, codec.encode(Seen(record.id, at))),
        ]
        return outs + sealed

    def _place(
        self, record: Record, envelope: Envelope, report: ReportedIncident, at: Instant
    ) -> tuple[Incident, list[Out]]:
        """Find home, leaf and category by the pack in force, and part what is personal from the rest."""
        ref = self._current()
        placed = place_of(self._places[ref], report, envelope.identity)
        parts = parted(self._laws[ref], envelope, report)
        token, sealed = self._seal(record.id, parts)
        return incident_of(envelope, report, placed, parts, token, ref, at), sealed

    def _seal(self, record_id: str, parts: Parted) -> tuple[str | None, list[Out]]:
        if not parts.personal:
            return None, []
        token = self._vault.token(record_id)
        entry = self._vault.seal(token, msgspec.json.encode(parts.personal), parts.known_by)
        return token, [self._vault_out(token, codec.encode(entry))]

    def _vault_out(self, token: str, value: bytes) -> Out:
        return Out(VAULT.name, (murmur2(token.encode()) & 0x7FFFFFFF) % self._partitions, token.encode(), value)

    def _reject(
        self,
        record: Record,
        at: Instant,
        reason: RejectReason,
        field: str,
        message: str,
        name: str | None,
        is_column: bool = False,
    ) -> list[Out]:
        """Write the rejection with the original sealed in it; its key alone lies in the vault."""
        self._metrics.count("rejected", reason)
        flooded = self._watch_for_flood(record) and reason is not RejectReason.HELD
        token = self._vault.token(record.id)
        beside = Original(
            key=record.key[:LONGEST_KEY] if record.key is not None else None,
            headers=first(record.headers),
            identity=name,
            field=shown(field),
        )
        law = self._laws[self._current()]
        mask = masker_for(law.bundle.timezone).mask
        field = mask(shown(field)) if is_column else without_names(field, law)
        message = mask(shown(message))
        plain = Rejected(id=record.id, at=at, reason=reason, field=field, message=message)
        if flooded and len(record.value or b"") > FLOOD_KEEPS_BYTES:
            told = f"{message}; one of a flood: its original is kept at {record.id} alone, for 30 days"
            return [self._rejection(record, token, msgspec.structs.replace(plain, message=told))]
        entry, (text, envelope) = self._vault.seal_parts(
            token, (record.value or b"")[:MAX_RECORD_BYTES], codec.encode(beside)
        )
        rejected = msgspec.structs.replace(plain, token=token, sealed=text, envelope=envelope)
        return [self._rejection(record, token, rejected), self._vault_out(token, codec.encode(entry))]

    def _rejection(self, record: Record, token: str, rejected: Rejected) -> Out:
        """Write it with the trace of what was sent."""
        key, headers = token.encode(), self._trail.after(record)
        return Out(REJECTED.name, self._partition, key, codec.encode(rejected), headers)

    def _pass(self, record: Record, at: Instant) -> list[Out]:
        """Record what a fetch could not read; of a single record the value is sealed like any other that was
        rejected."""
        passed_by(self._metrics, record, record.unreadable)
        if record.value is not None:
            return self._reject(
                record, at, RejectReason.UNREADABLE_BATCH, record.topic, f"{offsets(record)}: {record.unreadable}", None
            )
        self._metrics.count("rejected", RejectReason.UNREADABLE_BATCH)
        self._watch_for_flood(record)
        return [rejection(record, at, self._partition)]

    def _watch_for_flood(self, record: Record) -> bool:
        """Raise an alarm, once a minute, when many records are rejected: the door stays open, but somebody must look.
        Answers whether it is a flood."""
        minute = record.appended_ms // 60_000
        if minute != self._minute:
            self._minute, self._rejections = minute, 0
        self._rejections += 1
        if self._rejections == FLOOD_PER_MINUTE:
            self._metrics.count("alarms", "rejection_flood")
            log.error(
                "%d records rejected within a minute in partition %d; see incidents.rejected",
                FLOOD_PER_MINUTE,
                self._partition,
            )
        return self._rejections > FLOOD_PER_MINUTE

    def written(self, appended_ms: int) -> None:
        """End the spans of what is committed."""
        self._trail.written()

    def hold(self, record: Record, at: Instant) -> Iterable[Out]:
        """Set a record aside that our own fault keeps from being read."""
        return self._reject(record, at, RejectReason.HELD, "", "our fault: three openings failed at this record", None)

    def flush(self) -> Iterable[Out]:
        """Everything is written as it is decided."""
        return ()

    def pack(self) -> str | None:
        """The pack it places by."""
        return self._current()


_NAME, _TEXT = itemgetter(0), itemgetter(1)


def _size(record: Record) -> int:
    """Bytes of a record as it came out of its compression."""
    size = len(record.key or b"") + len(record.value or b"")
    if record.headers:  # seven of a sound one: added up without a step of ours for each
        texts = filter(None, map(_TEXT, record.headers))
        size += sum(map(len, map(_NAME, record.headers))) + sum(map(len, texts))
    return size
