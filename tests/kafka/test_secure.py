"""The main job over a Kafka that takes nobody in but by SCRAM over TLS, and a Redis with TLS, user and password."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.local.plan import PORT_BLOCK
from tests.support import secure
from tests.support.servers import free_ports
from tests.support.stacks import both, run

DEMO = ("up", "--demo", "--for", "20", "--json", "--port-base", str(free_ports(PORT_BLOCK)))


@pytest.mark.alone(reason="at 600 times the speed: within 20 s somebody must have closed a ticket")
def test_reports_become_tasks_and_are_finished_over_tls_alone(tmp_path: Path) -> None:
    """Every client of ours logs on: those of the stages, of the departments' people, of the audit. No log has a
    password."""
    ca, server = secure.certificates(tmp_path)
    password, data = tmp_path / "password", tmp_path / "stack"
    password.write_text(secure.PASSWORD + "\n")
    (tmp_path / "kafka").mkdir()
    with secure.kafka(tmp_path / "kafka", ca, server) as kafka, secure.valkey(tmp_path / "valkey", server) as redis:
        environ: dict[str, Any] = {
            "GRIDWHISTLE_KAFKA_TLS": "true",
            "GRIDWHISTLE_KAFKA_CA_FILE": str(ca),
            "GRIDWHISTLE_KAFKA_SASL": "SCRAM-SHA-512",
            "GRIDWHISTLE_KAFKA_USER": secure.USER,
            "GRIDWHISTLE_KAFKA_PASSWORD_FILE": str(password),
            "GRIDWHISTLE_REDIS_USER": secure.USER,
            "GRIDWHISTLE_REDIS_PASSWORD_FILE": str(password),
            "GRIDWHISTLE_REDIS_CA_FILE": str(ca),
            "GRIDWHISTLE_REDIS_URL": redis,
            "GRIDWHISTLE_REPLICATION_FACTOR": "1",
            "GRIDWHISTLE_MIN_INSYNC_REPLICAS": "1",
            "GRIDWHISTLE_PARTITIONS": "3",
        }
        done = run(*DEMO, "--kafka", kafka, data=data, within=600, **environ)
        assert done.returncode == 0, both(done)[-3000:]
        report = json.loads(done.stdout.splitlines()[-1])
        assert report["clean"] and report["tickets"] > 0 and report["closed"] > 0
        assert sum(row["tasks"] for row in report["departments"].values()) > 0
        assert sum(row["replies"] for row in report["departments"].values()) > 0
        counted = run("ticket", "list", data=data, **environ)
        assert counted.returncode == 0 and "tier:" in counted.stdout, both(counted)
        for name, wrong in (("KAFKA_TLS", "false"), ("KAFKA_USER", "stranger")):
            plain = {key: value for key, value in environ.items() if name != "KAFKA_TLS" or "KAFKA" not in key}
            refused = run("topics", "check", data=data, within=300, **plain | ({f"GRIDWHISTLE_{name}": wrong}))
            assert refused.returncode != 0, both(refused)
    texts = [
        path.read_text(errors="replace")
        for path in data.rglob("*")
        if path.is_file() and path.suffix in (".log", ".json")
    ]
    assert len(texts) > 5 and not any(secure.PASSWORD in text for text in [*texts, both(done)])
