"""A machine without a home, or a path that names nobody's: said with the mend, never as a trace."""

from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidSettings
from engine.local import jars
from engine.local.folder import StackFile, folder_of
from engine.settings import Settings, load_settings


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id that no one gave a home: a container's, a service's."""

    def nowhere(cls: Any) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", classmethod(nowhere))
    for name in ("GRIDWHISTLE_DATA_DIR", "GRIDWHISTLE_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


def test_the_home_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether given or set."""
    with pytest.raises(InvalidSettings, match="~nosuch-user-here.*write the path out"):
        folder_of(Path("~nosuch-user-here/x"))
    monkeypatch.setenv("GRIDWHISTLE_DATA_DIR", "~nosuch-user-here/x")
    with pytest.raises(InvalidSettings, match="~nosuch-user-here.*write the path out"):
        folder_of(None)


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_home_is_told_what_to_set(tmp_path: Path) -> None:
    """And needs nothing where the folder is named."""
    for look in (lambda: folder_of(None), Settings, lambda: load_settings({})):
        with pytest.raises(InvalidSettings, match="no home folder.*GRIDWHISTLE_DATA_DIR"):
            look()
    with pytest.raises(InvalidSettings, match="no home folder.*GRIDWHISTLE_CACHE_DIR"):
        jars.cache_folder()
    assert folder_of(tmp_path) == tmp_path
    assert StackFile("guancheng", "b:1", "redis://r:1/0", own_servers=False).replication_factor == 3


def test_a_cache_that_cannot_be_written_names_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path below a file stands for every place that takes nothing."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRIDWHISTLE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(InvalidSettings, match="GRIDWHISTLE_CACHE_DIR"):
        jars.jars()


def test_fetching_leaves_nothing_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """jgo keeps what it downloads in Maven's folder of the home unless told otherwise; one that is set stays."""
    import os

    import jgo

    seen: list[str] = []

    def build(endpoint: str, cache_dir: Path) -> None:
        seen.append(os.environ["M2_REPO"])
        raise RuntimeError("no network")

    monkeypatch.setattr(jgo, "build", build)
    monkeypatch.delenv("M2_REPO", raising=False)
    for kept in (None, str(tmp_path / "m2")):
        if kept is not None:
            monkeypatch.setenv("M2_REPO", kept)
        with pytest.raises(InvalidSettings, match="no network"):
            jars.jars(tmp_path / "cache")
        assert os.environ.get("M2_REPO") == kept
    assert seen[0].startswith(str(tmp_path / "cache")) and seen[1] == str(tmp_path / "m2")
