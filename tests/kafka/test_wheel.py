"""What is built from the source is whole: a wheel in an environment of its own tells the demonstration's days, away
from the source; each ends clean, and its stages had nothing to complain of."""

import json
import signal
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.console import build
from engine.local.plan import PORT_BLOCK
from tests.support import wheels
from tests.support.servers import free_ports
from tests.support.stacks import ENVIRON, wait
from tests.support.wheels import PACKAGES, installed, product, tracked


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As anybody builds it."""
    build.build()
    return wheels.built(tmp_path_factory.mktemp("wheel"))


def test_a_copy_without_version_control_has_the_same_files(tmp_path: Path) -> None:
    """An archive of the source is built from as well; what lies about in caches is no part of it."""
    by_git = set(tracked())
    for name in by_git:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "engine" / "__pycache__").mkdir()
    (tmp_path / "engine" / "__pycache__" / "x.pyc").touch()
    assert set(tracked(tmp_path)) == by_git and len(by_git) > 200


def test_everything_that_the_packages_have_is_in_the_wheel(wheel: Path) -> None:
    """Packs, schemas, examples, scripts of the view, templates, the console as it is served: not the modules alone."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in tracked() if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    wanted = {name for name in wanted if not name.startswith("engine/console/") or name.endswith(".py")} | {*product()}
    assert "engine/console/dist/index.html" in wanted and not any("node_modules" in name for name in packed)
    assert len({Path(name).suffix for name in wanted}) > 4
    assert sorted(wanted - packed) == []
    assert sorted(name for name in packed if name.startswith(("tests/", "deploy/"))) == []


@pytest.mark.alone(
    reason="at 600 times the speed four hours of a morning are 24 s, within which all stages must be there"
)
def test_an_installed_wheel_tells_two_days_away_from_the_source(wheel: Path, tmp_path: Path) -> None:
    """The environment has nothing of the source's folder; what ours depends on is lent to it from here, where it is
    pinned by hash. One day ends by itself and the next by Ctrl-C: in the same folder it is of another vault and of
    tickets of its own, at eight o'clock again."""
    python, own = installed(wheel, tmp_path / "env")
    away = tmp_path / "away"
    away.mkdir()
    script = "import engine, rules, topics; print(engine.__file__, rules.__file__, topics.__file__)"
    where = subprocess.run([str(python), "-P", "-c", script], cwd=away, capture_output=True, text=True, check=True)
    assert all(path.startswith(str(own)) for path in where.stdout.split()), where.stdout
    program, base = tmp_path / "env" / "bin" / "gridwhistle", free_ports(PORT_BLOCK)
    command = [str(program), "up", "--demo", "--json", "--port-base", str(base), "--data", str(away / "stack")]
    days = [day([*command, "--for", "30"], away / "stack"), day(command, away / "stack", filed=5)]
    assert days[0]["key"] != days[1]["key"]
    for one in days:
        assert one["report"]["clean"] and one["report"]["tickets"] > 0, one["report"]
        assert "08:00" <= one["first"] < "12:00", "the morning begins when the stages are there"
        assert one["complaints"] == []


def day(command: list[str], data: Path, filed: int | None = None) -> dict[str, Any]:
    """Start it; once more tickets than that are filed, end it as a person does, else it ends by itself; answers what
    was seen."""
    said = data / "logs" / "actors.log"
    before = said.stat().st_ino if said.exists() else None
    process = subprocess.Popen(
        command, cwd=data.parent, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        if filed is not None:
            wait(
                lambda: (
                    process.poll() is not None
                    or (said.exists() and said.stat().st_ino != before and said.read_text().count(" filed ") > filed)
                ),
                120,
                "tickets are filed",
            )
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
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
