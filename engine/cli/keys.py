"""``gridwhistle keys``: who may come to the HTTP gateway by a key; the file has hashes, a key is shown once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.client.commands import actor_of
from engine.errors import InvalidSettings
from engine.gateway.keys import Keys
from engine.local.folder import settings_of
from engine.terminal import plain
from topics.hostile_json import LONGEST_NAME
from topics.ids import folded
from topics.incident import unfit_name
from topics.vocabulary import Role

keys = typer.Typer(
    help="Keys of the HTTP gateway.\n\nExample: gridwhistle keys add --source hotline",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]


@keys.command()
def add(
    source: Annotated[str, typer.Option(help="A system that reports, under this name and no other.")] = "",
    wall: Annotated[
        str, typer.Option(help="A screen that shows what ROLE:PERSON sees and can do nothing; prints its address.")
    ] = "",
    acting: Annotated[
        str, typer.Option("--as", help="ROLE:PERSON of the roster, or department:CODE:PERSON for its system.")
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good for.")] = 365,
    data: Data = None,
) -> None:
    """Draw a key and print it, this once. Examples: keys add --source hotline    keys add --as desk:desk-1"""
    if [bool(source), bool(acting), bool(wall)].count(True) != 1:
        raise InvalidSettings("name a --source, or somebody with --as, or whose view a --wall has")
    settings = settings_of(data)
    found = Keys(settings.keys_file)
    if wall:
        return print(_of_wall(found, settings.gateway_bind, wall, days))
    if source:
        if len(source) > LONGEST_NAME or unfit_name(source) or not folded(source).strip():
            raise InvalidSettings(f"--source has at most {LONGEST_NAME} characters, and none that cannot be seen")
        _, text = found.add("source", source, days)
    else:
        actor = actor_of(acting)
        if actor.role in (Role.SOURCE, Role.REPORTER):
            raise InvalidSettings(f"nobody on the roster is a {actor.role}; a system that reports has --source")
        if actor.role is Role.DEPARTMENT and actor.org is None:
            raise InvalidSettings("a department's key names it: --as department:CODE:PERSON")
        kind = "department" if actor.role is Role.DEPARTMENT else "person"
        _, text = found.add(kind, actor.person, days, str(actor.role), actor.org)
    return print(text)


def _of_wall(found: Keys, bind: str, wall: str, days: int) -> str:
    """Draw a wall's key; behind ``#`` in the address, a browser sends it to nobody's log."""
    actor = actor_of(wall)
    if actor.role in (Role.SOURCE, Role.REPORTER):
        raise InvalidSettings(f"nobody on the roster is a {actor.role}")
    _, text = found.add("wall", actor.person, days, str(actor.role), actor.org)
    return f"http://{bind}/wall?views=all,overdue&rotate=30&kiosk#key={text}"


@keys.command("list")
def list_keys(
    data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False
) -> None:
    """List the keys: whose each is, and until when; the secrets are nowhere."""
    found = Keys(settings_of(data).keys_file).all()
    rows = [
        {
            "id": key.id,
            "kind": key.kind,
            "name": key.name if key.role is None else f"{key.role}:{key.org + ':' if key.org else ''}{key.name}",
            "expires": datetime.fromtimestamp(key.expires_at, UTC).strftime("%Y-%m-%d"),
        }
        for key in found
    ]
    if as_json:
        return print(json.dumps(rows))
    for row in rows:
        print(plain(f"{row['id']:<14}{row['kind']:<12}{row['expires']:<12}{row['name']}"))
    if not rows:
        print("no keys; 'gridwhistle keys add --source NAME' makes one")
    return None


@keys.command()
def revoke(name: Annotated[str, typer.Argument(help="Its id, as 'keys list' has it.")], data: Data = None) -> None:
    """Take a key out of force at once."""
    if not Keys(settings_of(data).keys_file).revoke(name):
        raise InvalidSettings(f"there is no key {plain(name)}; 'gridwhistle keys list' has them")
    print("revoked")


@keys.command()
def address(data: Data = None) -> None:
    """Print where this stack's gateway answers. Example: curl "$(gridwhistle keys address)/readyz?verbose"."""
    print(f"http://{settings_of(data).gateway_bind}")
