"""One change tried: in a copy of the tree, by the tests that run its line."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from tests.mutants import draw, run
from tests.mutants.cover import Cover, function_of


def copied(root: Path, work: Path) -> Path:
    """A tree of its own: what is tried there touches nothing here."""
    tree = work / "tree"
    if not tree.exists():
        names = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in names:
            if (root / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, tree / name)
    return tree


def tried(tree: Path, cover: Cover, one: draw.Mutant) -> dict[str, object]:
    """Change the file, run the likeliest tests, then the rest, put the file back."""
    path = tree / one.path
    before, after = path.read_text(encoding="utf-8"), draw.changed(tree, one)
    tests = cover.of(one.path, one.line)
    few, most = (run.first_of(tests, cover.took, seconds) for seconds in (run.FEW, run.MOST))
    outcome, begun = "unnoticed", time.monotonic()
    path.write_text(after, encoding="utf-8")
    try:
        for some in (tests[:few], tests[few:most]):
            if some and outcome == "unnoticed":
                outcome = run.tried(tree, some, cover.seconds(some))
    finally:
        path.write_text(before, encoding="utf-8")
    old, new = draw.lines(before, after)
    by = run.noticed_by(tree) if outcome == "noticed" else ""
    return {
        "path": one.path,
        "line": one.line,
        "function": function_of(before, one.line),
        "old": old,
        "new": new,
        "outcome": outcome,
        "tests": len(tests),
        "by": by,
        "s": round(time.monotonic() - begun, 1),
        "on": str(date.today()),
    }


def passes_unchanged(tree: Path, cover: Cover, mutants: Iterable[draw.Mutant]) -> bool:
    """Whether tests pass where nothing is changed: else every change would seem noticed."""
    unchanged = next((tests for one in mutants if (tests := cover.of(one.path, one.line))), [])[:20]
    if not unchanged or run.tried(tree, unchanged, 60) == "unnoticed":
        return True
    print(
        (tree.parent / "last.out").read_text(encoding="utf-8")[-2000:],
        "\nnothing was changed and a test fails; mend that first",
        file=sys.stderr,
    )
    return False
