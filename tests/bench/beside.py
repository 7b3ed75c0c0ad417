"""``python -m tests.bench.beside COMMIT``: an older version and this one in turns, in the same run, without a broker
(the projector with a Redis).

Absolute times swing by a third on a machine that does other things; what falls on both falls out of the ratio. Printed,
and held nowhere: the law has grown since, and a reader of the page sees by how much.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.plain_dispatch import ENV
from tests.differences.__main__ import NAMES
from tests.support import wheels
from tests.support.servers import valkey

HERE = Path(__file__).parents[2]
COUNT, ROUNDS = int(os.environ.get("BENCH_INCIDENTS", "2000")), int(os.environ.get("BENCH_ROUNDS", "5"))
FORMER = NAMES | {
    "from engine.observability.metrics import": "from engine.metrics import",
    "from engine.security.vault import": "from engine.vault import",
    "from engine.stream.contracts import": "from engine.stage import",
}
"""What is measured imports -> where it stood before there were rooms."""


TIMED = ("intake", "dispatch", "fan-out", "projector", "projector's Redis")
COUNTED = (*(f"{stage} calls" for stage in TIMED[:4]), "projector's commands", "projector's bytes")


def unpacked(commit: str, folder: Path) -> Path:
    """The older version, with what measures both."""
    words = ["git", "-c", "safe.directory=*", "archive", commit]
    packed = subprocess.run(words, cwd=HERE, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x", "-C", str(folder)], input=packed, check=True)
    told = (HERE / "tests" / "bench" / "in_process.py").read_text(encoding="utf-8")
    if not (folder / "engine" / "stream").exists():
        for now, before in FORMER.items():
            told = told.replace(now, before)
    (folder / "tests" / "bench" / "in_process.py").write_text(told, encoding="utf-8")
    return folder


def measured(tree: Path, redis: str) -> dict[str, float]:
    """One process of a version; that of the compiled one is its environment's own."""
    python, path = (str(ENV / "bin" / "python"), "") if tree == ENV else (sys.executable, str(tree))
    command = [python, "-m", "tests.bench.in_process", str(COUNT)]
    own = os.environ | {"PYTHONPATH": path, "BENCH_REDIS": redis}
    done = subprocess.run(command, cwd=tree, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(commit: str) -> None:
    """In turns, each round in the other order."""
    wheels.compiled(ENV)
    with tempfile.TemporaryDirectory() as scratch, valkey() as redis:
        trees = {"before": unpacked(commit, Path(scratch)), "now": HERE, "compiled": ENV}
        rounds: list[dict[str, dict[str, float]]] = []
        for number in range(ROUNDS):
            order = list(trees)[:: 1 if number % 2 else -1]
            rounds.append({name: measured(trees[name], redis) for name in order})
            print(f"round {number}: {rounds[-1]}", flush=True)
    for name in COUNTED:
        print(f"{name}: {rounds[0]['before'][name]:.1f} -> {rounds[0]['now'][name]:.1f} an incident")
    for stage in TIMED:
        middle = {name: statistics.median(one[name][stage] for one in rounds) for name in trees}
        ratio = statistics.median(one["now"][stage] / one["before"][stage] for one in rounds)
        least = min(one["now"][stage] for one in rounds) / min(one["before"][stage] for one in rounds)
        print(
            f"{stage}: {middle['before']:.1f} -> {middle['now']:.1f} µs; ratio {ratio:.3f} (median of rounds),"
            f" {least:.3f} (of the least); compiled {middle['compiled']:.1f} µs"
        )


if __name__ == "__main__":
    main(sys.argv[1])
