"""What one fetch, batch, record, step and opening may cost, in one place
(``docs/decisions/0009-what-a-fetch-cannot-read.md`` has the reasons)."""

from collections.abc import Iterable

from engine.kafka.clients import REQUEST_BYTES
from engine.stream.contracts import Out
from topics.registry import MIB, TOPICS

# -- coming in -----------------------------------------------------------------------------------------------------

PENDING_HIGH, PENDING_LOW = 2000, 500
"""Records waiting in a partition above which it is paused, and below which it is resumed."""

PENDING_BYTES = 4 * MIB
"""Bytes waiting in a partition above which it is paused."""

PROCESS_BYTES = 64 * MIB
"""Bytes waiting in a process above which nothing more is fetched."""

# -- a step --------------------------------------------------------------------------------------------------------

MAX_CAUSES, STEP_SECONDS = 2000, 0.075
"""A step ends after so many causes, or after so much CPU: below 100 ms whatever the records are like (DESIGN 5.7). By
the wall a full machine would make it shorter and shorter (seen: 31 causes, 1 ms of CPU in 39), and each costs a
transaction."""

SLICE_SECONDS = 0.01
"""The same while a clock of any partition of the process is due: its partitions take turns, and neither what is due nor
what comes in beside waits for a round of whole steps (of six: 0.5 s). With 20 ms a storm lasted as long, and
reports beside it waited half as long again. Half of a slice takes twice the transactions; a storm has few."""

STEP_WALL_SECONDS = 0.5
"""And after so long all the same, where the machine has little of its CPU for us."""

PIECE_SECONDS = 0.004
"""After so much of a step the loop's others have their turn: commits of other partitions, fetches, heartbeats. A pause
takes a tenth of a millisecond."""

DECIDE_SECONDS = 30.0
"""A step's decisions take 75 ms; an agent that has not answered by then never will."""

COMMIT_SECONDS = 45.0
"""From begin to commit; a broker that has not answered by then is waited for by opening again, with growing pauses."""

# -- going out -----------------------------------------------------------------------------------------------------

FRAMING = 128
"""Header of a batch (61 bytes), lengths, times and offsets of its one record."""

# -- openings ------------------------------------------------------------------------------------------------------

HELD_AFTER = 3
"""Openings that may fail at one cause before it is set aside, and without progress before a partition is not ready
(DESIGN 5.5)."""

REOPEN_FIRST, REOPEN_MOST = 0.2, 10.0
"""Seconds to wait before opening again; doubled each time while nothing moves."""

IDLE_SECONDS = 5.0
"""A partition that stood open so long with nothing to do is well; then also its positions are moved behind transaction
markers."""

_MOST = {spec.name: spec.max_bytes for spec in TOPICS}


def unfit(outs: Iterable[Out]) -> str | None:
    """Name the first record that its topic would refuse; asked before anything is begun, so that no log grows by what
    is aborted."""
    for out in outs:
        size = (0 if out.value is None else len(out.value)) + (0 if out.key is None else len(out.key))
        if out.headers:
            size += sum(len(name) + len(text or b"") + 8 for name, text in out.headers)
        most = _MOST.get(out.topic, REQUEST_BYTES)
        if size + FRAMING > most:
            return f"a record of {size} bytes for {out.topic}, which takes {most - FRAMING}"
    return None
