"""The command line: a table of commands, each in a module of its own that is imported only when it is called.

A command's module has an attribute of the command's name (underscores for dashes): a function, which is the command,
or a ``typer.Typer`` with sub-commands. Exit codes: 0 done, 1 a negative answer, 2 usage or set-up, 130 interrupted.
"""

import asyncio
import difflib
import errno
import importlib
import itertools
import logging
import os
import re
import shlex
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

T = TypeVar("T")

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Run a stack on this machine": {
        "up": ("stack", "Start Kafka, Valkey, PostgreSQL, every stage; --demo tells a working day."),
        "down": ("stack", "End the stack that holds a data folder."),
        "reset": ("stack", "Delete a stack's data, after ending it."),
        "status": ("stack", "List every process and server with its state and lag."),
        "doctor": ("stack", "Look for what would keep a stack from starting."),
    },
    "Work tickets": {
        "report": ("report", "Report an incident and learn its ticket."),
        "ticket": ("ticket", "List and show tickets; give any command of the law."),
        "duty": ("duty", "Who is on duty, stands in, comes or goes, without a new pack."),
        "explain": ("explain", "Say why each thing happened to a ticket."),
        "search": ("search", "Find tickets, old and new, by words, place, person, time."),
        "top": ("top", "Live queues in the terminal, with countdowns."),
        "tail": ("tail", "Follow incidents, decisions or a department's tasks."),
        "subscribe": ("subscribe", "A department's events by HTTP, each handed to a program."),
    },
    "Feed and judge": {
        "feed": ("feed", "Feed a CSV or JSON file of incidents; --dry-run says what would become of it."),
        "alertmanager": ("alertmanager", "Turn Alertmanager's webhook payload into incidents."),
        "rejected": ("rejected", "What intake turned away: list, show, resend."),
        "held": ("held", "What our own fault kept from being decided: list, retry, drop."),
        "audit": ("audit", "Re-derive from the log what should have happened, and compare."),
        "verify-chain": ("verify_chain", "Whether decisions and audit are still those that were signed."),
        "people": ("people", "People's data: forget a reporter; who was shown whom."),
        "points": ("points", "Where the same comes again and again, each with a date of review."),
        "replay": ("replay", "Decide the log once more, byte by byte; or under another law, to see who would move."),
        "archive": ("archive", "The archive: how far it is, its digest, making it anew from the log."),
        "project": ("project", "The live queues' state; --rebuild makes them anew from the log."),
    },
    "Set up": {
        "pack": ("pack", "Check, show and publish a city's law."),
        "keys": ("keys", "Keys of the HTTP gateway: add, list, revoke."),
        "accounts": ("accounts", "Logins of people at the HTTP gateway: add, list, passwd, disable."),
        "topics": ("topics", "Create, check and list the Kafka topics."),
        "acl": ("acl", "Rights and users at the broker, from the same table: plan, apply."),
        "run": ("run", "Run one process of one stage."),
        "settings": ("settings", "Print the settings in force."),
        "demo-actors": ("actors", "The people of the demonstration, against a running stack."),
    },
}
"""Group -> command -> module in ``engine.cli`` and one line of help."""


def main() -> None:
    """Find the command and run it; whatever was given wrongly is said in one line, without a trace."""
    from engine.terminal import guarded

    with guarded():
        code = _main(sys.argv[1:])
        try:
            sys.stdout.flush()
        except BrokenPipeError:  # 'gridwhistle … | head' has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _main(words: list[str]) -> int:
    name = words[0] if words else "--help"
    table = {command: entry for group in COMMANDS.values() for command, entry in group.items()}
    if name in ("--help", "-h"):
        _help()
        return 0
    if name == "--version":
        from engine import __version__
        from engine.law_form import law_form

        print(f"gridwhistle {__version__}, the law {law_form()}")
        return 0
    broken = next((number for number, word in enumerate(words, 1) if not _is_text(word)), None)
    if broken is not None:
        return _said(
            "gridwhistle",
            f"argument {broken} is not UTF-8: {words[broken - 1]!a}; give it in the terminal's own encoding",
        )
    if name not in table:
        near = difflib.get_close_matches(name, table, 1)
        print(
            f"gridwhistle: no command {name!r}; {f'did you mean {near[0]!r}? ' if near else ''}'gridwhistle --help'"
            " lists them",
            file=sys.stderr,
        )
        return 2
    return _call(name, table[name][0], words[1:])


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk, a quota or a limit on files says when nothing more goes in."""


def _is_text(word: str) -> bool:
    return word.isascii() or not any("\ud800" <= one <= "\udfff" for one in word)


def _call(name: str, module: str, words: list[str]) -> int:
    import typer

    from engine.errors import GridwhistleError
    from engine.running import ended_by

    # newer releases of typer bring a click of their own: its errors are known by their family alone
    usage, misuse = cast("tuple[type[Exception], type[Exception]]", typer.BadParameter.__mro__[1:3])
    try:
        _quiet()
        command = command_of(name, module)
        with ended_by(signal.SIGINT):
            code = command(args=words, prog_name=f"gridwhistle {name}", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except misuse as exc:
        return _misused(exc, f"gridwhistle {name}", usage)
    except GridwhistleError as exc:
        return _said(f"gridwhistle {name}", with_data(str(exc), words))
    except (KeyboardInterrupt, asyncio.CancelledError, typer.Abort):
        return 130
    except BrokenPipeError:
        return 0
    except OSError as exc:
        mend = "; make room there, or raise the quota: nothing that was decided is lost" if exc.errno in FULL else ""
        return _said(f"gridwhistle {name}", f"{exc.filename or 'a server'}: {exc.strerror or exc}{mend}")
    except Exception as exc:
        if type(exc).__module__.split(".")[0] not in ("aiokafka", "redis", "sqlalchemy"):
            raise
        return _said(
            f"gridwhistle {name}",
            with_data(
                f"nobody answers: {exc}; is the stack up? 'gridwhistle status' tells, 'gridwhistle up' starts it;"
                " another folder is named with --data",
                words,
            ),
        )


def _misused(exc: Any, path: str, usage: type) -> int:
    """Say in one line which argument is wrong; a group of commands given alone shows its help."""
    if type(exc).__name__ == "NoArgsIsHelpError":
        print(exc.format_message())
        return 2
    if isinstance(exc, usage) and exc.ctx is not None:  # type: ignore[attr-defined]
        path = exc.ctx.command_path  # type: ignore[attr-defined]
    return _said(path, f"{' '.join(exc.format_message().split()).rstrip('.')}; see '{path} --help'")


def _said(who: str, what: str) -> int:
    print(f"{who}: {what}", file=sys.stderr)
    return 2


def command_of(name: str, module: str) -> Any:
    """Import a command and give it as typer runs it."""
    import typer

    found = getattr(importlib.import_module(f"engine.cli.{module}"), name.replace("-", "_"))
    return found if isinstance(found, typer.Typer) else _single(found)


def with_data(text: str, words: list[str] | None = None) -> str:
    """Let the commands that a message tells to give name the data folder in use, so that they can be given as they
    stand."""
    given = sys.argv[1:] if words is None else words
    folder = next((after for word, after in itertools.pairwise(given) if word == "--data"), None) or next(
        (word.removeprefix("--data=") for word in given if word.startswith("--data=")), None
    )
    if folder is None:
        return text
    return re.sub(
        r"'gridwhistle (?!pack (?:check|show|diff))([a-z][^']*)'",
        lambda found: f"'gridwhistle {_named(found.group(1), folder)}'",
        text,
    )


def _named(command: str, folder: str) -> str:
    return command if "--data" in command or command.endswith("--help") else f"{command} --data {shlex.quote(folder)}"


def _quiet() -> None:
    """Let libraries say nothing: whatever of it matters comes to us as an error and is said in our words."""
    for library in ("aiokafka", "asyncio", "faust", "mode"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)


def _single(function: Any) -> Any:
    import typer

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command()(function)
    return app


def _help() -> None:
    print("gridwhistle: dispatches incidents of a gridded district, with every limit kept and every step explained.\n")
    for group, commands in COMMANDS.items():
        print(f"{group}:")
        for command, (_, text) in commands.items():
            print(f"  {command:<12} {text}")
        print()
    print("First steps:  gridwhistle up --demo        then, in another terminal:  gridwhistle top")
    print("Each command teaches itself:  gridwhistle COMMAND --help")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on uvloop."""
    import uvloop

    from engine.running import run_to_end

    return run_to_end(work, uvloop.new_event_loop)
