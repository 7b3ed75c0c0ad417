"""Imports point one way, engine to rules to topics, and Kafka, Redis and Prometheus are met in the engine alone."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAY_IMPORT: dict[str, set[str]] = {"topics": set(), "rules": {"topics"}, "engine": {"topics", "rules"}}
ENGINE_ONLY = {"faust", "mode", "aiokafka", "redis", "prometheus_client", "sqlalchemy", "alembic", "psycopg"}


def imported(path: Path) -> set[str]:
    """The top-level packages a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_imports_point_one_way() -> None:
    """No package imports one above it, and nobody imports deploy or tests."""
    faults = []
    for package, allowed in MAY_IMPORT.items():
        for path in (ROOT / package).rglob("*.py"):
            names = imported(path)
            wrong = names & ((set(MAY_IMPORT) | {"deploy", "tests"}) - allowed - {package})
            if package != "engine":
                wrong |= names & ENGINE_ONLY
            faults += [f"{path.relative_to(ROOT)} imports {name}" for name in wrong]
    assert faults == []


def test_the_law_asks_no_clock_and_draws_nothing() -> None:
    """Time and chance come in as values (DESIGN 6)."""
    forbidden = ("datetime.now", "utcnow", "time.time(", "perf_counter", "import random", "uuid4", "import secrets")
    faults = [
        f"{path.relative_to(ROOT)}: {word}"
        for package in ("rules", "topics")
        for path in (ROOT / package).rglob("*.py")
        for word in forbidden
        if word in path.read_text(encoding="utf-8") and path.name != "envelope.py"
    ]
    assert faults == []


def test_everybody_reads_kafka_by_the_one_reader() -> None:
    """The library's own consumer stops at the first batch that it cannot unpack; ``engine/kafka/log_consumer.py`` alone
    knows it."""
    faults = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "engine").rglob("*.py")
        if "AIOKafkaConsumer" in path.read_text(encoding="utf-8") and path.name != "log_consumer.py"
    ]
    assert faults == []
