"""``gridwhistle acl``: rights and users at the broker, as the registry of topics says who writes and reads what."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.kafka import access, topic_admin
from engine.local.folder import settings_of
from engine.settings import Settings

acl = typer.Typer(
    help="Rights and users at the broker.\n\nExample: gridwhistle acl plan --pack guancheng",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Pack = Annotated[str, typer.Option(help="Pack whose departments get theirs; without it, the one in force.")]


@acl.command()
def plan(pack: Pack = "", data: Data = None) -> None:
    """Print what 'acl apply' would change; exit 1 if anything. Example: gridwhistle acl plan --pack ./my-law"""
    lines = run_async(_difference(settings_of(data), pack)).lines()
    print("\n".join(lines) or "rights and users are as the registry wants them")
    if lines:
        raise typer.Exit(1)


@acl.command()
def apply(
    passwords: Annotated[Path, typer.Option(help="Folder that gets <user>.password (0600) of each new user.")],
    pack: Pack = "",
    data: Data = None,
) -> None:
    """Make missing users and rights, and take away what of ours is too much. Needs a user that may alter the cluster.

    Passwords of users that are there already stay. One of a user that is not at this broker is taken as it is: killed
    in between, it is given again, and nothing is lost.

    Example: gridwhistle acl apply --pack guancheng --passwords ./secrets
    """
    settings = settings_of(data)
    change = run_async(_difference(settings, pack))
    run_async(access.apply(settings, change, access.kept_passwords(change.users, passwords)))
    print("\n".join(change.lines()) or "nothing to change")


async def _difference(settings: Settings, pack: str) -> access.Difference:
    if not pack:
        return await access.difference(settings, await topic_admin.departments_of(settings))
    from engine.client.publish_pack import prove

    return await access.difference(settings, [department.code for department in prove(pack).departments])
