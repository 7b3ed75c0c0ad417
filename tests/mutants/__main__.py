"""Mutation run over ``rules/``: ``python -m tests.mutants --work FOLDER``; goes on where it was ended, writes
``docs/results/mutants.md`` when it is through."""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.mutants import again, cover, draw, page, run, trial

HERE = Path(__file__).parents[2]


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument(
        "--work",
        type=Path,
        default=HERE / "build" / "mutants",
        help="the copy of the tree, what was measured and what was tried",
    )
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--count", type=int, default=420)
    parser.add_argument(
        "--again",
        action="store_true",
        help="try only what a former run did not notice, once more on the present tree; each is found by its text",
    )
    parser.add_argument(
        "--tests",
        nargs="+",
        default=cover.FOLDERS,
        help="with --again: the tests to try; what these do not notice stays unnoticed",
    )
    parser.add_argument(
        "--for",
        dest="seconds",
        type=float,
        default=float("inf"),
        help="stop after so many seconds; go on by running it again",
    )
    return parser.parse_args()


def main() -> int:
    """Go through the draw; 0 when enough was noticed and the rest has its reasons."""
    args = options()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.again:
        return again.run_again(HERE, args.work.resolve(), args.seed, args.count, args.tests, args.seconds)
    tree, state = trial.copied(HERE, args.work.resolve()), args.work / f"tried-{args.seed}.jsonl"
    measured = cover.Cover(tree, args.work.resolve())
    mutants = draw.drawn(tree, args.seed, args.count)
    tries = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()] if state.exists() else []
    end = time.monotonic() + args.seconds
    run.warm()
    if not trial.passes_unchanged(tree, measured, mutants):
        return 1
    with state.open("a", encoding="utf-8") as out:
        for one in mutants[len(tries) :]:
            if time.monotonic() > end:
                page.write(HERE, args.seed, tries, args.count)
                print(f"{len(tries)} of {args.count} tried; run it again to go on", file=sys.stderr)
                return 75
            tries.append(trial.tried(tree, measured, one))
            out.write(json.dumps(tries[-1], ensure_ascii=False) + "\n")
            out.flush()
    return page.write(HERE, args.seed, tries, args.count)


if __name__ == "__main__":
    sys.exit(main())
