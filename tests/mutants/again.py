"""Tries once more what a former run did not notice, on the tree as it is now: each change is found by its text,
wherever lines and modules have moved to."""

import json
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tests.mutants import draw, page, run, trial
from tests.mutants.cover import Cover
from tests.mutants.same import bare, is_same


def found(tree: Path, row: dict[str, Any]) -> draw.Mutant | None:
    """Find a row's change in the tree: in its file, else in any; of several the one nearest to its former line."""
    for only in (row["path"], "rules"):
        if only != "rules" and not (tree / only).exists():
            continue
        fit = [one for one in draw.all_of(tree, only) if _may_be(tree, row, one) and is_same(row, *_texts(tree, one))]
        if fit:
            return min(fit, key=lambda one: (abs(one.line - row["line"]), one))
    return None


def _may_be(tree: Path, row: dict[str, Any], one: draw.Mutant) -> bool:
    """Whether its line is part of the row's text, or has it: making a change takes 50 ms, and there are thousands."""
    here, old = bare(_lines(tree / one.path)[one.line - 1]), bare(row["old"])
    return bool(here) and (here in old or old in here)


@cache
def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _texts(tree: Path, one: draw.Mutant) -> tuple[str, str]:
    return (tree / one.path).read_text(encoding="utf-8"), draw.changed(tree, one)


def run_again(root: Path, work: Path, seed: int, count: int, tests: Sequence[str], seconds: float) -> int:
    """Try them, write each result into the state of the former run, and its page; run again, it goes on."""
    state, today = work / f"tried-{seed}.jsonl", str(date.today())
    rows: list[dict[str, Any]] = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    then = str(date.fromtimestamp(state.stat().st_mtime))
    rows = [{"on": then} | row for row in rows]
    here = work / "again"
    here.mkdir(exist_ok=True)
    begun = here / "begun"
    if not begun.exists():
        begun.write_text(str(time.time_ns()), encoding="utf-8")
    mark = begun.read_text(encoding="utf-8")
    tree = trial.copied(root, here)
    cover, end = Cover(tree, here, tests), time.monotonic() + seconds
    run.warm()
    todo = [place for place, row in enumerate(rows) if row["outcome"] == "unnoticed" and row.get("round") != mark]
    if not trial.passes_unchanged(tree, cover, (one for place in todo if (one := found(tree, rows[place])))):
        return 1
    for place in todo:
        if time.monotonic() > end:
            print("not through; run it again to go on", file=sys.stderr)
            return 75
        rows[place] |= _once_more(tree, cover, rows[place]) | {"again": today, "round": mark}
        state.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    shutil.rmtree(here)
    return page.write(root, seed, rows, count)


def _once_more(tree: Path, cover: Cover, row: dict[str, Any]) -> dict[str, Any]:
    one = found(tree, row)
    if one is None:
        print(f"its place is no more: {row['path']}: {row['old']}", file=sys.stderr)
        return {}
    tried = trial.tried(tree, cover, one)
    print(f"{tried['outcome']}: {row['path']}: {row['old']}", file=sys.stderr)
    return {name: tried[name] for name in ("path", "line", "function", "outcome", "by", "tests", "s")}
