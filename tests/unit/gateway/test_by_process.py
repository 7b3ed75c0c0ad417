"""Programs that the gateway starts import nothing from the folder it happens to stand in."""

import subprocess
from pathlib import Path

import pytest

from engine.gateway.by_process import program


@pytest.mark.parametrize("name", ["pack_trial", "publish_job", "what_if_trial"])
def test_a_hostile_file_in_the_folder_is_not_imported(tmp_path: Path, name: str) -> None:
    """Libraries were looked for there first: whoever could write there could publish a law."""
    for module in ("msgspec", "json", "asyncio"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('hostile')")
    command = [*program(f"engine.client.{name}"), "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, input=b"", capture_output=True, check=False)
    assert b"hostile" not in done.stderr, done.stderr
