"""Each demonstration begins with a morning; no other stack is touched for it."""

from pathlib import Path

import pytest

from engine.cli.stack import _new_day
from engine.errors import InvalidSettings
from engine.local.demo import demo_clock
from engine.local.folder import StackFile, read_stack, take_folder, write_stack
from engine.local.lock import held
from engine.security.private_files import make_folder, write_whole


def former(folder: Path, **more: object) -> None:
    """What a stack has left behind."""
    take_folder(folder)
    redis, in_force = "redis://127.0.0.1:3/0", "guancheng@1"
    write_stack(folder, StackFile("guancheng", "127.0.0.1:1", redis, in_force=in_force, **more))  # type: ignore[arg-type]
    make_folder(folder / "kafka")
    write_whole(folder / "kafka" / "log", b"yesterday")
    write_whole(folder / "master.key", b"k" * 32)


@pytest.mark.parametrize("more", [{"demo": True}, {"clock": demo_clock()}])
def test_a_second_demonstration_starts_a_new_day(more: dict[str, object], tmp_path: Path) -> None:
    """Yesterday's log, key and clock are gone, whoever wrote the folder: this version or the one before."""
    former(tmp_path / "d", **more)
    assert _new_day(tmp_path / "d", None) == demo_clock()
    assert read_stack(tmp_path / "d") is None
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == []


def test_another_stack_is_not_taken_for_a_demonstration(tmp_path: Path) -> None:
    """Nor one that runs: both stay as they are."""
    former(tmp_path / "real")
    with pytest.raises(InvalidSettings, match="no demonstration"):
        _new_day(tmp_path / "real", None)
    former(tmp_path / "running", demo=True)
    with held(tmp_path / "running", "gridwhistle up"), pytest.raises(Exception, match="is held by"):
        _new_day(tmp_path / "running", None)
    for name in ("real", "running"):
        assert (tmp_path / name / "kafka" / "log").read_bytes() == b"yesterday"


def test_a_first_demonstration_needs_no_folder(tmp_path: Path) -> None:
    """There is nothing to clear."""
    assert _new_day(tmp_path / "none", None) == demo_clock()
    assert _new_day(tmp_path / "none", "2018-01-01T00:00:00-08:00@3600") == "2018-01-01T00:00:00-08:00@3600"
