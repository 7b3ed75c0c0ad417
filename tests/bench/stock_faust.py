"""Stock Faust as its documents show it: an agent that keeps each incident in a table and sends two records. No law, no
transactions, a table in memory.

Measured from the first tenth on, when it has its partitions and is warm, until everything is acknowledged.
"""

import json
import os
import sys
import tempfile
import time
import uuid
from typing import Any

KAFKA, SOURCE, FIRST, SECOND, COUNT, PARTITIONS = *sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])
sys.argv = ["bench", "worker", "--loglevel", "warning", "--without-web"]
os.environ["FAUST_DATADIR"] = tempfile.mkdtemp()  # a folder of the run, which goes with it

import faust  # noqa: E402, looks at both

WARM = COUNT // 10
app = faust.App(
    f"bench-{uuid.uuid4().hex[:8]}",
    broker=f"kafka://{KAFKA}",
    web_enabled=False,
    topic_partitions=PARTITIONS,
    consumer_auto_offset_reset="earliest",
    store="memory://",
    topic_disable_leader=True,
    producer_linger_ms=5,
)
source, first, second = (app.topic(n, value_serializer="json", key_serializer="raw") for n in (SOURCE, FIRST, SECOND))
table = app.Table("tickets", default=dict, partitions=PARTITIONS)
seen, began = 0, 0.0


@app.agent(source)  # type: ignore[untyped-decorator]
async def take(stream: Any) -> None:
    """Keep it and tell it twice."""
    global seen, began
    async for event in stream.events():
        value = event.value
        name = value["identity"]
        table[name] = {"id": name, "status": "offered"} | {
            part: value.get(part) for part in ("home", "category", "received_at", "text")
        }
        await first.send(key=event.key, value=value)
        await second.send(key=event.key, value={"id": name, "task": "accept"})
        seen += 1
        if seen == WARM:
            began = time.process_time()
        if seen == COUNT:
            await app.producer.flush()
            told = json.dumps({"cpu": time.process_time() - began, "records": COUNT - WARM})
            os.write(1, f"\n{told}\n".encode())  # Faust takes print for itself
            os._exit(0)


if __name__ == "__main__":
    app.finalize()
    faust.Worker(app, loglevel="warning").execute_from_commandline()
