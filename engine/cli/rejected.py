"""``gridwhistle rejected``: what intake turned away, why, the original for who may see it, and sending it again
mended."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import run_async
from engine.client.rejections import resend_mended, reveal, turned_away
from engine.errors import InvalidSettings
from engine.people.originals import Turned
from topics.codec import encode
from topics.rejected import RejectReason

rejected = typer.Typer(
    help="What intake turned away: list, show, resend.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Data = Annotated[Path | None, typer.Option(help="The stack's data folder.")]
Id = Annotated[str, typer.Argument(help="Its position, as 'rejected list' prints it: incidents.raw:2:17.")]
Acting = Annotated[str, typer.Option("--as", help="desk, chief or centre, as ROLE:PERSON of the pack in force.")]
Purpose = Annotated[str, typer.Option(help="Why the original must be seen; it stands in the audit.")]


@rejected.command("list")
def list_all(
    reason: Annotated[RejectReason | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The latest so many.")] = 20,
    duplicates: Annotated[bool, typer.Option("--duplicates", help="Also what had merely come before.")] = False,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what was turned away, the latest last, with reason, field or column, and mend.

    Example: gridwhistle rejected list --reason invalid_field
    """
    from engine.local.folder import settings_of

    wanted_reason = str(reason) if reason else None
    found = [
        one
        for one in run_async(turned_away(settings_of(data)))
        if (
            one.rejected.reason == wanted_reason
            or (wanted_reason is None and (duplicates or one.rejected.reason != RejectReason.DUPLICATE))
        )
    ]
    for one in found[-limit:]:
        print(encode(_facts(one)).decode() if as_json else _line(one))
    if not as_json:
        print(f"{len(found)} turned away" + (f", the latest {limit} listed" if len(found) > limit else ""))


def _facts(one: Turned) -> dict[str, Any]:
    entry = one.rejected
    return {
        "id": entry.id,
        "at": entry.at,
        "identity": entry.identity,
        "reason": entry.reason,
        "field": entry.field,
        "message": entry.message,
        "original": entry.original,
    }


def _line(one: Turned) -> str:
    entry = one.rejected
    return (
        f"{entry.id}  {one.at:%Y-%m-%d %H:%M:%S} UTC  {_plain(entry.identity or '-')}  {entry.reason} "
        f" {_plain(entry.field or '-')}: {_plain(entry.message)}"
    )


def _plain(text: str) -> str:
    """Nothing that came from outside may move the cursor of who reads it."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@rejected.command()
def show(record: Id, acting: Acting, purpose: Purpose, data: Data = None) -> None:
    """Show the original of one, unsealed: who asked and why stands in the audit ('gridwhistle people audit') before
    anything is shown.

    Example: gridwhistle rejected show incidents.raw:2:17 --as chief:chief-1 --purpose "call the reporter back"
    """
    from engine.local.folder import settings_of

    one = run_async(reveal(settings_of(data), record, acting, purpose))
    print(
        f"{_line(one)}\nsource and id: {' '.join(map(_plain, one.name()))}; field: {_plain(one.beside.field) or '-'}",
        file=sys.stderr,
    )
    try:
        print(json.dumps(json.loads(one.value), ensure_ascii=False, indent=2))
    except ValueError:  # whatever it was, it is shown as it can be
        print(_plain(one.value.decode(errors="backslashreplace")))


@rejected.command()
def resend(
    record: Id,
    file: Annotated[
        Path, typer.Option(help="The mended JSON, as 'rejected show' prints it; - reads it from standard input.")
    ] = Path("-"),
    pack: Annotated[
        str | None, typer.Option(help="For a row of a feed ('columns'): the pack whose feed.yaml maps them.")
    ] = None,
    data: Data = None,
) -> None:
    """Send a mended one again, under the identity it had. Exit 1 when it still does not fit, with every fault; nothing
    is sent then.

    Example: gridwhistle rejected show ID --as chief:chief-1 --purpose mending > it.json; edit it.json; gridwhistle
    rejected resend ID --file it.json
    """
    from engine.local.folder import settings_of

    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InvalidSettings(f"{file} cannot be read: {error.strerror}") from error
    found = run_async(resend_mended(settings_of(data), record, text, pack))
    if found.faults:
        print("\n".join(["not sent; mend:", *(f"  {fault}" for fault in found.faults)]))
        raise typer.Exit(1)
    print(
        f"sent as {found.position} under the identity it had; 'gridwhistle rejected list' tells if it was turned away"
        " again"
    )
