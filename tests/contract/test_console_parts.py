"""The console's pure parts, by Node's own test runner: time in the city's zone, rows that are folded, facets, forms."""

import os
import subprocess
from pathlib import Path

from engine.console import build

HERE = build.HERE


def test_pure_parts_of_the_console(tmp_path: Path) -> None:
    """Compiled as they are and run; what is said is Node's own."""
    build.build()
    by = build.node()
    path = f"{by.folder}{os.pathsep}{os.environ['PATH']}" if by.folder is not None else os.environ["PATH"]
    environ = os.environ | {"PATH": path, "TZ": "America/Los_Angeles"}  # the city's zone counts, not this machine's
    tsc = HERE / "node_modules" / "typescript" / "bin" / "tsc"
    compiled = subprocess.run(
        ["node", str(tsc), "-p", str(HERE / "tsconfig.test.json"), "--outDir", str(tmp_path)],
        capture_output=True, text=True, env=environ, check=False,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}')
    ran = subprocess.run(
        ["node", "--test", *map(str, sorted((tmp_path / "test").glob("*.js")))],
        capture_output=True, text=True, env=environ, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert "# fail 0" in ran.stdout and "# pass 0" not in ran.stdout
