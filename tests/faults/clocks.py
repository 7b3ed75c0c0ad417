"""When a trial's clocks are worked off: by the log and by what dispatch says, not by a time."""

import time
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.stream.ends import ENDS_SECONDS
from tests.support.rig import Rig, eventually

if TYPE_CHECKING:
    from tests.faults.trial import Trial

LOOKS_SECONDS = 2 * ENDS_SECONDS
"""A worker looks at what is due at most so long before it says that it has looked."""


async def clocks_fired(t: "Trial", within: float) -> None:
    """Wait until every clock that is due by now has fired: in each partition one that is due later has, as they fire in
    order, or its worker has looked since and says that none is due."""
    asked, wall_ms = time.monotonic(), int(time.time() * 1000)
    left: set[int] = set(range(t.settings.partitions))

    def all_fired() -> bool:
        left.difference_update(t.ledger.fired_since(wall_ms))
        left.difference_update([partition for partition in left if none_due(t, partition, time.monotonic() - asked)])
        return not left

    try:
        await eventually(all_fired, within, "every clock that was due has fired", every=1.0)
    except AssertionError as exc:
        raise AssertionError(f"{exc}; not in partitions {sorted(left)}") from exc


def none_due(t: "Trial", partition: int, within: float) -> bool:
    """Whether a worker of dispatch has looked within so many seconds, and no clock of the partition was due."""
    due = f'gridwhistle_oldest_due_seconds{{partition="{partition}",stage="dispatch"}}'
    looked = 'gridwhistle_progress_age_seconds{stage="dispatch"}'
    pages = [t.metrics(name) for name, worker in t.rig.workers.items() if worker.stage == "dispatch"]
    return any(page.get(due) == 0 and page.get(looked, within) + LOOKS_SECONDS < within for page in pages)


def page(address: str) -> dict[str, float]:
    """The metrics of a worker; empty while it has none."""
    with suppress(OSError), urllib.request.urlopen(f"http://{address}/metrics", timeout=5) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
        return {key: float(value) for key, value in lines}
    return {}


async def clocks_in_time(rig: Rig, seconds: float, within: float) -> None:
    """Wait until dispatch says of every partition that no clock is later than so many seconds of the engine."""
    late: dict[str, float] = {}

    def in_time() -> bool:
        late.clear()
        for name in rig.workers:
            address = rig.more.get(name, {}).get("GRIDWHISTLE_HTTP_BIND", "")
            said = page(address) if address else {}
            late.update({key: at for key, at in said.items() if key.startswith("gridwhistle_oldest_due_seconds{")})
        return len(late) == rig.settings.partitions and max(late.values()) <= seconds

    try:
        await eventually(in_time, within, "clocks fire as they fall due", every=1.0)
    except AssertionError as exc:
        raise AssertionError(f"{exc}; late by {late}") from exc
