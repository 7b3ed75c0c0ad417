"""``gridwhistle up | down | reset | status | doctor``: a whole stack on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.errors import DependencyDown, InvalidSettings
from engine.local.folder import folder_of, held, holder, holder_pid, settings_of
from engine.local.stack import Stack, Wanted, until_signal
from engine.stages import STAGES

Data = Annotated[Path | None, typer.Option(help="Folder of the stack; a default one otherwise.")]


def up(
    demo: Annotated[bool, typer.Option("--demo", help="Tell a seeded working day, 08:00-18:00, at 600 times the speed.")] = False,
    pack: Annotated[str | None, typer.Option(help="The city's law: guancheng, los-angeles, or a folder.")] = None,
    kafka: Annotated[str | None, typer.Option(help="Use this broker, HOST:PORT, instead of our own.")] = None,
    redis: Annotated[str | None, typer.Option(help="Use this Redis or Valkey, a URL, instead of our own.")] = None,
    data: Data = None,
    port_base: Annotated[int | None, typer.Option(help="First port; the next free block otherwise.")] = None,
    clock: Annotated[str | None, typer.Option(help="Engine time START@SPEED, e.g. 2018-01-01T00:00:00-08:00@3600; live otherwise.")] = None,
    workers: Annotated[list[str] | None, typer.Option(help="STAGE=N processes, e.g. --workers dispatch=2; may be repeated.")] = None,
    for_seconds: Annotated[float | None, typer.Option("--for", help="End by itself after so many seconds.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    detach: Annotated[bool, typer.Option(help="Return once everything is ready; end it with 'down'.")] = False,
) -> None:
    """Start Kafka, Valkey and every stage, publish the pack, and stay until Ctrl-C.

    A second 'up' on the same folder goes on where the first one ended. Example: gridwhistle up --pack guancheng
    """
    if detach:
        return _detached(data, for_seconds)
    if demo and clock is None and not (folder_of(data) / "stack.json").exists():
        from engine.local.demo import demo_clock

        clock = demo_clock()
    wanted = Wanted(data, pack, kafka, redis, port_base, clock, _counts(workers or []))
    code = 0
    with held(data, "gridwhistle up"):
        code = run_async(_up(wanted, demo, for_seconds, as_json))
    if code:
        raise typer.Exit(code)


def _counts(given: list[str]) -> dict[str, int]:
    counts = {}
    for text in given:
        stage, _, number = text.partition("=")
        if stage not in STAGES or not number.isdecimal() or int(number) < 1:
            raise InvalidSettings(f"--workers {text!r} must be STAGE=N with a stage of {', '.join(STAGES)}")
        counts[stage] = int(number)
    return counts


async def _up(wanted: Wanted, demo: bool, for_seconds: float | None, as_json: bool) -> int:
    began = time.monotonic()

    def say(text: str) -> None:
        print(text, file=sys.stderr if as_json else sys.stdout, flush=True)

    stack = Stack(wanted, say)
    try:
        await stack.start()
        stack.remember_processes()
        say(f"up in {time.monotonic() - began:.1f} s: Kafka {stack.settings.kafka}, Redis {stack.settings.redis_url}, data {stack.folder}")
        if demo:
            from engine.local.demo import run_demo

            return await run_demo(stack, for_seconds, as_json, began)
        say("look at it:  gridwhistle top    gridwhistle status    gridwhistle tail decisions    end it: Ctrl-C")
        await until_signal(for_seconds)
        return 0
    finally:
        if not as_json:  # there the audit is the last line
            say("ending")
        await stack.stop()


def _detached(data: Path | None, for_seconds: float | None) -> None:
    """Start ``up`` again as a process of its own, and wait until it is ready or has ended."""
    folder = folder_of(data)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "up.log"
    arguments = [word for word in sys.argv[1:] if word not in ("--detach", "--no-detach")]
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "engine.cli", *arguments], stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        if process.poll() is not None:
            raise DependencyDown(f"the stack did not come up:\n{text[-2000:]}")
        if "up in " in text:
            return print(text, end="")
        time.sleep(0.1)
    raise DependencyDown(f"the stack is not ready after 180 s; see {log}")


def down(data: Data = None) -> None:
    """End the stack that holds a folder, and wait until it is gone."""
    pid = holder_pid(data)
    if pid is None:
        return print(f"no stack runs in {folder_of(data)}")
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + 15
    while holder(data) is not None:  # the lock goes with the process, even where nobody has taken note of its end
        if time.monotonic() > until:
            raise DependencyDown(f"pid {pid} has not ended after 15 s; look at it with 'ps -p {pid}'")
        time.sleep(0.05)
    print("ended")


def reset(data: Data = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete a stack's data, after ending it. Incidents, tickets and the vault's key are gone then."""
    folder = folder_of(data)
    if not (folder / "stack.json").exists():
        return print(f"there is no stack in {folder}")
    if not yes and not typer.confirm(f"delete everything in {folder}, the master key of the vault included?"):
        raise typer.Exit(1)
    if holder(data):
        down(data)
    shutil.rmtree(folder)
    print(f"deleted {folder}")


def status(data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False) -> None:
    """List every process and server: name, stage, pid, port, state, lag."""
    from engine.local.status import rows

    found = run_async(rows(data))
    if as_json:
        return print(json.dumps(found))
    if not found:
        print(f"no stack runs in {folder_of(data)}; start one with 'gridwhistle up'")
        raise typer.Exit(1)
    print(f"{'NAME':<14}{'STAGE':<11}{'PID':>8}{'PORT':>7}  {'STATE':<10}{'LAG':>8}")
    for row in found:
        print(f"{row['name']:<14}{row['stage']:<11}{row['pid'] or '-':>8}{row['port'] or '-':>7}  {row['state']:<10}{'-' if row['lag'] is None else row['lag']:>8}")
    return None


def doctor(data: Data = None) -> None:
    """Look for what would keep a stack from starting or running; exit 1 if there is anything."""
    from engine.local.doctor import findings

    faults = 0
    for name, fault in findings(settings_of(data), data):
        print(f"{'ok   ' if fault is None else 'FAULT'}  {name}{'' if fault is None else ': ' + fault}")
        faults += fault is not None
    if faults:
        raise typer.Exit(1)
