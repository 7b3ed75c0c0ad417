"""When a trial's clocks are worked off: by the log and by what dispatch says, not by a time."""

import time
from typing import TYPE_CHECKING

from engine.stream.ends import ENDS_SECONDS
from tests.support.rig import eventually

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
