"""Whoever presses Ctrl-C is heard, at whatever moment of a command."""

import signal
import subprocess
import sys

import pytest

from tests.support.signals import hearing

SWALLOWED = """
import os, signal, sys
import engine.cli
from engine.running import run_to_end

class Swallows:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def command(**given):
    one = Swallows()
    del one  # what is raised in it is swallowed, as in a class that pydantic builds

    async def work():
        print("went on")

    run_to_end(work())

engine.cli.command_of = lambda name, module: command
sys.argv = ["gridwhistle", "status"]
engine.cli.main()
"""

LOADS = """
import builtins, os, signal, sys
real = builtins.__import__

def interrupted(name, *more):
    if name == "typer":
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *more)

builtins.__import__ = interrupted
sys.argv = ["gridwhistle", "status"]
from engine.entry import main
main()
"""

WAITS = """
import asyncio, os, signal, sys
from engine.local.stack import until_signal
from engine.running import ended_by, ends, run_to_end

if sys.argv[1] == "nohup":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

async def work():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGHUP)
    asyncio.get_running_loop().call_later(0.5, print, "went on")
    await until_signal(1.0)

with ended_by(*ends()):
    run_to_end(work())
"""


def told(code: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end."""
    return subprocess.run(
        hearing([sys.executable, "-c", code, *words]), capture_output=True, text=True, timeout=60, check=False
    )


def test_an_interrupt_that_was_swallowed_ends_the_command_before_its_work() -> None:
    """Ctrl-C while 'up' loaded its modules was lost in a class that pydantic built, and the stack started."""
    done = told(SWALLOWED)
    assert done.returncode == 130
    assert "went on" not in done.stdout


def test_while_it_loads_it_ends_without_a_trace() -> None:
    """By the signal itself, as a shell's own loops want to see it."""
    done = told(LOADS)
    assert done.returncode == -signal.SIGINT
    assert done.stderr == ""


@pytest.mark.parametrize(("how", "said"), [("terminal", ""), ("nohup", "went on\n")])
def test_a_closed_terminal_ends_a_stack_as_ctrl_c_does(how: str, said: str) -> None:
    """It took the servers with it by KILL; one that was to go on without a terminal goes on."""
    done = told(WAITS, how)
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
