"""``gridwhistle pack new``: what it writes passes every check and feeds its own example."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli import _single
from engine.cli.feed import feed
from engine.cli.newpack import make_pack
from engine.cli.pack import pack
from engine.client.publish_pack import prove
from engine.errors import InvalidSettings


def test_a_new_pack_passes_check_and_feeds_its_example(tmp_path: Path) -> None:
    """Comments in every file; the name is the folder's; every row of the example would become a ticket."""
    folder = tmp_path / "east-town"
    written = make_pack(folder)
    assert [path.name for path in written] == [
        "categories.yaml",
        "example.csv",
        "feed.yaml",
        "grid.yaml",
        "pack.yaml",
        "roster.yaml",
    ]
    assert all("#" in path.read_text(encoding="utf-8") for path in written if path.suffix == ".yaml")
    assert prove(str(folder)).name == "east-town"
    checked = CliRunner().invoke(pack, ["check", str(folder)])
    assert checked.exit_code == 0, checked.output
    tried = CliRunner().invoke(_single(feed), [str(folder / "example.csv"), "--pack", str(folder), "--dry-run"])
    assert tried.exit_code == 0 and "4 would become a ticket" in tried.output


def test_nothing_is_overwritten_and_no_name_is_taken_that_is_none(tmp_path: Path) -> None:
    """Said with what would do."""
    make_pack(tmp_path / "a")
    with pytest.raises(InvalidSettings, match="is there already"):
        make_pack(tmp_path / "a")
    with pytest.raises(InvalidSettings, match="no name of a pack"):
        make_pack(tmp_path / "My Town")


def test_a_pack_may_extend_a_folder_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen from its own folder, whatever the working directory is."""
    make_pack(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "pack.yaml").write_text("extends: ../a\nname: a\nmax_declines: 1\n")
    monkeypatch.chdir("/")
    assert prove(str(tmp_path / "b")).max_declines == 1
