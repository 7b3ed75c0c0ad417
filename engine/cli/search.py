"""``gridwhistle search``: tickets of today and of last year, by words, place, person, category, state and time."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.archive.search import MOST, Asked, Found
from engine.archive.search import search as find
from engine.archive.store import Archive
from engine.cli import run_async
from engine.local.folder import settings_of
from engine.settings import Settings
from engine.terminal import plain
from engine.views.lists import Town, town_of
from rules.law.moments import local


def search(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words of text and address; or a ticket's id, or <source>:<id>.")
    ] = None,
    category: Annotated[list[str] | None, typer.Option(help="Category code; may be repeated: any of them.")] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="Status, or open, or ended; may be repeated: any of them.")
    ] = None,
    place: Annotated[
        str, typer.Option(help="A grid's code of any level, or a path of codes: whatever lies in it.")
    ] = "",
    person: Annotated[str, typer.Option(help="Who has it, or handled it.")] = "",
    breached: Annotated[
        bool | None, typer.Option("--breached/--in-time", help="Whether a limit of it was ever broken.")
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="Received then or later; in the pack's zone.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Received before then.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Tickets on one page.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended, as it said.")] = None,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: rows and cursor.")] = False,
) -> None:
    """Find tickets in the archive, newest first; all that is given must hold. Exit 1 if there is none.

    Examples: gridwhistle search 路灯 --place tawan    gridwhistle search bins --state ended --breached
    """
    asked = Asked(
        words=" ".join(words or ()),
        categories=tuple(category or ()),
        states=tuple(state or ()),
        place=place,
        person=person,
        is_breached=breached,
    )
    found = run_async(_search(settings_of(data), asked, (since, until), limit, cursor, as_json))
    if not found.rows:
        raise typer.Exit(1)


async def _search(
    settings: Settings,
    asked: Asked,
    period: tuple[datetime | None, datetime | None],
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> Found:
    archive, town = Archive(settings), await town_of(settings)
    since, until = (None if one is None else _instant(one, town) for one in period)
    try:
        found = await find(archive, _within(asked, since, until), limit, cursor)
    finally:
        await archive.close()
    if as_json:
        print(json.dumps(found._asdict(), ensure_ascii=False))
    elif not found.rows:
        print("nothing found")
    else:
        print("\n".join(line for row in found.rows for line in _written(row, town)))
        if found.cursor is not None:
            print(f"more: --cursor {found.cursor}")
    return found


def _instant(at: datetime, town: Town) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=town.zone)).astimezone(UTC).timestamp()) * 1000


def _within(asked: Asked, since: int | None, until: int | None) -> Asked:
    from msgspec.structs import replace

    return replace(asked, since=since, until=until)


def _written(row: dict[str, object], town: Town) -> list[str]:
    """Two lines: when, which, what became of it; what it is and where."""
    mark = "▲" if row.get("is_breached") else " "
    received = row["received_at"]
    assert isinstance(received, int)
    parts = (town.label(str(row.get("category") or "")), row.get("address") or row.get("leaf"), row.get("text"))
    return [
        f"{mark} {local(received, town.zone)}  {row['id']}  {row['status']}  {plain(str(row['person']))}",
        "    " + " · ".join(plain(str(part)) for part in parts if part),
    ]
