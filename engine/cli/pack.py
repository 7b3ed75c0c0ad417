"""``gridwhistle pack``: check, show and publish a city's law."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.errors import InvalidRulePack
from engine.packs import prove, publish
from rules.bound import farthest
from rules.pack import pack_ref

pack = typer.Typer(help="Check, show and publish a city's law (a pack).", add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Name = Annotated[str, typer.Argument(help="A shipped pack's name (guancheng, los-angeles) or the folder of your own.")]


@pack.command()
def check(name: Name) -> None:
    """Verify a pack: all faults at once, each with the mend; exit 1 if there are any."""
    try:
        bundle = prove(name)
    except InvalidRulePack as exc:
        print(exc)
        raise typer.Exit(1) from exc
    worst = farthest({share.code: share.share for share in bundle.shares})
    print(f"{pack_ref(bundle)} has no faults")
    print(f"split: whoever is eligible throughout, no party is ever more than {worst} of a ticket from its target")


@pack.command()
def show(name: Name) -> None:
    """Show what a pack says: tree, shares, ladders, categories with limit and lead."""
    bundle = prove(name)
    levels = Counter(node.level for node in bundle.nodes)
    print(f"{pack_ref(bundle)}  {bundle.title} {bundle.title_zh}")
    print("tree:     " + ", ".join(f"{levels[level]} {level}" for level in bundle.levels) + f"; tickets are filed at the {bundle.home_level}")
    print("split:    " + ", ".join(f"{share.code} {share.share} %" for share in bundle.shares))
    for ladder, tiers in bundle.ladders.items():
        print(f"ladder:   {ladder}: " + " -> ".join(tier.name for tier in tiers))
    print(f"calendar: {bundle.calendar.name}, years {min(bundle.calendar.years)} to {max(bundle.calendar.years)}")
    for c in bundle.categories:
        start = f"department {c.lead}" if c.starts_at == "department" else c.starts_at
        start = "street, whistle" if c.urgency in bundle.automatic_whistle else start
        print(f"  {c.code:<26} {c.urgency}  {c.limit.amount:>3} {c.limit.unit:<12} {start:<16} lead {c.lead or '-':<10} {c.label_zh or c.label}")


@pack.command("publish")
def publish_pack(name: Name, data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None) -> None:
    """Make a pack current: written to the log, adopted by every partition; open tickets keep theirs."""
    from engine.local.folder import settings_of

    print(f"published {run_async(publish(settings_of(data), name))}")
