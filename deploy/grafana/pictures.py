"""Pictures of the dashboards from a running demonstration: ``python deploy/grafana/pictures.py`` (``make pictures``).

Starts ``gridwhistle up --demo --watch`` in a folder of its own, lets half a minute of the day pass, asks its real
Prometheus every query of every panel, and draws ``docs/pictures/*.svg``.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drawing import Points, picture

HERE = Path(__file__).parent
PICTURES = HERE.parents[1] / "docs" / "pictures"
LOOKS = 100
"""Seconds of the demonstration that are seen: its day is a minute long, and the night follows."""


class Asked:
    """What a Prometheus answers, from a moment on."""

    def __init__(self, url: str, began: float) -> None:
        """Keep its address and where a graph begins."""
        self._url, self._began = url, began

    def get(self, path: str, **query: str) -> Any:
        """The data of an API call."""
        with urllib.request.urlopen(f"{self._url}{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)["data"]

    def ask(self, query: str, last: bool) -> list[tuple[dict[str, str], Points]]:
        """Series with their points; figures that are none are left out."""
        now = time.time()
        if last:
            found = self.get("/api/v1/query", query=query, time=str(now))["result"]
        else:
            found = self.get("/api/v1/query_range", query=query, start=str(self._began), end=str(now), step="2")[
                "result"
            ]
        series = [(one["metric"], one.get("values") or [one["value"]]) for one in found]
        return [
            (labels, [(float(at), float(value)) for at, value in points if value not in ("NaN", "+Inf", "-Inf")])
            for labels, points in series
        ]

    def busiest_department(self) -> str:
        """The one that was sent most."""
        found = self.get("/api/v1/query", query="topk(1, sum by (department) (gridwhistle_tasks_sent_total))")["result"]
        return str(found[0]["metric"]["department"]) if found else ""


def draw_all(asked: Asked, said: str) -> None:
    """Draw every dashboard that lies there."""
    PICTURES.mkdir(exist_ok=True)
    department = asked.busiest_department()
    for file in sorted((HERE / "dashboards").glob("*.json")):
        board = json.loads(file.read_text(encoding="utf-8"))
        drawn = picture(board, asked.ask, said, {"department": department})
        (PICTURES / f"{file.stem}.svg").write_text(drawn, encoding="utf-8")


def main() -> None:
    """Run the demonstration, look, end it."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "engine.cli", "up", "--demo", "--watch", "--data", f"{folder}/demo"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, cwd=HERE.parents[1], env=dict(os.environ))
        try:
            asked = Asked(_address(process, log), time.time())
            time.sleep(LOOKS)
            said = (
                f"{datetime.now(UTC):%Y-%m-%d} · make demo for {LOOKS} s · drawn by deploy/grafana/pictures.py from"
                " Prometheus' answers, not by Grafana"
            )
            draw_all(asked, said)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the stack is up and says where its Prometheus is."""
    while process.poll() is None:
        told = log.read_text(encoding="utf-8")
        if "up in " in told and (found := re.search(r"Prometheus on (http://\S+)", told)):
            return found[1]
        time.sleep(0.2)
    sys.exit(log.read_text(encoding="utf-8")[-2000:])


if __name__ == "__main__":
    main()
