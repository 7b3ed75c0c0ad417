"""Writes the golden log of the engine at hand: ``python -m tests.golden.make NAME``, once for each release, never
again.

A town's day without a broker: the pack and clock it ran by, its causes, its decisions, and the state it left behind, a
record a line. Later versions must read it, or carry a migration (tests/contract/test_golden.py).
"""

import gzip
import json
import sys
from pathlib import Path

from engine.kafka.log_snapshot import Log
from tests.support.busy_days import busy_days

HERE = Path(__file__).parent
TOPICS = ("reference", "incidents", "commands", "tickets.decisions", "tickets.state")
SEED, INCIDENTS, HOURS = 20261125, 14, 40


def rows(log: Log) -> list[dict[str, object]]:
    """List a log's records, topic by topic; of the state only the last of each key, as the broker would keep it in the
    end."""
    found = [(topic, entry) for topic in TOPICS for entry in log.entries.get(topic, ())]
    last = {
        (topic, entry.key if topic == "tickets.state" else n): (topic, entry) for n, (topic, entry) in enumerate(found)
    }
    return [
        {
            "topic": topic,
            "ms": entry.appended_ms,
            "key": (entry.key or b"").decode(),
            "value": None if entry.value is None else entry.value.decode(),
        }
        for topic, entry in last.values()
    ]


def main(name: str) -> None:
    """Write ``<name>.jsonl.gz``; refuses to write over one."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows(busy_days(SEED, INCIDENTS, HOURS))]
    with (HERE / f"{name}.jsonl.gz").open("xb") as out:
        out.write(gzip.compress("\n".join(lines).encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
