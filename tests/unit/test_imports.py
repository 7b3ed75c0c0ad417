"""Imports point one way, engine to rules to topics, and Kafka, Redis and Prometheus are met in the engine alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import trees

MAY_IMPORT: dict[str, set[str]] = {"topics": set(), "rules": {"topics"}, "engine": {"topics", "rules"}}
ENGINE_ONLY = {"faust", "mode", "aiokafka", "redis", "prometheus_client", "sqlalchemy", "alembic", "psycopg"}


def imported(path: Path) -> set[str]:
    """The top-level packages a module imports, wherever in it."""
    found = set()
    for node in trees.nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_imports_point_one_way() -> None:
    """No package imports one above it, and nobody imports deploy or tests."""
    faults = []
    for package, allowed in MAY_IMPORT.items():
        for path in trees.paths(package):
            names = imported(path)
            wrong = names & ((set(MAY_IMPORT) | {"deploy", "tests"}) - allowed - {package})
            if package != "engine":
                wrong |= names & ENGINE_ONLY
            faults += [f"{trees.name(path)} imports {name}" for name in wrong]
    assert faults == []


def test_the_law_asks_no_clock_and_draws_nothing() -> None:
    """Time and chance come in as values (DESIGN 6)."""
    forbidden = ("datetime.now", "utcnow", "time.time(", "perf_counter", "import random", "uuid4", "import secrets")
    faults = [
        f"{trees.name(path)}: {word}"
        for package in ("rules", "topics")
        for path in trees.paths(package)
        for word in forbidden
        if word in trees.text(path) and path.name != "envelope.py"
    ]
    assert faults == []


def test_everybody_reads_kafka_by_the_one_reader() -> None:
    """The library's own consumer stops at the first batch that it cannot unpack; ``engine/kafka/log_consumer.py`` alone
    knows it."""
    faults = [
        trees.name(path)
        for path in trees.paths("engine")
        if "AIOKafkaConsumer" in trees.text(path) and path.name != "log_consumer.py"
    ]
    assert faults == []


DEAR = {
    ("engine.archive", "sqlalchemy"): (
        "engine/archive/",
        "engine/database/",
        "engine/doors/",
        "engine/notifier/",
        "engine/stages/archive.py",
        "engine/cli/archive.py",
        "engine/cli/search.py",
    ),
    ("engine.client.publish_pack",): (
        "engine/cli/pack.py",
        "engine/cli/replay.py",
        "engine/client/pack_trial.py",
        "engine/client/publish_job.py",
        "engine/client/what_if_trial.py",
    ),
}
"""What takes longer to load than all the rest of a command, and who needs it at once."""


@pytest.mark.parametrize("dear", DEAR, ids=lambda dear: dear[0])
def test_a_command_loads_what_is_dear_when_it_needs_it(dear: tuple[str, ...]) -> None:
    """SQLAlchemy where there is an archive, the proof of packs (geometry, conditions, calendars) where one is proved:
    'status' and 'ticket list' start three and two times as fast without."""
    assert [
        f"{trees.name(path)}:{node.lineno} {node.module}"
        for path in trees.paths("engine")
        if not trees.name(path).startswith(DEAR[dear])
        for node in trees.tree(path).body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(dear)
    ] == []


def test_conditions_are_compiled_without_a_terminals_library() -> None:
    """The package of CEL brings its command line, and that a terminal's library: 10 MB of each process, which
    nothing of ours uses. One place imports it, without."""
    others = [
        trees.name(path)
        for path in (*trees.paths("engine"), *trees.paths("rules"))
        if "cel" in imported(path) and path.name != "cel_library.py"
    ]
    look = "import sys; from rules.law.conditions import compiled; compiled('1 < 2'); print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.split()
    assert others == [] and "cel.cel" in loaded
    assert {"prompt_toolkit", "pygments", "wcwidth", "typer"} & set(loaded) == set()
