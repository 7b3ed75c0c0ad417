"""``gridwhistle settings``: what is in force, and what a production would be refused."""

import os
from pathlib import Path
from typing import Annotated

import typer

from engine.local.folder import folder_of, read_stack, settings_for, settings_without_stack
from engine.production import findings
from engine.settings import Settings, shown


def settings(
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Say what a production must not have and what to think over; exit 1 if there is anything it must not.",
        ),
    ] = False,
) -> None:
    """Print the settings in force here, from the environment and the folder's stack; passwords are not shown."""
    found = _found(data)
    if check:
        return _check(found)
    for name, value in shown(found).items():
        print(f"GRIDWHISTLE_{name.upper()}={value}")
    return None


def _check(found: Settings) -> None:
    refused = 0
    for how, name, mend in findings(found, os.environ):
        refused += how == "refused"
        print(f"{how:<8} GRIDWHISTLE_{name}: {mend}")
    print(
        f"{refused} refused"
        if refused
        else "nothing is refused; acks=all, idempotence and read_committed are fixed and need no setting"
    )
    if refused:
        raise typer.Exit(1)


def _found(data: Path | None) -> Settings:
    """A stack that does not run still has its settings; where there is none, the environment's stand alone."""
    stack = read_stack(data)
    if stack is not None:
        return settings_for(folder_of(data), stack)
    return settings_without_stack(data)
