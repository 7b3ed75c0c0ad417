"""How many incidents of recorded history ``gridwhistle replay`` decides again in a second of CPU, on one core.

The log is made in memory, over the shipped pack, without commands: reports within four minutes, where nothing is due
yet; spread over a morning, where the first limits are missed; and over a day, where several clocks fire for each
report. Beside it, how fast the state at a day is folded (``--from``). Only figures of the same machine compare.
"""

import argparse
import json
import random
import time

from engine.kafka.log_snapshot import Log
from engine.replay.recorded_history import history_of
from engine.replay.state_at import Standing
from engine.replay.verify import laws_of, verify
from rules.state.causes import IncidentCause
from tests.support.busy_days import Dispatch
from tests.support.poison import law_of
from tests.support.town import MINUTE, START
from topics.codec import encode
from topics.ids import HomeCode
from topics.incident import Incident

COUNT, ROUNDS = 24_000, 3
MINUTES = {"no clock due": 4, "a morning": 120, "a day": 1440}


def recorded(count: int, minutes: int) -> Log:
    """Let a partition live through so many reports, evenly spread, and whatever clocks fire."""
    draw, law = random.Random(7), law_of("guancheng")
    parents = {node.parent for node in law.bundle.nodes}
    leaves = [
        (n.code, home)
        for n in law.bundle.nodes
        if n.code not in parents and (home := law.home_of(n.code)) not in (None, law.bundle.unplaced)
    ]
    categories = [category.code for category in law.bundle.categories]
    told = Dispatch(law.bundle, law.ref)
    for n in range(count):
        at, (leaf, home) = START + n * minutes * MINUTE // count, draw.choice(leaves)
        told.pass_time(at)
        incident = Incident(
            identity=f"bench:{n}",
            home=HomeCode(home or ""),
            occurred_at=at,
            received_at=at,
            channel="app",
            pack=law.ref,
            placed_by="grid",
            category=draw.choice(categories),
            leaf=leaf,
            text=f"report {n}",
        )
        entry = told._put("incidents", (home or "").encode(), encode(incident), at)
        told._write(IncidentCause(entry.id, incident))
    return told.finish()


def main() -> None:
    """Print for each history the best of some rounds, and one JSON object."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--count", type=int, default=COUNT)
    count, figures = words.parse_args().count, {}
    for name, minutes in MINUTES.items():
        log = recorded(count, minutes)
        figures[name] = min((_round(log) for _ in range(ROUNDS)), key=lambda one: one["seconds"]) | {"incidents": count}
        one = figures[name]
        print(
            f"{name}: {count / one['seconds']:,.0f} incidents/s, {one['decisions'] / one['seconds']:,.0f} decisions/s;"
            f" matching causes {one['matching']:.2f} s of {one['seconds']:.2f} s; folded at"
            f" {one['decisions'] / one['folding']:,.0f} decisions/s"
        )
    print(json.dumps(figures))


def _round(log: Log) -> dict[str, float]:
    start = time.process_time()
    history_of(log)
    matching = time.process_time() - start
    start = time.process_time()
    verdict = verify(log)
    assert not verdict.mismatches, verdict.mismatches[0]
    seconds = time.process_time() - start
    standing, decided = Standing(laws_of(log), 0), log.of("tickets.decisions")
    start = time.process_time()
    standing.take_until(decided, 1 << 62, 0)
    return {
        "seconds": seconds,
        "matching": matching,
        "folding": time.process_time() - start,
        "decisions": verdict.decisions,
    }


if __name__ == "__main__":
    main()
