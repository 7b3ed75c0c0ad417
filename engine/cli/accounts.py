"""``gridwhistle accounts``: who may log in at the HTTP gateway by name and password; a password is shown once."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InvalidSettings
from engine.gateway.accounts import KINDS, Accounts
from engine.local.folder import settings_of
from engine.terminal import plain

accounts = typer.Typer(
    help="Logins of people at the HTTP gateway.\n\nExample: gridwhistle accounts add desk-1",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Name = Annotated[str, typer.Argument(help="Its name, as 'accounts list' has it.")]
Stdin = Annotated[bool, typer.Option("--stdin", help="Read the password, one line, from standard input.")]


@accounts.command()
def add(
    name: Annotated[str, typer.Argument(help="A person as the roster names them; or any name, with --kind.")],
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(KINDS)}.")] = "person",
    stdin: Stdin = False,
    data: Data = None,
) -> None:
    """Make an account and print its password, this once. What a person may do is what the roster says of them.

    Examples: accounts add desk-1    accounts add auditor-1 --kind auditor
    """
    _show(Accounts(settings_of(data).accounts_file).add(name, kind, _given(stdin)), stdin)


@accounts.command("list")
def list_accounts(
    data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False
) -> None:
    """List the accounts: what each is, since when its password holds, whether it is in use."""
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "changed": datetime.fromtimestamp(one.changed_at / 1000, UTC).strftime("%Y-%m-%d"),
            "disabled": one.is_disabled,
        }
        for one in Accounts(settings_of(data).accounts_file).all()
    ]
    if as_json:
        return print(json.dumps(rows))
    for row in rows:
        print(plain(f"{row['kind']:<16}{row['changed']:<12}{row['name']}{'  (disabled)' if row['disabled'] else ''}"))
    if not rows:
        print("no accounts; 'gridwhistle accounts add NAME' makes one")
    return None


@accounts.command()
def passwd(name: Name, stdin: Stdin = False, data: Data = None) -> None:
    """Give an account a new password and print it, this once; its sessions end, and one that was disabled is in use
    again."""
    _show(Accounts(settings_of(data).accounts_file).set_password(name, _given(stdin)), stdin)


@accounts.command()
def disable(name: Name, data: Data = None) -> None:
    """Let nobody in by an account any more; its sessions end at once."""
    Accounts(settings_of(data).accounts_file).disable(name)
    print("disabled")


def _given(stdin: bool) -> str | None:
    if not stdin:
        return None
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InvalidSettings("--stdin, and no password came")
    return line


def _show(password: str, stdin: bool) -> None:
    print("set" if stdin else password)
