"""What a stage answers: three paths and no other, on its own threads, whatever the loop does and whoever asks."""

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.observability.health import AT_ONCE, Check, HealthServer, verdict
from engine.observability.metrics import StageMetrics

CHECKS = [
    Check("assigned", True, "3 partitions are ours"),
    Check("clocks", True, "this machine is +0.0 s off the broker"),
]


@pytest.fixture
def checks() -> list[Check]:
    """What the stage finds of itself; a test changes it."""
    return list(CHECKS)


@pytest.fixture
def server(checks: list[Check]) -> Iterator[HealthServer]:
    """One that answers."""
    metrics = StageMetrics("dispatch")
    metrics.count("filed", "west", by=3)
    found = HealthServer(("127.0.0.1", 0), metrics, lambda: checks)
    found.start(0.02)
    yield found
    found.shutdown()
    found.server_close()


def ask(server: HealthServer, path: str) -> tuple[int, str]:
    """One question."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_three_paths_and_no_other(server: HealthServer) -> None:
    """404 elsewhere; nothing is listed, nothing served from the disk."""
    assert ask(server, "/livez") == (200, "alive\n")
    assert ask(server, "/readyz") == (200, "ready\n")
    status, text = ask(server, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert status == 200
    assert families["gridwhistle_filed"].samples[0].value == 3
    assert "process_resident_memory_bytes" in families
    for path in ("/", "/metrics/", "/metricsx", "/../etc/passwd", "/livez/x", "/debug"):
        assert ask(server, path)[0] == 404, path


def test_not_ready_says_which_condition_does_not_hold(server: HealthServer, checks: list[Check]) -> None:
    """503 with the reason; verbose names those that hold as well."""
    assert ask(server, "/readyz?verbose")[1].splitlines() == [
        "[+]assigned ok: 3 partitions are ours",
        "[+]clocks ok: this machine is +0.0 s off the broker",
        "ready",
    ]
    checks[1] = Check("clocks", False, "this machine is +3.2 s off the broker")
    status, text = ask(server, "/readyz")
    assert status == 503
    assert "[-]clocks failed: this machine is +3.2 s off the broker" in text
    assert verdict([], False) == (200, "ready\n")


def test_who_asks_slowly_or_too_often_keeps_nobody_from_an_answer(server: HealthServer) -> None:
    """Connections that say nothing hold at most their share, for some seconds; a probe is answered beside them."""
    silent = [socket.create_connection(("127.0.0.1", server.server_port)) for _ in range(AT_ONCE - 1)]
    try:
        time.sleep(0.05)
        assert ask(server, "/livez")[0] == 200
        before = threading.active_count()
        crowd = [socket.socket() for _ in range(50)]
        for one in crowd:
            one.setblocking(False)  # beyond the server's backlog the kernel lets them wait for seconds
            one.connect_ex(("127.0.0.1", server.server_port))
        time.sleep(0.1)
        assert threading.active_count() <= before + 1
        for one in crowd:
            one.close()
    finally:
        for one in silent:
            one.close()
