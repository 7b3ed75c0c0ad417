"""``make bench``: what the product costs, beside its peers, in four parts on one broker in one run.

``PART=peers``, ``latency``, ``restart``, ``storm``; all of them without. Whatever is not right, or a held limit that
is not reached, ends it with 1. For a look with tiny counts: ``COUNT``, ``ROUNDS``, ``SECONDS``, ``N``, ``WARM``
(``tests.bench.sizes``).
"""

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis

from tests.bench import part_latency, part_peers, part_restart, part_storm
from tests.bench.stand import Servers
from tests.faults.results import machine
from tests.support.servers import kafka_server, valkey

Part = Callable[[Servers, Path], Awaitable[list[str]]]
"""Measures, tells, writes its section; answers the limits that were not reached."""

PARTS: dict[str, Part] = {
    "peers": part_peers.run,
    "latency": part_latency.run,
    "restart": part_restart.run,
    "storm": part_storm.run,
}


async def main(wanted: str) -> int:
    """Run one part, or all; 1 when a held limit was not reached."""
    names = list(PARTS) if wanted == "all" else [wanted]
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a topic that is being made has no leader yet
    os.environ.setdefault("KAFKA_JVM_PERFORMANCE_OPTS", "-XX:+UseSerialGC")  # a broker under load: both compilers
    load = os.getloadavg()[0]
    print(f"{machine()}, load before {load:.1f}" + (", NOT QUIET: times mean little" if load > 1 else ""), flush=True)
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gridwhistle-bench-") as scratch, kafka_server() as server, valkey() as url:
        with redis.Redis.from_url(url) as client:
            redis_pid = int(client.info("server")["process_id"])
        servers = Servers(
            kafka=f"127.0.0.1:{server.port}", kafka_pid=server.process.pid, redis=url, redis_pid=redis_pid
        )
        await part_latency.warmed(servers, Path(scratch))
        for name in names:
            began = time.monotonic()
            print(f"\n== {name} ==", flush=True)
            broken += [f"{name}: {one}" for one in await PARTS[name](servers, Path(scratch))]
            print(f"== {name}: {time.monotonic() - began:.0f} s ==", flush=True)
    for one in broken:
        print(f"NOT HELD: {one}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    if (part := sys.argv[1] if len(sys.argv) > 1 else "all") not in (*PARTS, "all"):
        sys.exit(f"no such part: {part}; there are {', '.join(PARTS)} and all")
    sys.exit(asyncio.run(main(part)))
