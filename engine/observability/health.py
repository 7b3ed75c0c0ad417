"""What a stage answers over HTTP: ``/livez``, ``/readyz``, ``/metrics``, and nothing else; on threads of its own, so
that no question holds up a step."""

import socket
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from engine.observability.metrics import StageMetrics

AT_ONCE = 8
"""Questions answered at the same time; what comes beyond is turned away: a probe and two Prometheus need three."""

PATIENCE_SECONDS = 5.0
"""Whoever has not asked by then is let go."""

TEXT = "text/plain; charset=utf-8"
METRICS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Check(NamedTuple):
    """One condition of being ready, and how it stands."""

    name: str
    holds: bool
    said: str


Readiness = Callable[[], Sequence[Check]]


def verdict(checks: Sequence[Check], verbose: bool) -> tuple[int, str]:
    """Answer ``/readyz`` as Kubernetes' own servers do: 200 or 503; with each condition when asked, and always when one
    does not hold."""
    ready = all(check.holds for check in checks)
    lines = [
        f"[{'+' if check.holds else '-'}]{check.name} {'ok' if check.holds else 'failed'}: {check.said}"
        for check in checks
    ]
    word = "ready" if ready else "not ready"
    return 200 if ready else 503, "\n".join([*lines, word] if verbose or not ready else [word]) + "\n"


class _Handler(BaseHTTPRequestHandler):
    timeout = PATIENCE_SECONDS
    server: "HealthServer"

    def do_GET(self) -> None:
        """Answer one question."""
        parts = urlsplit(self.path)
        if parts.path == "/livez":
            self._say(200, "alive\n")
        elif parts.path == "/readyz":
            self._say(*verdict(self.server.readiness(), "verbose" in parse_qs(parts.query, keep_blank_values=True)))
        elif parts.path == "/metrics":
            self._say(200, generate_latest(self.server.registry).decode(), METRICS_TEXT)
        else:
            self._say(404, "there are /livez, /readyz?verbose and /metrics\n")

    do_HEAD = do_GET

    def _say(self, status: int, text: str, kind: str = TEXT) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """Who we are; not which Python."""
        return "gridwhistle"

    def log_message(self, format: str, *args: Any) -> None:
        """Probes are no news."""


class HealthServer(HTTPServer):
    """Answers from a few threads beside the loop's."""

    def __init__(self, bind: tuple[str, int], metrics: StageMetrics, readiness: Readiness) -> None:
        """Bind; ``start`` answers.

        Raises:
            OSError: The address cannot be had.
        """
        self.address_family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
        self.readiness = readiness
        self.registry = CollectorRegistry()
        self.registry.register(metrics)
        ProcessCollector(registry=self.registry)
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(bind, _Handler)

    def start(self, looks_every: float = 3600.0) -> None:
        """Answer until the process ends; ``looks_every``: seconds between two looks whether it is to end before, which
        only a test wants."""
        threading.Thread(target=self.serve_forever, args=(looks_every,), name="health", daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on another thread, or not at all where too many ask."""
        if not self._room.acquire(blocking=False):
            return self.shutdown_request(request)
        threading.Thread(target=self._answer, args=(request, client_address), daemon=True).start()

    def _answer(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError:
            return  # whoever asked has gone
        finally:
            self.shutdown_request(request)
            self._room.release()

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, as the library would."""
        super(HTTPServer, self).server_bind()
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]
