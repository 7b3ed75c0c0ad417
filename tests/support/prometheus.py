"""A real Prometheus and Alertmanager beside what a test runs, with the repository's own rules at a test's pace."""

import json
import re
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from engine.local.bound import bound_to_us
from tests.support.servers import free_ports
from tests.support.stacks import wait
from tests.support.watching import home_of, tool

DEPLOY = Path(__file__).parents[2] / "deploy"
_LENGTH = re.compile(r"(?<![\w:])(\d+)(s|m|h|d)\b")
"""A length of time; what ends the name of a recorded series (``level:metric:30d``) is none."""
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
HASTE = 30
"""Minutes of a rule become so many times fewer seconds: 10 minutes 20 s."""


def hasty(path: Path) -> dict[str, Any]:
    """A rule file whose lengths of time are shortened; thresholds and everything else stay."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for group in found["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule["expr"] = _LENGTH.sub(lambda m: f"{_short(m)}s", rule["expr"])
            if "for" in rule:
                rule["for"] = _LENGTH.sub(
                    lambda m: f"{max(1, int(m[1]) * _SECONDS[m[2]] // (2 * HASTE))}s", rule["for"]
                )
    return found


def _short(found: re.Match[str]) -> int:
    return min(600, max(8, int(found[1]) * _SECONDS[found[2]] // HASTE))


class Asked:
    """Answers of a running Prometheus."""

    def __init__(self, port: int) -> None:
        """Keep its address."""
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: str) -> Any:
        """The data of an API call; fails with what it says."""
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expr: str) -> list[dict[str, Any]]:
        """An instant query's samples."""
        try:
            found: list[dict[str, Any]] = self.get("/api/v1/query", query=expr)["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{expr}: {error.read().decode()}") from error
        return found

    def firing(self) -> dict[str, list[dict[str, Any]]]:
        """Alert -> those of it that fire."""
        found: dict[str, list[dict[str, Any]]] = {}
        for alert in self.get("/api/v1/alerts")["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert)
        return found


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, str], alertmanager: str = "") -> Iterator[Asked]:
    """Run it with our rules in haste; ``targets`` are addresses and the stage of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("recording", "alerts"):
        (folder / f"{name}.yml").write_text(yaml.safe_dump(hasty(DEPLOY / "prometheus" / f"{name}.yml")))
    jobs = [{"targets": [address], "labels": {"stage": stage}} for address, stage in targets.items()]
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["recording.yml", "alerts.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []},
        "scrape_configs": [{"job_name": "gridwhistle", "honor_labels": True, "static_configs": jobs}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_ports(1)
    words = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=2s",
    ]
    with _running(folder / "prometheus.log", tool("prometheus"), *words, url=f"http://127.0.0.1:{port}/-/ready"):
        yield Asked(port)


@contextmanager
def alertmanager(folder: Path, hook: str) -> Iterator[str]:
    """Run it with our routes, without their patience, every receiver a path of ``hook``; yields its address."""
    folder.mkdir(parents=True, exist_ok=True)
    found = yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())
    for route in (found["route"], *found["route"]["routes"]):
        route |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in found["receivers"]:
        for one in receiver["webhook_configs"]:
            one["url"] = f"{hook}/{receiver['name']}"
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(found))
    port = free_ports(1)
    words = [
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with _running(
        folder / "alertmanager.log", tool("prometheus-alertmanager"), *words, url=f"http://127.0.0.1:{port}/-/ready"
    ):
        yield f"127.0.0.1:{port}"


@contextmanager
def _running(log: Path, *words: str, url: str) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(bound_to_us(words), cwd=home_of(words[0]), stdout=out, stderr=subprocess.STDOUT)
    try:
        wait(lambda: process.poll() is not None or _answers(url), 60, f"{words[0]} answers")
        assert process.poll() is None, log.read_text()[-2000:]
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def door(answer: Callable[[str, bytes], str]) -> Iterator[str]:
    """A small HTTP server: ``answer`` is given path and body of each request; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answer(self.path, self.rfile.read(int(self.headers.get("Content-Length", 0)))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
