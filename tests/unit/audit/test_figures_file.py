"""The audit leaves its figures where they were asked for, and puts nothing away for them."""

import os
from pathlib import Path

import pytest

from engine.audit import figures
from engine.audit.report import audit
from engine.errors import InvalidSettings
from engine.kafka.log_snapshot import Log


@pytest.mark.parametrize("where", ["pipe", "folder", "nosuch/x.prom"])
def test_only_a_plain_file_in_a_folder_is_written(where: str, log: Log, tmp_path: Path) -> None:
    """By root, a device of the machine was replaced by a file; a missing folder was told by the scratch file's
    name."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(InvalidSettings, match=where):
        figures.write(tmp_path / where, audit(log), 0.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (tmp_path / "pipe").is_fifo()


def test_a_former_file_is_replaced(log: Log, tmp_path: Path) -> None:
    """Each night anew."""
    (tmp_path / "x.prom").write_text("old")
    figures.write(tmp_path / "x.prom", audit(log), 0.0)
    assert "gridwhistle_audit_findings" in (tmp_path / "x.prom").read_text()
