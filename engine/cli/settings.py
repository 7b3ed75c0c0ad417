"""``gridwhistle settings``: what is in force."""

from pathlib import Path
from typing import Annotated

import typer

from engine.local.folder import settings_of


def settings(data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None) -> None:
    """Print the settings in force here, from the environment and the running stack."""
    for name, value in settings_of(data):
        print(f"GRIDWHISTLE_{name.upper()}={value if value is not None else ''}")
