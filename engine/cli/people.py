"""``gridwhistle people``: forget a reporter, by two people; who was shown whom."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.errors import InvalidSettings
from engine.local.folder import settings_of
from engine.people import by_hand
from engine.terminal import plain
from topics import codec

people = typer.Typer(
    help="People's data: forget a reporter, and who was shown whom.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]


@people.command()
def erase(
    acting: Annotated[str, typer.Option("--as", help="Who asks: chief or centre, as ROLE:PERSON.")],
    second: Annotated[str, typer.Option("--and", help="Who agrees: another chief or centre.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit.")],
    ticket: Annotated[str | None, typer.Option(help="A ticket of the person.")] = None,
    number: Annotated[
        bool, typer.Option("--number", help="Read a telephone or card number from standard input instead.")
    ] = False,
    data: Data = None,
) -> None:
    """Destroy the keys of all that lies sealed of a reporter: nobody can show it any more, whoever has the master key.

    Example: gridwhistle people erase --ticket tawan-20260302-1 --as chief:chief-1 --and centre:centre-1 --reason "asked
    in writing"
    """
    if (ticket is None) != number:
        raise InvalidSettings("name a --ticket, or give a --number on standard input")
    given = sys.stdin.readline().strip() if number else None
    done = run_async(
        by_hand.erase(settings_of(data), ticket=ticket, number=given, acting=acting, second=second, reason=reason)
    )
    print(
        f"destroyed the keys of {done.reports} reports and {done.rejected} rejected records, and dropped"
        f" {done.photos} pictures; what came in the last 30 days stands on incidents.raw until its retention drops it"
    )


@people.command("audit")
def people_audit(
    limit: Annotated[int, typer.Option(min=1, help="The latest so many.")] = 50,
    ticket: Annotated[str, typer.Option(help="Who looked at the reporter of this ticket.")] = "",
    who: Annotated[str, typer.Option(help="What this person did, as the audit names them, or a part of it.")] = "",
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List who was shown whom and why, who had whom forgotten and who took figures away, the latest last.

    Example: gridwhistle people audit --ticket tawan-20260302-1 --limit 1000 --json
    """
    every = run_async(by_hand.audited(settings_of(data)))
    for one in [one for one in every if one.ticket == (ticket or one.ticket) and who in one.who][-limit:]:
        if as_json:
            print(codec.encode(one).decode())
            continue
        about = one.ticket or one.record or one.of or one.report or "-"
        print(plain(f"{datetime.fromtimestamp(one.at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC  {one.who}  {one.what} "
                    f" {about}  {one.purpose or ''} {one.text}".rstrip()))  # fmt: skip
