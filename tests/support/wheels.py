"""Wheels built from the source as it lies here, plain or with the law compiled, and environments with such a wheel.

``python -m tests.support.wheels FOLDER`` makes an environment with the compiled one (``make compiled``).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from engine.console import build
from engine.gateway.console import DIST

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "rules", "topics")
BESIDE = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
STAMP = "of.sha256"
"""In an environment: of what its wheel was built."""


def product() -> list[str]:
    """Name what Vite made of the console."""
    return [str(path.relative_to(ROOT)) for path in sorted(DIST.rglob("*")) if path.is_file() and path != build.STAMP]


def tracked(root: Path = ROOT) -> list[str]:
    """Name the files of the packages, and what building them reads; a copy without version control is walked, a clone
    of another user's is asked all the same."""
    if not (root / ".git").exists():
        found = [
            path
            for package in PACKAGES
            for path in sorted((root / package).rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]
        return [str(path.relative_to(root)) for path in found] + [*BESIDE]
    words = ["ls-files", "--cached", "--others", "--exclude-standard", "--", *PACKAGES, *BESIDE]
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", *words], cwd=root, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.splitlines() if (root / name).is_file()]


def built(folder: Path, is_compiled: bool = False, **environ: str) -> Path:
    """Build a wheel from a copy of what is under version control, of the console's product, and of nothing that lies
    about; compiling takes a minute of CPU."""
    for name in [*tracked(), *product()]:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_bytes((ROOT / name).read_bytes())
    words = ["wheel", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "-v", "-w", str(folder)]
    own = {name: text for name, text in os.environ.items() if name != "GRIDWHISTLE_COMPILE"} | environ
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, str(folder / "source")],
        env=own | ({"GRIDWHISTLE_COMPILE": "1"} if is_compiled else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-5000:]
    (found,) = folder.glob("gridwhistle-*.whl")
    return found


def installed(wheel: Path, env: Path, has_tests: bool = False) -> tuple[Path, Path]:
    """A new environment with the wheel alone; gives its interpreter and where its packages lie. What ours depends on is
    lent to it from here; ``has_tests``: so are the tests, to whoever does not stand in the source's folder."""
    python, lent = env / "bin" / "python", sysconfig.get_path("purelib")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    install = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), *install], check=True)
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    asked = subprocess.run([str(python), "-c", script], capture_output=True, text=True, check=True)
    own = Path(asked.stdout.strip())
    # a path in a .pth file is searched after our own, and its .pth files, the editable install among them, are not read
    (own / "lent.pth").write_text(f"{lent}\n" + (f"{ROOT}\n" if has_tests else ""))
    return python, own


def digest() -> str:
    """Of everything that a wheel is built of, and of the Python that builds it."""
    found = hashlib.sha256(sys.version.encode())
    for name in [*tracked(), *product()]:
        found.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return found.hexdigest()


def compiled(env: Path) -> Path:
    """Make the environment with the compiled wheel, where it is not there already; answers its interpreter. What was
    interrupted leaves the former one, or one without a stamp, which is made anew."""
    now, stamp = digest(), env / STAMP
    if stamp.exists() and stamp.read_text() == now:
        return env / "bin" / "python"
    print(f"compiling the law into {env}: two or three minutes", flush=True)
    with tempfile.TemporaryDirectory(prefix="gridwhistle-wheel-") as scratch:
        wheel = built(Path(scratch), is_compiled=True)
        if wheel.name.endswith("-any.whl"):
            said = (Path(scratch) / "said.txt").read_text(encoding="utf-8").splitlines()
            sys.exit(next(line.strip() for line in said if "GRIDWHISTLE_COMPILE=1: " in line))
        shutil.rmtree(env, ignore_errors=True)
        installed(wheel, env, has_tests=True)
    stamp.write_text(now)
    return env / "bin" / "python"


if __name__ == "__main__":
    try:
        compiled(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
