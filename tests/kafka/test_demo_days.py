"""``make demo``, Ctrl-C, ``make demo``: each begins with a morning of its own, ends clean, and its stages had nothing
to complain of."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import free_ports
from tests.support.stacks import ENVIRON, ROOT, wait


@pytest.mark.alone(
    reason="at 600 times the speed four hours of a morning are 24 s, within which all stages must be there"
)
def test_two_demonstrations_in_one_folder(tmp_path: Path) -> None:
    """The second is of another vault and of tickets of its own, at eight o'clock again."""
    data, base = tmp_path / "d", free_ports(20)
    days = [_day(data, base), _day(data, base)]
    assert days[0]["key"] != days[1]["key"]
    for day in days:
        assert day["report"]["clean"] and day["report"]["tickets"] > 0, day["report"]
        assert "08:00" <= day["first"] < "12:00", "the morning begins when the stages are there"
        assert day["complaints"] == []


def _day(data: Path, base: int) -> dict[str, Any]:
    """Start it, wait for some tickets, end it as a person does; answers what was seen."""
    command = [
        sys.executable,
        "-m",
        "engine.cli",
        "up",
        "--demo",
        "--json",
        "--port-base",
        str(base),
        "--data",
        str(data),
    ]
    said = data / "logs" / "actors.log"
    before = said.stat().st_ino if said.exists() else None
    process = subprocess.Popen(
        command, cwd=ROOT, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait(
            lambda: (
                process.poll() is not None
                or (said.exists() and said.stat().st_ino != before and said.read_text().count(" filed ") > 5)
            ),
            120,
            "tickets are filed",
        )
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0 and "Traceback" not in err, err[-3000:]
    logs = [path.read_text() for path in (data / "logs").glob("*-1.log")]
    return {
        "report": json.loads(out.splitlines()[-1]),
        "first": said.read_text().split()[1],
        "key": (data / "master.key").read_bytes(),
        "complaints": [line for text in logs for line in text.splitlines() if '"level": "info"' not in line],
    }
