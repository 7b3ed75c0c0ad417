"""What is built from the source is whole: a wheel in an environment of its own tells the demonstration's day, away from
the source."""

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from engine.console import build
from engine.gateway.console import DIST
from engine.local.plan import PORT_BLOCK
from tests.support.servers import free_ports
from tests.support.stacks import ENVIRON

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "rules", "topics")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what is under version control, of the console's product, and of nothing that lies about."""
    folder = tmp_path_factory.mktemp("wheel")
    build.build()
    for name in [*tracked(), *product()]:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    words = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--disable-pip-version-check",
        "-w",
        str(folder),
        str(folder / "source"),
    ]
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("gridwhistle-*.whl")
    return built


def product() -> list[str]:
    """Name what Vite made of the console."""
    return [str(path.relative_to(ROOT)) for path in sorted(DIST.rglob("*")) if path.is_file() and path != build.STAMP]


def tracked() -> list[str]:
    """Name the files of the packages, and what building them reads; a copy without version control is walked, a clone
    of another user's is asked all the same."""
    beside = ("pyproject.toml", "README.md", "LICENSE")
    if not (ROOT / ".git").exists():
        found = [
            path
            for package in PACKAGES
            for path in sorted((ROOT / package).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]
        return [str(path.relative_to(ROOT)) for path in found] + [*beside]
    words = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        *PACKAGES,
        *beside,
    ]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_a_copy_without_version_control_has_the_same_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An archive of the source is built from as well; what lies about in caches is no part of it."""
    by_git = set(tracked())
    for name in by_git:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "engine" / "__pycache__").mkdir()
    (tmp_path / "engine" / "__pycache__" / "x.pyc").touch()
    monkeypatch.setattr("tests.kafka.test_wheel.ROOT", tmp_path)
    assert set(tracked()) == by_git and len(by_git) > 200


def test_everything_that_the_packages_have_is_in_the_wheel(wheel: Path) -> None:
    """Packs, schemas, examples, scripts of the view, templates, the console as it is served: not the modules alone."""
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in tracked() if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    wanted = {name for name in wanted if not name.startswith("engine/console/") or name.endswith(".py")} | {*product()}
    assert "engine/console/dist/index.html" in wanted and not any("node_modules" in name for name in packed)
    assert len({Path(name).suffix for name in wanted}) > 4
    assert sorted(wanted - packed) == []
    assert sorted(name for name in packed if name.startswith(("tests/", "deploy/"))) == []


def installed(wheel: Path, env: Path) -> tuple[Path, Path]:
    """A new environment with the wheel alone; gives its interpreter and where its packages lie."""
    python, lent = env / "bin" / "python", sysconfig.get_path("purelib")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    asked = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True)
    own = Path(asked.stdout.strip())
    # a path in a .pth file is searched after our own, and its .pth files, the editable install among them, are not read
    (own / "lent.pth").write_text(f"{lent}\n")
    return python, own


@pytest.mark.alone(reason="a day at 600 times the speed, and an audit of what was worked off by its end")
def test_an_installed_wheel_tells_the_day_away_from_the_source(wheel: Path, tmp_path: Path) -> None:
    """The environment has nothing of the source's folder; what ours depends on is lent to it from here, where it is
    pinned by hash."""
    python, own = installed(wheel, tmp_path / "env")
    away = tmp_path / "away"
    away.mkdir()
    script = "import engine, rules, topics; print(engine.__file__, rules.__file__, topics.__file__)"
    where = subprocess.run([str(python), "-P", "-c", script], cwd=away, capture_output=True, text=True, check=True)
    assert all(path.startswith(str(own)) for path in where.stdout.split()), where.stdout
    command = [
        str(tmp_path / "env" / "bin" / "gridwhistle"),
        "up",
        "--demo",
        "--for",
        "30",
        "--json",
        "--port-base",
        str(free_ports(PORT_BLOCK)),
        "--data",
        str(away / "stack"),
    ]
    done = subprocess.run(command, cwd=away, env=ENVIRON, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["clean"] and report["tickets"] > 0
