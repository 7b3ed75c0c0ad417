"""The command line: a table of commands, each in a module of its own that is imported only when it is called.

A command's module has an attribute of the command's name (underscores for dashes): a function, which is the command,
or a ``typer.Typer`` with sub-commands. Exit codes: 0 done, 1 a negative answer, 2 usage or set-up, 130 interrupted.
"""

import asyncio
import importlib
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Run a stack on this machine": {
        "up": ("stack", "Start Kafka, Valkey and every stage; --demo tells a working day."),
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
        "top": ("top", "Live queues in the terminal, with countdowns."),
        "tail": ("tail", "Follow incidents, decisions or a department's tasks."),
    },
    "Feed and judge": {
        "feed": ("feed", "Feed a CSV or JSON-lines file of past incidents."),
        "audit": ("audit", "Re-derive from the log what should have happened, and compare."),
        "points": ("points", "Where the same comes again and again, each with a date of review."),
        "replay": ("replay", "Decide the log once more, byte by byte; or under another law, to see who would move."),
        "project": ("project", "The live queues' state; --rebuild makes them anew from the log."),
    },
    "Set up": {
        "pack": ("pack", "Check, show and publish a city's law."),
        "topics": ("topics", "Create, check and list the Kafka topics."),
        "run": ("run", "Run one process of one stage."),
        "settings": ("settings", "Print the settings in force."),
        "demo-actors": ("actors", "The people of the demonstration, against a running stack."),
    },
}
"""Group -> command -> module in ``engine.cli`` and one line of help."""


def main() -> None:
    """Find the command and run it; our own errors are told in words, without a trace."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    table = {command: entry for group in COMMANDS.values() for command, entry in group.items()}
    if name in ("--help", "-h"):
        return _help()
    if name == "--version":
        from engine import __version__

        return print(f"gridwhistle {__version__}")
    if name not in table:
        print(f"gridwhistle: no command {name!r}; 'gridwhistle --help' lists them", file=sys.stderr)
        sys.exit(2)
    sys.exit(_call(name, table[name][0]))


def _call(name: str, module: str) -> int:
    import typer

    from engine.errors import GridwhistleError

    found = getattr(importlib.import_module(f"engine.cli.{module}"), name.replace("-", "_"))
    app = found if isinstance(found, typer.Typer) else _single(found)
    try:
        app(args=sys.argv[2:], prog_name=f"gridwhistle {name}")
    except GridwhistleError as exc:
        print(f"gridwhistle {name}: {exc}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception as exc:
        if type(exc).__module__.split(".")[0] not in ("aiokafka", "redis") or "onnect" not in str(exc):
            raise
        print(f"gridwhistle {name}: nobody answers: {exc}; is the stack up? start it with 'gridwhistle up', or name its folder with --data", file=sys.stderr)
        return 2
    return 0


def _single(function: Any) -> Any:
    import typer

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
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

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
