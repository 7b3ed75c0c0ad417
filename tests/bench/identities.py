"""``python -m tests.bench.identities``: what 100,000 identities a day for 40 days leave in intake, and in Redis a
fiftieth of it (DESIGN 3, 5).

No broker: intake's own memory of identities, at full speed, a day after the other; then the live queues on a Valkey of
its own, each day with
that many tickets, those of 35 days ago forgotten. ``IDENTITIES_A_DAY`` and ``IDENTITIES_DAYS`` change it. Exit code 1:
memory grew after the window.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import NamedTuple

import psutil

from engine.settings import Settings
from engine.stages.identities import KEPT_SECONDS, Identities
from engine.views.redis_view import RedisView
from engine.views.rows import Row

A_DAY, DAYS = int(os.environ.get("IDENTITIES_A_DAY", "100000")), int(os.environ.get("IDENTITIES_DAYS", "40"))
WINDOW = KEPT_SECONDS // 86_400
DAY_MS = 86_400_000
BEGIN_MS = 1_764_000_000_000

OF_REDIS = 50
"""A row costs 60 times what an identity does: so many times fewer are a run of seconds, and flat is flat."""

GROWS = 1.15
"""What counts as flat: an index that doubles is a step, not a slope."""


class Day(NamedTuple):
    """One day's end."""

    number: int
    remembered: int
    """Identities, or rows."""
    bytes: int


def resident() -> int:
    """What this process has of the machine's memory."""
    return int(psutil.Process().memory_info().rss)


def intake_days(a_day: int, days: int, measure: Callable[[], int] = resident) -> Iterator[Day]:
    """Remember, each once, so many a day, as a partition of intake does: forget a few, ask, add."""
    kept, before = Identities(), measure()
    for day in range(days):
        for n in range(a_day):
            at = BEGIN_MS + day * DAY_MS + n * DAY_MS // a_day
            key = blake2b(b"source:%d" % (day * a_day + n), digest_size=16).digest()
            kept.forget(at)
            if kept.first(key, at) is not None:
                raise AssertionError(f"identity {n} of day {day} is new, and is taken for one that came before")
            kept.add(key, n, at)
        yield Day(day + 1, sum(len(segment) for segment in kept._segments), measure() - before)


def row(day: int, n: int, is_there: bool) -> Row:
    """A ticket's row, or its end; of the size of a real one."""
    name = f"home-{day:08d}-{n}"
    if not is_there:
        return Row(name, 2)
    return Row(
        name,
        1,
        f"hotline:{day}-{n}",
        rank="100",
        row=b'{"text":"' + b"x" * 600 + b'"}',
        score=day * DAY_MS + n,
        queues=("street:s", "desk", f"person:p{n % 50}"),
    )


async def redis_days(url: str, a_day: int, days: int) -> list[Day]:
    """Put so many tickets a day into the live queues, and take those out that are forgotten."""
    view = RedisView(Settings(redis_url=url, prefix="bench."))
    found: list[Day] = []
    at = 0
    try:
        for day in range(days):
            rows = [row(day, n, True) for n in range(a_day)] + [
                row(day - WINDOW, n, False) for n in range(a_day if day >= WINDOW else 0)
            ]
            for first in range(0, len(rows), 200):
                await view.write(0, rows[first : first + 200], at, at + 1)
                at += 1
            info = await view.redis.info("memory")
            found.append(Day(day + 1, len(await view.names()), int(info["used_memory"])))
    finally:
        await view.close()
    return found


def is_flat(days: list[Day], grows: float = GROWS) -> bool:
    """Whether nothing grows once the window is full."""
    after = [day.bytes for day in days if day.number > WINDOW + 1]
    return bool(after) and max(after) <= grows * min(after) and days[-1].remembered <= days[WINDOW].remembered * grows


def _told(name: str, days: list[Day], a_day: int, took: float) -> bool:
    flat = is_flat(days)
    shown = [day for day in days if day.number in (1, 10, 20, WINDOW, WINDOW + 1) or day.number > len(days) - 3]
    print(
        f"{name}: {a_day} a day for {len(days)} days, {took:.0f} s:"
        f" {'flat after the window' if flat else 'GROWS after the window'}"
    )
    for day in shown:
        print(
            f"  day {day.number:>3}: {day.remembered:>9} remembered, {day.bytes / 1e6:>8.1f} MB,"
            f" {day.bytes / max(1, day.remembered):>6.1f} B each"
        )
    return flat


def main() -> int:
    """Run both, and say whether memory is flat."""
    from tests.support.servers import valkey

    began = time.monotonic()
    fine = _told("intake", list(intake_days(A_DAY, DAYS)), A_DAY, time.monotonic() - began)
    began = time.monotonic()
    with valkey() as url:
        rows = asyncio.run(redis_days(url, max(1, A_DAY // OF_REDIS), DAYS))
    return 0 if _told("redis", rows, max(1, A_DAY // OF_REDIS), time.monotonic() - began) and fine else 1


if __name__ == "__main__":
    sys.exit(main())
