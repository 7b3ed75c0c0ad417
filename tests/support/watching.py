"""Prometheus and Alertmanager for tests: an installed one, else Debian's packages unpacked in the user's cache, without
root."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

PACKAGES = {"prometheus": ("prometheus", "promtool"), "prometheus-alertmanager": ("prometheus-alertmanager", "amtool")}
"""Debian's package -> the programs in it that we run."""

PINNED = {
    ("prometheus", "2.42.0+ds-5+deb12u1", "amd64"): "81d59a24fce84f7fbe97a45a4f2914b6a5881b5cd1db2a6a0e129e515e1a5f55",
    (
        "prometheus-alertmanager",
        "0.25.0-1+b4",
        "amd64",
    ): "4fb9aed15cfe8e0c32408e643ab32a1e41ee87d2cc26f18aeba928b1b0b98ae7",
}
"""SHA-256 of the packages tried. Another version that the machine's registry serves is taken on apt's word, whose index
is signed."""

OTHER_NAMES = {"prometheus-alertmanager": "alertmanager"}
"""Upstream's own name of a program that Debian calls otherwise."""

BUILT_IN = b"/usr/share/prometheus/alertmanager"
"""Where Debian's Alertmanager looks for its templates, and nowhere else."""


def cache_folder() -> Path:
    """Where the packages are unpacked, shared by all runs of this user."""
    chosen = os.environ.get("GRIDWHISTLE_CACHE_DIR")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "gridwhistle") / "monitoring"


@cache
def tool(name: str) -> str:
    """The path of ``prometheus``, ``promtool``, ``prometheus-alertmanager`` or ``amtool``.

    Raises:
        RuntimeError: It is neither installed nor to be had; says what is missing. A test that needs it fails, it does
            not skip.
    """
    package = next(package for package, programs in PACKAGES.items() if name in programs)
    if found := shutil.which(name) or shutil.which(OTHER_NAMES.get(name, name)):
        return found
    folder = cache_folder()
    path = folder / package / "usr" / "bin" / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests side by side fetch once
            if not path.exists():
                _fetch_once(package, folder)
    return str(path)


_LACKING: dict[str, str] = {}
"""Package -> why it could not be had. Each try may wait minutes for a registry that is not there: a process learns it
once."""


def _fetch_once(package: str, folder: Path) -> None:
    if package not in _LACKING:
        try:
            return _fetch(package, folder)
        except (RuntimeError, OSError, subprocess.SubprocessError) as exc:
            _LACKING[package] = str(exc)
    raise RuntimeError(_LACKING[package])


def _fetch(package: str, folder: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise RuntimeError(
            f"{package} is not installed, and without apt-get and dpkg it cannot be fetched: install Prometheus >= 2.42"
            " and Alertmanager >= 0.25"
        )
    scratch = folder / "download"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    done = _apt(folder, "download", package, cwd=scratch)
    if done.returncode:  # a new machine has no list of packages yet, and without root ours must be our own
        _update(folder)
        done = _apt(folder, "download", package, cwd=scratch)
    files = list(scratch.glob("*.deb"))
    if done.returncode or len(files) != 1:
        raise RuntimeError(
            f"{package} is not installed, and apt-get could not download it:\n{done.stderr[-800:]}\ninstall it by hand,"
            f" e.g. apt-get install {package}"
        )
    _compare(package, files[0])
    subprocess.run(["dpkg", "-x", files[0], scratch / "x"], check=True, capture_output=True)
    if package == "prometheus-alertmanager":
        _relocate(scratch / "x" / "usr" / "bin" / package)
    shutil.rmtree(folder / package, ignore_errors=True)
    (scratch / "x").rename(folder / package)
    shutil.rmtree(scratch)


@cache
def _update(folder: Path) -> None:
    """Once for all packages: a second try says no more than the first."""
    _apt(folder, "update", cwd=folder)


def _relocate(program: Path) -> None:
    """Without root nothing can lie where it looks: the path in it becomes one of the same length that means the folder
    it is started in."""
    program.write_bytes(program.read_bytes().replace(BUILT_IN, b"./" * (len(BUILT_IN) // 2)))


def home_of(program: str) -> Path:
    """The folder to start a program in."""
    there = Path(program).parents[1] / "share" / "prometheus" / "alertmanager"
    return there if there.is_dir() else Path("/")


def _compare(package: str, file: Path) -> None:
    fields = subprocess.run(
        ["dpkg-deb", "-f", file, "Version", "Architecture"], check=True, capture_output=True, text=True
    ).stdout
    said = dict(line.split(": ", 1) for line in fields.splitlines())
    pinned = PINNED.get((package, said["Version"], said["Architecture"]))
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if pinned is not None and found != pinned:
        raise RuntimeError(f"{file.name} has the checksum {found}, not the pinned {pinned}; it is refused")


def _apt(folder: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """apt-get with the machine's registry, by lists of our own once the machine's do not do."""
    own = folder / "apt"
    options = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1", "-o", "APT::Sandbox::User="]
    if words[0] == "update" or (own / "lists").exists():
        for name in ("lists/partial", "cache/archives/partial"):
            (own / name).mkdir(parents=True, exist_ok=True)
        options += ["-o", f"Dir::State::Lists={own / 'lists'}", "-o", f"Dir::Cache={own / 'cache'}"]
    return subprocess.run(
        ["apt-get", "-q", *options, *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
