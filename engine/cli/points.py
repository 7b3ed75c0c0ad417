"""``gridwhistle points``: where the same comes again and again, each a case of its own with a date of review."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from engine.cli import run_async
from engine.kafka.reference import Reference
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import padded, plain
from engine.views.history import decisions
from rules.history.chronic_points import CasePlan, case_plans
from topics import codec
from topics.pack import Chronic, PackBundle
from topics.ticket import Ticket


def points(
    count: Annotated[
        int | None, typer.Option(min=2, help="So many tickets make a point chronic; left out: as the pack has it.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Within so many days.")] = None,
    metres: Annotated[int | None, typer.Option(min=0, help="So near each other.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """List chronic points (一点一案): home, category, how often, and when to review. Example: gridwhistle points
    --count 5
    --days 30"""
    plans, zone = run_async(_plans(settings_of(data), count, days, metres))
    if as_json:
        return print(json.dumps([plan._asdict() for plan in plans]))
    for plan in plans:
        place = plan.leaf or plan.home if plan.point is None else f"{plan.point[0] / 1e7:.5f},{plan.point[1] / 1e7:.5f}"
        review = datetime.fromtimestamp(plan.review_at / 1000, zone).strftime("%Y-%m-%d")
        print(
            f"{len(plan.tickets):>4}  {padded(plan.home, 16)} {padded(plan.category, 22)} {padded(place, 20)} review"
            f" {review}\n      {plain(', '.join(plan.tickets[-3:]))}"
        )
    return print(f"{len(plans)} chronic points; days: {zone.key}")


async def _plans(
    settings: Settings, count: int | None, days: int | None, metres: int | None
) -> tuple[list[CasePlan], ZoneInfo]:
    reference = Reference(settings)
    await reference.refresh()
    bundle = reference.in_force()
    images: dict[str, Ticket] = {}
    last = 0
    for partition in range(settings.partitions):
        async for decision in decisions(settings, partition):
            last = max(last, decision.at)
            images |= {
                change.ticket: codec.decode(bytes(change.after), Ticket)
                for change in decision.changes
                if change.after is not None
            }
    return case_plans(images.values(), _rule(bundle, count, days, metres), last), ZoneInfo(bundle.timezone)


def _rule(bundle: PackBundle, count: int | None, days: int | None, metres: int | None) -> Chronic:
    own = bundle.chronic or Chronic(5, 90, 50, 30)
    return Chronic(count or own.count, days or own.days, own.metres if metres is None else metres, own.review_days)
