"""The first accounts of a stack: made once, their passwords shown once."""

import asyncio
import sys
from collections.abc import Callable

from engine.gateway.accounts import Accounts, drawn
from engine.gateway.callers import OUTSIDE
from engine.kafka.reference import Reference
from engine.security.private_files import read_whole, write_once
from engine.settings import Settings
from topics.pack import PackBundle
from topics.vocabulary import Role

FILE = "first-passwords"


async def tell_first(settings: Settings, reference: Reference, say: Callable[[str], None]) -> None:
    """Make the first accounts where there are none; they are shown at a terminal alone, and never in a log."""
    await reference.refresh()
    lines = await asyncio.to_thread(make_first, settings, reference.in_force())
    if not lines:
        return
    say(f"first logins are in {settings.data_dir / FILE}; delete it once they are known")
    if sys.stdout.isatty():
        say("\n".join(f"    {line}" for line in lines))


def make_first(settings: Settings, bundle: PackBundle) -> list[str]:
    """Make an account for the first chief of the roster, the auditor and both administrators; answers a line with name
    and password for each, or none where there are accounts."""
    accounts, path = Accounts(settings.accounts_file), settings.data_dir / FILE
    if accounts.path.exists() and not path.exists():
        return []
    chief = next((entry.person for entry in bundle.roster if entry.role == Role.CHIEF), None)
    wanted = [(chief, "person")] if chief is not None else []
    wanted += [(kind.replace("_", "-"), kind) for kind in OUTSIDE]
    # the passwords are kept first: killed in between, the next 'up' makes what is missing, by what was kept
    write_once(path, "".join(f"{name:<20}{drawn()}\n" for name, _ in wanted).encode())
    lines = read_whole(path).decode().splitlines()
    passwords = dict(line.rsplit(maxsplit=1) for line in lines if len(line.split()) > 1)
    there = {one.name for one in accounts.all()}
    missing = [(name, kind) for name, kind in wanted if name in passwords and name not in there]
    for name, kind in missing:
        accounts.add(name, kind, passwords[name])
    return lines if missing else []
