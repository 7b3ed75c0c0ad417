"""``gridwhistle explain``: why each thing happened to a ticket."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.commands_door import ticket_named
from engine.local.folder import settings_of
from engine.views.history import history, laws
from engine.views.words import WORDS
from rules.explain import explain as explained
from topics import codec
from topics.ticket import Ticket
from topics.vocabulary import Reason


def explain(
    name: Annotated[str, typer.Argument(help="Ticket id, or <source>:<id>.")],
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """Say why each thing happened: rules, facts, candidates, quotas, clocks; and whether working it out again agrees."""
    settings = settings_of(data)
    ticket = run_async(ticket_named(settings, name))
    known = run_async(laws(settings))
    before: Ticket | None = None
    disagreed = 0
    for decision in run_async(history(settings, ticket)):
        law = known[decision.why.pack] if decision.why.pack in known else next(iter(known.values()))
        print(f"{decision.id}: {decision.reason} — {WORDS[Reason(decision.reason)]}")
        lines, agrees = explained(decision, before, law)
        print("\n".join(f"    {line}" for line in lines))
        disagreed += not agrees
        after = next((c.after for c in decision.changes if c.ticket == ticket and c.after is not None), None)
        before = codec.decode(bytes(after), Ticket) if after is not None else before
    print("worked out again, everything agrees" if not disagreed else f"{disagreed} decisions do not agree when worked out again")
    if disagreed:
        raise typer.Exit(1)
