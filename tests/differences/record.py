"""Records two runs of the version that is on the path, without a broker: the demonstration's day, and the first rows of
Los Angeles.

Run by ``tests.differences`` with an older tree on the path: it imports only what both versions have, by the names that
``NAMES`` there gives back.
"""

import gzip
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import engine
from engine.feed.feedmap import load_feed_map
from engine.feed.mapping import map_row
from engine.feed.plan import make_plan
from engine.feed.rows import read_rows
from rules.decide import decide
from rules.law.compiled import Law
from rules.law.placement import Places
from rules.rulepack.compiler import compile_pack, pack_ref
from rules.rulepack.loader import load_pack
from rules.state import causes as books
from rules.state.partition_state import Book
from topics import codec
from topics.command import Actor, Command
from topics.incident import Incident
from topics.pack import PackBundle
from topics.vocabulary import Role

ROWS = 1500
PACKS = Path(engine.__file__).parents[1] / "rules" / "packs"


def row(kind: str, cause: Any, outcome: Any, appended: int) -> str:
    """One decision and what it was decided from."""
    told: dict[str, Callable[[], bytes]] = {
        "incident": lambda: codec.encode(cause.incident),
        "command": lambda: codec.encode(cause.command),
        "clock": lambda: b"null",
    }
    return json.dumps(
        {
            "kind": kind,
            "id": getattr(cause, "id", ""),
            "cause": told[kind]().decode(),
            "appended": appended,
            "decision": codec.encode(outcome.decision).decode(),
        },
        ensure_ascii=False,
    )


def law_of(name: str) -> Law:
    """The pack as this version compiles it, read back as from its topic."""
    bundle = compile_pack(load_pack(name))
    return Law(pack_ref(bundle), codec.decode(codec.encode(bundle), PackBundle))


def demo() -> Iterator[str]:
    """A day from 08:00 to 18:00."""
    from tests.support import demo_day

    law = law_of("guancheng")
    yield json.dumps({"pack": law.ref, "bundle": codec.encode(law.bundle).decode()}, ensure_ascii=False)
    rows: list[str] = []

    def kept(book: Any, laws: Any, cause: Any, at: int) -> Any:
        outcome = decide(book, laws, cause, at)
        kind = {"IncidentCause": "incident", "CommandCause": "command", "ClockCause": "clock"}[type(cause).__name__]
        rows.append(row(kind, cause, outcome, getattr(cause, "appended_at", at)))
        return outcome

    told: Any = demo_day
    asked = told.answers
    # the demonstration's departments have learnt to look at the urgency since
    known = len(inspect.signature(asked).parameters)
    told.answers = lambda *words: asked(*words[:known])
    told.decide = kept
    midnight = int(datetime(2026, 11, 24, 16, tzinfo=UTC).timestamp() * 1000)
    for _ in demo_day.DemoDay(law, midnight, 1).decisions():
        yield rows.pop()


def reported(law: Law, places: Places, step: Any) -> Incident:
    """A row as intake hands it on."""
    data, where = step.row.data, step.row.data["location"]
    placed = places.place(where.get("grid"), where.get("lat"), where.get("lon"), where.get("crs"), where.get("address"))
    promised = data.get("promised_by")
    return Incident(
        identity=step.row.identity,
        home=placed.home,
        occurred_at=step.at,
        received_at=step.at,
        channel=data["channel"],
        pack=law.ref,
        placed_by=placed.by,
        category=law.category_code(data["category"]) if data.get("category") else None,
        leaf=placed.leaf,
        flags=placed.flags,
        promised_by=int(datetime.fromisoformat(promised).timestamp() * 1000) if promised else None,
    )


def closing(name: str, step: Any, ticket: str) -> Command:
    """What the city says at the end of a row."""
    actor = Actor(Role.SOURCE, step.row.source)
    return Command(
        id=name, kind=step.closing.kind, actor=actor, accepted_at=step.at, ticket=ticket, reason=step.closing.reason
    )


def los_angeles(file: Path) -> Iterator[str]:
    """The first rows in order of events, each placed by the pack, each closed when the city closed it; clocks in
    between."""
    law = law_of("los-angeles")
    yield json.dumps({"pack": law.ref, "bundle": codec.encode(law.bundle).decode()}, ensure_ascii=False)
    feed, places = load_feed_map(PACKS / "los-angeles"), Places(law.bundle)
    plan = make_plan((map_row(feed, one) for one in read_rows(file)), limit=ROWS)
    book, tickets = Book({law.ref: law}), dict[str, str]()
    book.opened(law.ref, plan.steps[0].at)
    for n, step in enumerate(plan.steps):
        while (due := book.first_due(step.at - 1)) is not None:
            outcome = decide(book, book.laws, due, due.due_at)
            book.apply(outcome)
            yield row("clock", due, outcome, due.due_at)
        name = step.row.identity
        if step.closing is not None and name not in tickets:
            continue  # closed, says the city, before it was reported
        cause: Any = (
            books.IncidentCause(f"incidents:0:{n}", reported(law, places, step))
            if step.closing is None
            else books.CommandCause(
                id=f"commands:0:{n}", command=closing(f"c{n}", step, tickets[name]), appended_at=step.at
            )
        )
        outcome = decide(book, book.laws, cause, step.at)
        book.apply(outcome)
        if step.closing is None:
            tickets[name] = outcome.decision.ticket or ""
        yield row("incident" if step.closing is None else "command", cause, outcome, step.at)


if __name__ == "__main__":
    folder, data = Path(sys.argv[1]), Path(sys.argv[2])
    for name, told in (("demo", demo()), ("los-angeles", los_angeles(data))):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
            for line in told:
                out.write(line + "\n")
