"""quixstreams as its documents show it: state kept for each incident, two records sent. No law, no transactions.

Runs in an environment of its own (``bench.lock``), so it imports nothing of ours. Measured from the first tenth on
until its last checkpoint is written.
"""

import json
import sys
import tempfile
import time
import uuid
from typing import Any

from quixstreams import Application

KAFKA, SOURCE, FIRST, SECOND, COUNT = *sys.argv[1:5], int(sys.argv[5])
WARM = COUNT // 10
seen, began = 0, 0.0


def keep(value: Any, state: Any) -> Any:
    """Remember it by its name."""
    name = value["identity"]
    state.set(
        name,
        {"id": name, "status": "offered"}
        | {part: value.get(part) for part in ("home", "category", "received_at", "text")},
    )
    return value


def count(_: Any) -> None:
    """Begin to measure, and end."""
    global seen, began
    seen += 1
    if seen == WARM:
        began = time.process_time()
    if seen == COUNT:
        app.stop()


with tempfile.TemporaryDirectory() as folder:
    app = Application(
        broker_address=KAFKA,
        consumer_group=f"bench-{uuid.uuid4().hex[:8]}",
        auto_offset_reset="earliest",
        loglevel="ERROR",
        state_dir=folder,
        producer_extra_config={"linger.ms": 5},
    )
    source = app.topic(SOURCE, value_deserializer="json", key_deserializer="bytes")
    first, second = (app.topic(n, value_serializer="json", key_serializer="bytes") for n in (FIRST, SECOND))
    frame = app.dataframe(source).apply(keep, stateful=True).to_topic(first)
    frame = frame.apply(lambda value: {"id": value["identity"], "task": "accept"}).to_topic(second).update(count)
    app.run()
    print(json.dumps({"cpu": time.process_time() - began, "records": COUNT - WARM}), flush=True)
