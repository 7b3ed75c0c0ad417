"""Decides what an older version decided once more, by today's law, each from what the record says stood before it:
``python -m tests.differences COMMIT ROWS.csv``.

Each decision is taken by itself: the book holds what the record says, not what today's law would have made of the
decisions before. Written to
``docs/results/law-differences.md``; each kind of difference has the line of the law that was changed, or the page says
that it has none.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from rules.decide import decide
from rules.history.fold import fold, said
from rules.law.compiled import Law
from rules.state.causes import ClockCause, CommandCause, IncidentCause
from rules.state.partition_state import Book
from topics import codec
from topics.command import Command
from topics.incident import Incident
from topics.pack import PackBundle
from topics.vocabulary import ClockKind

HERE = Path(__file__).parents[2]
PAGE = HERE / "docs" / "results" / "law-differences.md"
EACH = HERE / "build" / "law-differences.tsv"
"""Run, decision, in what it differs and why: a line for each; the page counts them by kind."""
STAMPS = ("engine", "said", "schema", "version")
"""Members that say which form a record has, or were added since; they are no decision."""
REASONS = json.loads((Path(__file__).parent / "reasons.json").read_text(encoding="utf-8"))
"""Kind of difference -> the changed line of the law."""
NONE = "**none: look at it**"
NAMES = {
    "from rules.law.compiled import": "from rules.law import",
    "from rules.law.placement import": "from rules.placement import",
    "from rules.rulepack.compiler import": "from rules.pack import",
    "from rules.rulepack.loader import": "from rules.pack import",
    "from rules.state import causes as books": "from rules import book as books",
    "from rules.state.causes import": "from rules.book import",
    "from rules.state.partition_state import": "from rules.book import",
}
"""What the recorder imports -> where it stood before the law had rooms."""


def recording(commit: str, rows: Path, folder: Path) -> None:
    """Let the older version tell both runs."""
    tree = folder / "tree"
    tree.mkdir()
    archive = subprocess.run(
        ["git", "-c", "safe.directory=*", "archive", commit], cwd=HERE, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "x", "-C", str(tree)], input=archive, check=True)
    (tree / "tests" / "differences").mkdir(exist_ok=True)
    for name in ("differences/__init__.py", "differences/record.py", "support/demo_day.py"):
        told = (HERE / "tests" / name).read_text(encoding="utf-8")
        for now, before in NAMES.items():
            told = told.replace(now, before)
        (tree / "tests" / name).write_text(told, encoding="utf-8")
    command = [sys.executable, "-m", "tests.differences.record", str(folder), str(rows.resolve())]
    subprocess.run(command, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, check=True)


def cause_of(line: dict[str, Any], decision: dict[str, Any]) -> IncidentCause | CommandCause | ClockCause:
    """The recorded cause; of a clock its key says which."""
    if line["kind"] == "incident":
        return IncidentCause(line["id"], codec.decode(line["cause"].encode(), Incident))
    if line["kind"] == "command":
        return CommandCause(
            id=line["id"], command=codec.decode(line["cause"].encode(), Command), appended_at=line["appended"]
        )
    _, ticket, _, clock, rest = decision["id"].split(":", 4)
    number, _, rung = rest.rpartition(":")
    return ClockCause(ticket=ticket, kind=ClockKind(clock), number=number, rung=int(rung), due_at=decision["at"])


def plain(value: Any) -> Any:
    """Without what only says the form."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items() if name not in STAMPS}
    return [plain(member) for member in value] if isinstance(value, list) else value


def kinds_of(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """In what two decisions differ, in words that group them."""
    what = was.get("command") or "/".join(was["id"].split(":")[3:4]) or was["cause"]
    if was["reason"] != now["reason"]:
        return [f"{what}: {was['reason']} -> {now['reason']}"]
    found = []
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) == now.get(name):
            continue
        if name == "events":
            mine, other = ([event["type"] for event in one.get("events", [])] for one in (was, now))
            facts = sorted(
                {
                    f"{event['type']}.{fact}"
                    for event, twin in zip(was.get("events", []), now.get("events", []), strict=False)
                    if mine == other
                    for fact in event["facts"].keys() | twin["facts"].keys()
                    if event["facts"].get(fact) != twin["facts"].get(fact)
                }
            )
            found += [f"event {one}" for one in facts] or [f"events {'+'.join(mine)} -> {'+'.join(other)}"]
        elif name == "changes":
            for one, twin in zip(was["changes"], now.get("changes", []), strict=False):
                before, after = one.get("after") or {}, twin.get("after") or {}
                found += [
                    f"ticket {member}"
                    for member in sorted(before.keys() | after.keys())
                    if before.get(member) != after.get(member)
                ]
        else:
            found.append(name)
    return found


def compared(path: Path) -> tuple[int, int, dict[str, list[str]], Counter[str]]:
    """Decisions, of these different, by kind where, and how often."""
    count = differ = 0
    where: dict[str, list[str]] = defaultdict(list)
    times: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        head = json.loads(next(lines))
        law = Law(head["pack"], codec.decode(head["bundle"].encode(), PackBundle))
        book = Book({law.ref: law})
        book.opened(law.ref, 0)
        for text in lines:
            line = json.loads(text)
            was = json.loads(line["decision"])
            count += 1
            try:
                now = json.loads(codec.encode(decide(book, book.laws, cause_of(line, was), was["at"]).decision))
                kinds = kinds_of(plain(was), plain(now))
            except Exception as exc:
                kinds = [f"deciding it raises {type(exc).__name__}: {exc}"[:120]]
            differ += bool(kinds)
            for kind in kinds:
                times[kind] += 1
                where[kind].append(was["id"])
            fold(book, book.laws, said(line["decision"].encode()))
    return count, differ, where, times


def section(name: str, path: Path, each: list[str]) -> str:
    """One run's table; every decision that differs goes into ``each``, with its reason."""
    count, differ, where, times = compared(path)
    each += [f"{name}\t{id}\t{kind}\t{REASONS.get(kind, NONE)}" for kind, ids in sorted(where.items()) for id in ids]
    rows = [
        f"| {kind} | {n} | {REASONS.get(kind, NONE)} | `{'` `'.join(where[kind][:3])}` |"
        for kind, n in sorted(times.items(), key=lambda item: (-item[1], item[0]))
    ]
    return (
        f"## {name}: {count} decisions, {differ} of them differ\n\n| in what | how often | changed line of the law |"
        " for example |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def main() -> None:
    """Record, compare, write the page."""
    commit, rows = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) if len(sys.argv) < 4 else Path(sys.argv[3])
        if len(sys.argv) < 4:
            recording(commit, rows, folder)
        each: list[str] = []
        text = "\n".join(section(run, folder / f"{run}.jsonl.gz", each) for run in ("demo", "los-angeles"))
    EACH.parent.mkdir(exist_ok=True)
    EACH.write_text("\n".join(each) + "\n", encoding="utf-8")
    PAGE.write_text(
        f"# What commit {commit} decided and today's law decides otherwise\n\nThe demonstration's day (seed 1) and the"
        " first 1,500 rows of Los Angeles with what the city closed of them, decided by that version; each"
        " decision\nis taken once more by today's law from what the record says stood before it, so that no difference"
        " is the consequence of another. Not compared are\nthe stamps of a record's form. `python -m"
        " tests.differences "
        + commit
        + " la311-2018.csv` repeats it,\nand writes a line for each decision with its reason into"
        f" `build/law-differences.tsv`. Compared on {date.today()}.\n\n" + text,
        encoding="utf-8",
    )
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
