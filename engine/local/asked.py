"""What the stages of this machine answer when they are asked: clocks that part, partitions that stand still, partitions
nobody reads."""

import asyncio
import urllib.request
from collections.abc import Iterable
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from engine.kafka.broker_time import SKEW_SECONDS

PATIENCE_SECONDS = 2.0


class Figures(NamedTuple):
    """Of one stage's process."""

    skew: float = 0.0
    """Seconds by which this machine's clock is ahead of the broker's."""
    stopped: int = 0
    unread: int = 0

    @property
    def is_skewed(self) -> bool:
        """Whether the clocks are further apart than DESIGN 6 lets pass."""
        return abs(self.skew) > SKEW_SECONDS


def read(page: str) -> Figures:
    """Find the figures in a page of metrics."""
    found = {"clock_skew_seconds": 0.0, "partition_stopped": 0.0, "partitions_unread": 0.0}
    for family in text_string_to_metric_families(page):
        name = family.name.removeprefix("gridwhistle_")
        if name in found:
            found[name] = sum(sample.value for sample in family.samples)
    return Figures(found["clock_skew_seconds"], int(found["partition_stopped"]), int(found["partitions_unread"]))


def _ask(port: int, host: str) -> Figures | None:
    try:
        # our own stage, on this machine
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=PATIENCE_SECONDS) as answer:
            return read(answer.read().decode())
    except (OSError, ValueError):
        return None


async def figures_of(rows: Iterable[dict[str, Any]], host: str | None = None) -> dict[str, Figures]:
    """Ask each process that has a port to answer on; by name, those that answer."""
    asked = [row for row in rows if row["port"] and row["stage"] not in ("server", "supervisor")]
    where = "127.0.0.1" if host in (None, "", "0.0.0.0", "::") else str(host)
    answers = await asyncio.gather(*(asyncio.to_thread(_ask, row["port"], where) for row in asked))
    return {row["name"]: answer for row, answer in zip(asked, answers, strict=True) if answer is not None}
