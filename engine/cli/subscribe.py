"""``gridwhistle subscribe``: a department's events from the gateway, each handed to a program or printed."""

import asyncio
import os
import re
import shlex
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from engine.cli import run_async
from engine.errors import InvalidSettings
from engine.server_addresses import is_loopback
from engine.settings import ENVIRONMENT
from topics.departments import DEPARTMENT_CODE

if TYPE_CHECKING:
    from engine.client.subscriber import Handler, Wanted

KEY = f"{ENVIRONMENT}API_KEY"
MARGIN_SECONDS = 5
"""A program is ended so long before its event would go to somebody else."""


Department = Annotated[str, typer.Option(help="The department's code, e.g. chengguan.")]
Program = Annotated[str, typer.Option("--exec", help="Program (and words) to run for each event; none: print it.")]
Wants = Annotated[str | None, typer.Option("--filter", help="CEL over a task's members: urgency == 'U1'.")]
Since = Annotated[str | None, typer.Option("--from", help="Where a new reader begins: 30m, 1h, 2d ago, or a moment.")]
Again = Annotated[bool, typer.Option("--again", help="Go back to --from even if this reader is further.")]
Reader = Annotated[str, typer.Option(help="Programs of one reader share; another has all for itself.")]
Seconds = Annotated[int, typer.Option(min=10, max=3600, help="How long one event may take.")]
AtOnce = Annotated[int, typer.Option(min=1, max=50, help="Programs at a time, never two of one ticket.")]
Once = Annotated[bool, typer.Option("--once", help="Take what is there, then end.")]
KeyFile = Annotated[Path | None, typer.Option(help="File with the key; else GRIDWHISTLE_API_KEY_FILE.")]
Gateway = Annotated[str, typer.Option(help="https://HOST[:PORT]; else GRIDWHISTLE_GATEWAY, else --data's.")]
Data = Annotated[Path | None, typer.Option(help="A stack's data folder on this machine.")]


def subscribe(
    department: Department, run: Program = "", wants: Wants = None, since: Since = None, again: Again = False,
    reader: Reader = "main", seconds: Seconds = 60, at_once: AtOnce = 1, once: Once = False,
    key_file: KeyFile = None, gateway: Gateway = "", data: Data = None,
) -> None:  # fmt: skip
    """Follow what a department is told, by HTTP and a key, until Ctrl-C.

    Each event is one line of JSON: id, cursor, attempt, replayed, and event, the task itself. With --exec the program
    gets it on standard input: exit code 0 acknowledges it, any other (or a minute without an end, see --seconds) gives
    it back, and it comes again after 1, 2, 4 ... 300 s; until then nothing later of its ticket comes. Without --exec it
    is printed. At least once: keep the ids you have done. Where it left off is kept by the gateway under --reader.
    Ctrl-C asks for no more and waits for what is at work; Ctrl-C again ends that too, and it comes again.

    The key is read from --key-file, the file that GRIDWHISTLE_API_KEY_FILE names, or GRIDWHISTLE_API_KEY (made by:
    gridwhistle keys add --as department:CODE:PERSON), never from an argument, which everybody on the machine can read.
    Exit codes: 0 ended, 2 refused.

    Example: gridwhistle subscribe --department chengguan --filter 'urgency == "U1"' --from 1h --exec ./handle
    """
    from engine.client.event_handlers import Printed, Run
    from engine.client.subscriber import Wanted

    if not DEPARTMENT_CODE.match(department):
        raise InvalidSettings(f"no department has the code {department!r}")
    if again and since is None:
        raise InvalidSettings("--again goes back to --from: give both")
    wanted = Wanted(
        gateway=_gateway(gateway, data), department=department, reader=reader, filter=wants, since=since, again=again,
        seconds=seconds, at_once=at_once if run else 1, once=once,
    )  # fmt: skip
    handler = Run(_words(run), seconds - MARGIN_SECONDS, _say) if run else Printed()
    run_async(_until_ended(wanted, _key(key_file), handler))


def _say(text: str) -> None:
    typer.echo(f"gridwhistle subscribe: {text}", err=True)


def _gateway(given: str, data: Path | None) -> str:
    """Find the address: as given, or that of the stack in a folder of this machine."""
    from engine.local.folder import settings_of

    address = given or os.environ.get(f"{ENVIRONMENT}GATEWAY", "")
    if not address:
        return f"http://{settings_of(data).gateway_bind}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InvalidSettings(f"--gateway {address!r} is no address such as https://gateway.example.org")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        _say("the key goes over the network unencrypted: use https")
    return address


def _key(file: Path | None) -> str:
    """Read the key."""
    named = file or (Path(found) if (found := os.environ.get(f"{KEY}_FILE")) else None)
    if named is not None:
        try:
            text = named.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as exc:
            raise InvalidSettings(f"the key cannot be read from {named}: {type(exc).__name__}") from exc
    else:
        text = os.environ.get(KEY, "").strip()
    if not re.fullmatch(r"gwk_[0-9a-f]+_[0-9a-f]+", text):
        raise InvalidSettings(
            f"there is no key: give --key-file, {KEY}_FILE or {KEY}; the centre makes one with 'gridwhistle keys add"
            " --as department:CODE:PERSON'"
        )
    return text


def _words(given: str) -> list[str]:
    """Cut a program and its words."""
    try:
        words = shlex.split(given)
    except ValueError as exc:
        raise InvalidSettings(f"--exec cannot be read: {exc}") from exc
    if not words or shutil.which(words[0]) is None:
        raise InvalidSettings(f"--exec {given!r}: there is no such program, or it may not be run")
    return words


async def _until_ended(wanted: "Wanted", key: str, handler: "Handler") -> None:
    """Follow until Ctrl-C or TERM; a second one ends what is at work too."""
    from engine.client.subscriber import Subscriber, subscribe

    begun: list[Subscriber] = []
    following = asyncio.create_task(subscribe(wanted, key, handler, _say, begun.append))

    def interrupted() -> None:
        if not begun or begun[0].ending.is_set():
            following.cancel()
        else:
            begun[0].ending.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted)
    try:
        await following
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group
