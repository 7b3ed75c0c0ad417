"""Mutation run over ``rules/``: ``python -m tests.mutants --work FOLDER``; goes on where it was ended, writes
``docs/results/mutants.md`` when it is through."""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.mutants import draw, page, run
from tests.mutants.cover import Cover

HERE = Path(__file__).parents[2]


def copied(work: Path) -> Path:
    """A tree of its own: what is tried there touches nothing here."""
    tree = work / "tree"
    if not tree.exists():
        names = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in names:
            if (HERE / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(HERE / name, tree / name)
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
        "old": old,
        "new": new,
        "outcome": outcome,
        "tests": len(tests),
        "by": by,
        "s": round(time.monotonic() - begun, 1),
    }


def main() -> int:
    """Go through the draw; 0 when enough was noticed and the rest has its reasons."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "--work",
        type=Path,
        default=HERE / "build" / "mutants",
        help="the copy of the tree, what was measured and what was tried",
    )
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--count", type=int, default=420)
    parser.add_argument(
        "--for",
        dest="seconds",
        type=float,
        default=float("inf"),
        help="stop after so many seconds; go on by running it again",
    )
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    tree, state = copied(args.work.resolve()), args.work / f"tried-{args.seed}.jsonl"
    cover = Cover(tree, args.work.resolve())
    mutants = draw.drawn(tree, args.seed, args.count)
    tries = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()] if state.exists() else []
    end = time.monotonic() + args.seconds
    run.warm()
    unchanged = next(tests for one in mutants if (tests := cover.of(one.path, one.line)))[:20]
    if run.tried(tree, unchanged, 60) != "unnoticed":
        print(
            (tree.parent / "last.out").read_text(encoding="utf-8")[-2000:],
            "\nnothing was changed and a test fails; mend that first",
            file=sys.stderr,
        )
        return 1
    with state.open("a", encoding="utf-8") as out:
        for one in mutants[len(tries) :]:
            if time.monotonic() > end:
                page.write(HERE, args.seed, tries, args.count)
                print(f"{len(tries)} of {args.count} tried; run it again to go on", file=sys.stderr)
                return 75
            tries.append(tried(tree, cover, one))
            out.write(json.dumps(tries[-1], ensure_ascii=False) + "\n")
            out.flush()
    return page.write(HERE, args.seed, tries, args.count)


if __name__ == "__main__":
    sys.exit(main())
