"""A feed tried without a broker: each row goes through intake's own reading and placing, and nothing is sent."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.feed.mapped import Mapped
from engine.feed.run import message_of
from engine.observability.metrics import StageMetrics
from engine.security.vault import KEY_BYTES, Vault
from engine.stages.intake import IntakeCore
from engine.stream.contracts import Record
from rules.law.compiled import Law
from rules.law.placement import Places
from rules.rulepack.compiler import pack_ref
from topics.codec import decode
from topics.incident import Incident
from topics.pack import PackBundle
from topics.registry import INCIDENTS, RAW, REJECTED
from topics.rejected import Rejected


class Tried(NamedTuple):
    """What would become of a row: an incident, or a rejection."""

    row: Mapped
    incident: Incident | None = None
    rejected: Rejected | None = None

    @property
    def kind(self) -> str:
        """By what it is counted."""
        if self.rejected is not None:
            return f"rejected: {self.rejected.reason}"
        assert self.incident is not None
        if self.incident.placed_by == "nothing":
            return "would wait at the duty desk: no place"
        if self.incident.category is None:
            return "would wait at the duty desk: " + (
                "category unknown" if self.incident.category_given else "no category"
            )
        return "would become a ticket"

    @property
    def is_rejected(self) -> bool:
        """Whether somebody must mend it; what has come before is there already."""
        return self.rejected is not None and self.rejected.reason != "duplicate"


def _sent(row: Mapped, offset: int, at: int) -> Record:
    """A row as it would stand on the door's topic."""
    key, value, headers = message_of(row)
    return Record(
        topic=RAW.name,
        partition=0,
        offset=offset,
        key=key,
        value=value,
        headers=headers,
        appended_ms=at,
        appended_at=at,
    )


def tried(
    bundle: PackBundle, rows: Iterable[Mapped], now: int | None = None, progress: Callable[[int], None] = lambda n: None
) -> Iterator[Tried]:
    """Read and place each row as intake would, with a vault that forgets; ``now`` is what times are judged by."""
    ref = pack_ref(bundle)
    vault = Vault(bytes(KEY_BYTES))
    core = IntakeCore(
        0,
        1,
        {ref: Places(bundle)},
        laws={ref: Law(ref, bundle)},
        current=lambda: ref,
        vault=vault,
        metrics=StageMetrics("intake"),
    )
    at = int(time.time() * 1000) if now is None else now
    for offset, row in enumerate(rows):
        progress(offset)
        if not row.id:
            fault = row.faults[0]
            said = f"row {row.number}: {fault}"
            yield Tried(row, rejected=Rejected(id="", at=at, reason="missing_id", field=fault.column, message=said))
            continue
        for out in core.take(_sent(row, offset, at), at):
            if out.topic == INCIDENTS.name and out.value is not None:
                yield Tried(row, incident=decode(out.value, Incident))
            elif out.topic == REJECTED.name and out.value is not None:
                yield Tried(row, rejected=decode(out.value, Rejected))
