"""A Prometheus beside the stack: found or refused before anything starts, and told of every process that answers."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from engine.cli.stack import up
from engine.errors import InvalidSettings
from engine.local.folder import StackFile
from engine.local.watching import RULES, command, configuration, find_prometheus
from tests.support import watching
from tests.support.watching import tool

STACK = StackFile(
    "guancheng",
    "127.0.0.1:27000",
    "redis://127.0.0.1:27002/0",
    processes={
        "kafka": {"stage": "server", "pid": 1, "port": 27000},
        "dispatch-1": {"stage": "dispatch", "pid": 2, "port": 27011},
        "dispatch-2": {"stage": "dispatch", "pid": 3, "port": 27012},
        "actors": {"stage": "demo", "pid": 4, "port": None},
    },
)


def test_where_there_is_none_it_says_how_to_get_one(tmp_path: Path) -> None:
    """And one that was named is the one, or none."""
    with pytest.raises(InvalidSettings, match="apt install prometheus"):
        find_prometheus({"PATH": str(tmp_path)})
    with pytest.raises(InvalidSettings, match="GRIDWHISTLE_PROMETHEUS=/nowhere"):
        find_prometheus({"PATH": str(tmp_path), "GRIDWHISTLE_PROMETHEUS": "/nowhere"})
    program = tmp_path / "prometheus"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert (
        find_prometheus({"PATH": str(tmp_path)})
        == find_prometheus({"PATH": "", "GRIDWHISTLE_PROMETHEUS": str(program)})
        == program
    )


@pytest.mark.parametrize("demo", [True, False])
def test_without_one_nothing_is_made_and_no_former_day_is_cleared_away(
    demo: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked is looked at first; the words say how to get one without root, too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GRIDWHISTLE_PROMETHEUS", raising=False)
    with pytest.raises(InvalidSettings, match="dpkg -x"):
        up(data=tmp_path / "mine", watch=True, demo=demo)
    assert list(tmp_path.iterdir()) == []


def test_every_process_that_answers_is_read() -> None:
    """Servers and people have no metrics of ours."""
    (job,) = yaml.safe_load(configuration(STACK))["scrape_configs"]
    assert [(one["targets"], one["labels"]["stage"]) for one in job["static_configs"]] == [
        (["127.0.0.1:27011"], "dispatch"),
        (["127.0.0.1:27012"], "dispatch"),
    ]


def test_a_real_promtool_takes_what_is_written(tmp_path: Path) -> None:
    """With our rules."""
    words = command(Path("prometheus"), tmp_path, STACK)
    assert "--web.listen-address=127.0.0.1:27003" in words
    file = tmp_path / "prometheus" / "prometheus.yml"
    assert yaml.safe_load(file.read_text())["rule_files"] == [str(RULES / "recording.yml"), str(RULES / "alerts.yml")]
    done = subprocess.run([tool("promtool"), "check", "config", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_package_that_cannot_be_had_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try may wait five minutes for a registry that is not there: a process learns it once, for every program of
    the package."""
    asked: list[str] = []

    def fails(package: str, folder: Path) -> None:
        asked.append(package)
        raise RuntimeError(f"no {package} today")

    monkeypatch.setenv("GRIDWHISTLE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(watching, "_fetch", fails)
    monkeypatch.setattr(watching, "_LACKING", {})
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for name in ("prometheus", "promtool", "prometheus"):
        with pytest.raises(RuntimeError, match="no prometheus today"):
            watching.tool.__wrapped__(name)
    with pytest.raises(RuntimeError, match="no prometheus-alertmanager today"):
        watching.tool.__wrapped__("amtool")
    assert asked == ["prometheus", "prometheus-alertmanager"]
