"""``gridwhistle settings``: what is in force."""

from pathlib import Path
from typing import Annotated

import typer

from engine.local.folder import folder_of, read_stack, settings_for, settings_without_stack
from engine.settings import Settings, shown_url


def settings(data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None) -> None:
    """Print the settings in force here, from the environment and the folder's stack; passwords are not shown."""
    for name, value in _found(data):
        value = shown_url(value) if name == "redis_url" else value
        print(f"GRIDWHISTLE_{name.upper()}={value if value is not None else ''}")


def _found(data: Path | None) -> Settings:
    """A stack that does not run still has its settings; where there is none, the environment's stand alone."""
    stack = read_stack(data)
    if stack is not None:
        return settings_for(folder_of(data), stack)
    return settings_without_stack(data)
