"""``gridwhistle ticket``: list and show tickets, and give any command of the law by hand."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine import commands_door
from engine.cli import run_async
from engine.errors import InvalidSettings
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.views.history import history, laws
from engine.views.redis_view import RedisView
from engine.views.words import WORDS
from rules import clocks
from rules.teams import stage_owners
from topics import codec
from topics.command import FIELDS
from topics.decision import Decision
from topics.ticket import Ticket
from topics.vocabulary import REFUSALS, CommandKind, Reason

ticket = typer.Typer(
    help="List and show tickets, and give commands.\n\nExample: gridwhistle ticket accept tawan-20260302-7 --as specialist:specialist-tawan-11",
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
)  # fmt: skip
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@ticket.command("list")
def list_tickets(
    queue: Annotated[str, typer.Option(help="tier:<tier>, dept:<code>, grid:<home> or desk; without it the queues are counted.")] = "",
    limit: Annotated[int, typer.Option(help="At most so many rows.")] = 50,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List a live queue, nearest deadline first. Example: gridwhistle ticket list --queue desk"""
    run_async(_list(settings_of(data), queue, limit, as_json))


async def _list(settings: Settings, queue: str, limit: int, as_json: bool) -> None:
    view = RedisView(settings)
    try:
        if not queue:
            counts = await view.counts()
            return print(json.dumps(counts) if as_json else "\n".join(f"{n:>6}  {name}" for name, n in counts.items()) or "no open tickets")
        rows = await view.rows(queue, limit)
    finally:
        await view.close()
    if as_json:
        return print(json.dumps(rows))
    for row in rows:
        print(f"{row['id']:<34} {row['status']:<10} {row.get('category', '-'):<22} {row.get('party', '-'):<13} {row['person']:<26} {_utc(row.get('deadline_at'))}")
    return None if rows else print(f"nothing in {queue}")


@ticket.command()
def show(name: Annotated[str, typer.Argument(help="Ticket id, or <source>:<id>.")], data: Data = None, as_json: Json = False) -> None:
    """Show a ticket: who has it, its clocks with their deadlines, its children, and what happened so far."""
    settings = settings_of(data)
    found = run_async(commands_door.ticket_named(settings, name))
    told = run_async(history(settings, found))
    after = next((c.after for d in reversed(told) for c in reversed(d.changes) if c.ticket == found and c.after is not None), None)
    if after is None:
        print(f"there is no ticket {found}", file=sys.stderr)
        raise typer.Exit(1)
    now = codec.decode(bytes(after), Ticket)
    if as_json:
        return print(bytes(after).decode())
    law = run_async(laws(settings))[now.pack]
    zone = ZoneInfo(law.bundle.timezone)
    print(f"{now.id}  {now.status}  {now.category or '(no category)'} {now.urgency or ''}  generation {now.generation}")
    print(f"  has it   {now.person} ({now.duty}), tier {now.tier or '-'}; next: {now.task}{'; OVERDUE' if now.is_overdue else ''}")
    print(f"  incident {now.identity}, home {now.home}, grid {now.leaf or '-'}: {now.text}")
    print("  stages   " + ", ".join(f"{stage} {owner or '-'}" for stage, owner in stage_owners(law, now).items()))
    for line in _around(now):
        print(f"  {line}")
    for clock in now.clocks:
        rungs = [f"{rung} % {_local(clocks.moment(law, clock, rung, now.urgency), zone)}" for rung in clock.rungs]
        state = "; ".join(rungs) if clock.running_since is not None else f"stopped {_local(clock.stopped_at, zone)}"
        print(f"  clock    {clock.kind} {clock.number}: {clock.limit_ms // 60_000} min ({clock.unit}); {state}")
    for child in now.children:
        print(f"  child    {now.id}/{child.code}/{child.n} {child.role} {child.status}, due {_local(child.deadline_at, zone)}")
    for decision in told:
        print(f"  {_local(decision.at, zone)}  {_line(decision)}")
    return None


def _around(now: Ticket) -> list[str]:
    """Who else is asked, helps or follows."""
    lines = []
    if now.asked is not None:
        lines.append(f"asked    {now.asked.what} by {now.asked.person}: {now.asked.reason}; agreed: {', '.join(who for _, who in now.asked.approved) or 'nobody yet'}")
    if now.consent is not None:
        lines.append(f"consent  {now.consent}; given: {', '.join(role for role, _ in now.consents) or 'none'}")
    if now.helpers:
        lines.append("helpers  " + ", ".join(f"{helper.party}:{helper.person}" for helper in now.helpers))
    if now.folded_into is not None:
        lines.append(f"flood    folded into {now.folded_into}")
    lines += [f"appraisal {said.by} on {said.of}: {said.score} {said.text}".rstrip() for said in now.appraisals]
    return lines


def _line(decision: Decision) -> str:
    what = ", ".join(event.type for event in decision.events if event.type != "TaskDispatched") or decision.reason
    return f"{what}  [{decision.reason}] by {decision.actor or decision.cause}"


def _local(at: int | None, zone: ZoneInfo) -> str:
    return "beyond_horizon" if at is None else datetime.fromtimestamp(at / 1000, zone).strftime("%m-%d %H:%M:%S")


def _utc(at: int | None) -> str:
    return "-" if at is None else datetime.fromtimestamp(at / 1000, ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%MZ")


def _moment(data: Path | None, given: datetime | None) -> int | None:
    """Turn a local date into engine time."""
    if given is None:
        return None
    law = next(iter(run_async(laws(settings_of(data))).values()))
    return int(given.replace(tzinfo=ZoneInfo(law.bundle.timezone)).timestamp()) * 1000


def _command(kind: CommandKind) -> None:
    reads = ", ".join(field.rstrip("?") + (" (optional)" if field.endswith("?") else "") for field in FIELDS[kind]) or "nothing else"

    def give(
        name: Annotated[str, typer.Argument(help="Ticket id, <source>:<id>, or a child <ticket>/<code>/<n>.")],
        acting: Annotated[str, typer.Option("--as", help="ROLE:PERSON of the pack's roster; a department is department:CODE:PERSON.")],
        reason: Annotated[str | None, typer.Option(help="Why.")] = None,
        text: Annotated[str | None, typer.Option(help="Answer, note, or result.")] = None,
        proof: Annotated[list[str] | None, typer.Option(help="A photo or paper; may be repeated.")] = None,
        category: Annotated[str | None, typer.Option(help="Category code or alias.")] = None,
        home: Annotated[str | None, typer.Option(help="Another home.")] = None,
        target: Annotated[str | None, typer.Option(help="Another ticket, person, tier or department.")] = None,
        grid: Annotated[str | None, typer.Option(help="A grid code (place).")] = None,
        score: Annotated[int | None, typer.Option(min=1, max=5, help="1 poor to 5 excellent (appraise).")] = None,
        party: Annotated[str | None, typer.Option(help="A party.")] = None,
        department: Annotated[list[str] | None, typer.Option(help="A department to call; may be repeated, the first is lead.")] = None,
        case: Annotated[str | None, typer.Option(help="street_cannot, joint_enforcement or emergency.")] = None,
        until: Annotated[datetime | None, typer.Option(help="A date in the pack's zone (park).")] = None,
        passed: Annotated[bool | None, typer.Option("--passed/--failed", help="Result of the check.")] = None,
        satisfied: Annotated[bool | None, typer.Option("--satisfied/--unsatisfied", help="The reporter's answer.")] = None,
        command_id: Annotated[str | None, typer.Option("--id", help="Command id; the same id twice is one command.")] = None,
        data: Data = None,
        as_json: Json = False,
    ) -> None:
        given = {
            "reason": reason, "text": text, "proof": tuple(proof or ()), "category": category, "home": home, "target": target, "party": party,
            "departments": tuple(department or ()), "case": case, "until": _moment(data, until), "passed": passed, "satisfied": satisfied, "grid": grid, "score": score,
        }  # fmt: skip
        _give(settings_of(data), kind, name, acting, command_id, {k: v for k, v in given.items() if v not in (None, ())}, as_json)

    give.__doc__ = f"Give the command '{kind}'. It reads: {reads}."
    ticket.command(kind.value.replace("_", "-"))(give)


def _give(settings: Settings, kind: CommandKind, name: str, acting: str, command_id: str | None, fields: dict[str, Any], as_json: bool) -> None:
    missing = [field for field in FIELDS[kind] if not field.endswith("?") and field not in fields and field not in ("reason", "text", "proof")]
    if missing:
        raise InvalidSettings(f"'ticket {kind}' needs --{' and --'.join(m.removesuffix('s') if m == 'departments' else m for m in missing)}")
    actor = commands_door.actor_of(acting)
    parent, slash, child = name.partition("/")
    found = run_async(commands_door.ticket_named(settings, parent))
    decision = run_async(commands_door.give(settings, kind, found + slash + child, actor, command_id, fields))
    if decision is None:
        print("sent; not decided yet. 'gridwhistle ticket show' will tell, or give it again with the same --id", file=sys.stderr)
        raise typer.Exit(2)
    refused = decision.reason in REFUSALS
    if as_json:
        print(codec.encode(decision).decode())
    elif refused:
        print(f"refused: {decision.reason} — {WORDS[Reason(decision.reason)]}")
    else:
        events = [event.type for event in decision.events if event.type != "TaskDispatched"]
        print(f"{WORDS[Reason(decision.reason)]}: {', '.join(events) or decision.reason}")
    if refused:
        raise typer.Exit(1)


for _kind in FIELDS:
    _command(_kind)
