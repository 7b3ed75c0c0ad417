"""The README's commands run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


TOLD = (
    "TicketMoved",
    "TicketAccepted",
    "TicketFinished",
    "SurveyAnswered, TicketClosed",
    "everything agrees",
    "DepartmentReportedIn",
    "ChildReleased",
    "TicketFiled",
    "changed in every partition",
    "off",
    "done_as_asked",
    "/v1/tickets/hotline:A-1",
)
"""What the section's commands must say."""


def environment() -> dict[str, str]:
    """This one without settings of ours, and the installed command first."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GRIDWHISTLE_") or name == "GRIDWHISTLE_CACHE_DIR"
    }
    return environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"}


def test_a_tickets_life_by_hand(tmp_path: Path) -> None:
    """Every command of the section exits 0, and the ticket goes through its life."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- life: begin -->\n```bash\n(.*?)```\n<!-- life: end -->", text, re.DOTALL)
    assert found is not None
    script = found.group(1)
    environ = environment()
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
    finally:
        subprocess.run(
            [sys.executable, "-m", "engine.cli", "down", "--data", str(tmp_path / "mine")],
            env=environ,
            capture_output=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for word in TOLD:
        assert word in done.stdout, word
    assert not (tmp_path / "mine" / "lock").exists()
