"""``gridwhistle up | down | reset | status | doctor``: a whole stack on this machine."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli import run_async
from engine.cli.detached import start_detached, tell_ready
from engine.errors import DependencyDown, InvalidSettings
from engine.local.folder import StackFile, folder_of, naming, read_stack, take_folder
from engine.local.forked import Start, fork_server
from engine.local.lock import demand_no_orphans, held, holder, holding_process, left_behind
from engine.local.plan import Wanted
from engine.local.reset import clear, demand_ours
from engine.local.stack import Stack, never_silent, until_signal
from engine.local.watching import find_prometheus
from engine.running import ended_by, ends
from engine.server_addresses import shown_url
from engine.stages import STAGES

LONGEST_RUN = 366 * 86_400
"""Seconds: a longer ``--for`` is a slip of the finger, not a wish."""

SILENT = (
    "the last one here ({}) ended without a word: it was killed, or the machine went down. Its servers and stages ended"
    " with it; nothing that was decided is lost"
)

Data = Annotated[Path | None, typer.Option(help="Folder of the stack; a default one otherwise.")]


Demo = Annotated[bool, typer.Option("--demo", help="Tell a seeded working day, 08:00-18:00, at 600 times the speed.")]
Pack = Annotated[str | None, typer.Option(help="The city's law: guancheng, los-angeles, or a folder.")]
OtherKafka = Annotated[str | None, typer.Option(help="Use this broker, HOST:PORT, instead of our own.")]
OtherRedis = Annotated[
    str | None,
    typer.Option(
        help=("Use this Redis or Valkey, a URL without password, instead of our own; with one: GRIDWHISTLE_REDIS_URL.")
    ),
]
OtherDatabase = Annotated[
    str | None,
    typer.Option(
        help="Archive into this PostgreSQL, a URL without password, instead of our own; with one:"
        " GRIDWHISTLE_DATABASE_URL."
    ),
]
WithArchive = Annotated[
    bool | None,
    typer.Option("--archive/--no-archive", help="Whether to keep an archive; as before, or with one."),
]
PortBase = Annotated[int | None, typer.Option(min=1024, max=64_900, help="First port; the next free block otherwise.")]
Clock = Annotated[
    str | None, typer.Option(help="Engine time START@SPEED, e.g. 2018-01-01T00:00:00-08:00@3600; live otherwise.")
]
Workers = Annotated[
    list[str] | None, typer.Option(help="STAGE=N processes, e.g. --workers dispatch=2; may be repeated.")
]
ForSeconds = Annotated[
    float | None, typer.Option("--for", min=0, max=LONGEST_RUN, help="End by itself after so many seconds.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
Watch = Annotated[
    bool, typer.Option("--watch", help="Start a Prometheus beside it, from PATH or GRIDWHISTLE_PROMETHEUS.")
]
Detach = Annotated[bool, typer.Option(help="Return once everything is ready; end it with 'down'.")]
ReadyFd = Annotated[
    int | None, typer.Option(hidden=True, min=3, max=65_535, help="Pipe that is told when all is ready.")
]


def up(
    demo: Demo = False,
    pack: Pack = None,
    kafka: OtherKafka = None,
    redis: OtherRedis = None,
    database: OtherDatabase = None,
    archive: WithArchive = None,
    data: Data = None,
    port_base: PortBase = None,
    clock: Clock = None,
    workers: Workers = None,
    for_seconds: ForSeconds = None,
    as_json: Json = False,
    watch: Watch = False,
    detach: Detach = False,
    ready_fd: ReadyFd = None,
) -> None:
    """Start Kafka, Valkey, PostgreSQL and every stage, and stay until Ctrl-C. The first start publishes the pack.

    A second 'up' on the same folder goes on where the first one ended: servers, ports, clock and the pack in force.
    Example: gridwhistle up --pack guancheng
    """
    wanted = Wanted(
        data=data,
        pack=pack,
        kafka=kafka,
        redis=redis,
        port_base=port_base,
        clock=clock,
        workers=_counts(workers or []),
        demo=demo,
        watch=watch,
        database=database,
        archive=archive,
    )
    if detach:
        return start_detached(data)
    if code := _stay(wanted, for_seconds, as_json, ready_fd):
        raise typer.Exit(code)


def _stay(wanted: Wanted, for_seconds: float | None, as_json: bool, ready_fd: int | None) -> int:
    """Take the folder, and stay until it ends."""
    data = wanted.data
    if wanted.watch:
        find_prometheus()  # before a former day is cleared away or a folder is made
    silent, before = left_behind(folder_of(data)), read_stack(data)
    if wanted.demo:
        wanted = replace(wanted, clock=_new_day(data, wanted.clock))
    folder = take_folder(data)
    # until the loop has its own: the lock goes with us
    with ended_by(*ends()), held(folder, "gridwhistle up"):
        _look_back(silent, before)
        with fork_server() as forks:
            return run_async(_up(wanted, forks.start, for_seconds, as_json, ready_fd))


def _look_back(silent: str | None, before: StackFile | None) -> None:
    """Say that the last one ended without a word, and see that nothing of it is left."""
    if silent is not None:
        print(SILENT.format(silent), file=sys.stderr)
    if before is not None:
        demand_no_orphans((name, one.get("pid"), one.get("since")) for name, one in before.processes.items())


def _new_day(data: Path | None, clock: str | None) -> str:
    """Each demonstration begins with a morning: what a former one left in the folder goes; any other stack stays
    untouched."""
    from engine.local.demo import demo_clock

    stack, folder = read_stack(data), folder_of(data)
    if stack is not None:
        if not stack.demo and stack.clock != demo_clock():
            raise InvalidSettings(
                f"{folder} holds a stack that is no demonstration; name another folder, e.g. --data ./demo (with make:"
                " DATA=./demo)"
            )
        with held(folder, "gridwhistle up --demo"):
            clear(folder, keep=("up.log",))
    return demo_clock() if clock is None else clock


def _counts(given: list[str]) -> dict[str, int]:
    counts = {}
    for text in given:
        stage, _, number = text.partition("=")
        if stage not in STAGES or not number.isdecimal() or int(number) < 1:
            raise InvalidSettings(f"--workers {text!r} must be STAGE=N with a stage of {', '.join(STAGES)}")
        counts[stage] = int(number)
    return counts


async def _up(wanted: Wanted, begin: Start, for_seconds: float | None, as_json: bool, ready_fd: int | None) -> int:
    began = time.monotonic()
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in ends()[1:]:
        loop.add_signal_handler(number, task.cancel)  # while it starts; later they end the wait below
    say = never_silent(lambda: sys.stderr if as_json else sys.stdout)
    stack = Stack(wanted, say, begin)
    try:
        await stack.start()
        stack.remember_processes()
        say(
            f"up in {time.monotonic() - began:.1f} s: Kafka {stack.settings.kafka}, Redis"
            f" {shown_url(stack.settings.redis_url)}, console http://{stack.settings.gateway_bind}, data {stack.folder}"
        )
        tell_ready(ready_fd)
        if wanted.demo:
            from engine.local.demo import run_demo

            return await run_demo(stack, for_seconds, as_json, began)
        at = naming(wanted.data)
        say(
            f"look at it:  gridwhistle top{at}    gridwhistle status{at}    gridwhistle tail decisions{at}    end it:"
            f" Ctrl-C, or gridwhistle down{at}"
        )
        await until_signal(for_seconds)
        return 0
    finally:
        for number in ends():
            loop.add_signal_handler(number, lambda: None)  # whoever asks twice gets no servers that are half ended
        if not as_json:  # there the audit is the last line
            say("ending")
        await stack.stop()


def down(data: Data = None) -> None:
    """End the stack that holds a folder, and wait until it is gone."""
    folder = folder_of(data)
    process = holding_process(folder)
    if process is None:
        return print(f"no stack runs in {folder}")
    process.terminate()  # psutil looks once more whether the pid is still that process
    until = time.monotonic() + 15
    while holder(folder) is not None:  # the lock goes with the process, even where nobody has taken note of its end
        if time.monotonic() > until:
            raise DependencyDown(f"pid {process.pid} has not ended after 15 s; look at it with 'ps -p {process.pid}'")
        time.sleep(0.05)
    print("ended")


def reset(data: Data = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete what a stack made in its folder, after ending it. Incidents, tickets and the vault's key are gone then."""
    folder, stack = folder_of(data), read_stack(data)
    demand_ours(folder)
    if not yes and not typer.confirm(f"delete the stack in {folder}, the master key of the vault included?"):
        raise typer.Exit(1)
    if holder(folder):
        down(data)
    with held(folder, "gridwhistle reset"):
        stays = clear(folder)
    if stays:
        print(f"deleted the stack in {folder}; {', '.join(stays)} is not of its making and stays")
    else:
        folder.rmdir()
        print(f"deleted {folder}")
    if stack is not None and not stack.own_kafka:
        print(
            f"the topics {stack.prefix}* on {stack.kafka} stay; without the key nobody's name in them can be revealed"
        )


def status(
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
    resources: Annotated[
        bool, typer.Option("--resources", help="CPU and memory of each process and of all, instead of state and lag.")
    ] = False,
    over: Annotated[
        float, typer.Option(min=0.1, max=3600, help="With --resources: seconds over which the CPU is measured.")
    ] = 5.0,
) -> None:
    """List every process and server: name, stage, pid, port, state, lag."""
    from engine.local.status import about, rows, supervisor

    found = run_async(rows(data))
    if as_json:
        return _resources([*found, *supervisor(data)], over, as_json) if resources else print(json.dumps(found))
    silent = left_behind(folder_of(data))
    if silent is not None:
        print(
            f"nobody supervises the stack in {folder_of(data)}: the last one ({silent}) ended without a word; go on"
            f" with 'gridwhistle up{naming(data)}'"
        )
    elif not found:
        print(f"no stack runs in {folder_of(data)}; start one with 'gridwhistle up{naming(data)}'")
    if not found or all(row["stage"] == "supervisor" for row in found):
        raise typer.Exit(1)
    if resources:
        return _resources([*found, *supervisor(data)], over, as_json)
    print(run_async(about(data)))
    print(f"{'NAME':<16}{'STAGE':<11}{'PID':>8}{'PORT':>7}  {'STATE':<10}{'LAG':>8}")
    for row in found:
        print(
            f"{row['name']:<16}{row['stage']:<11}{row['pid'] or '-':>8}{row['port'] or '-':>7} "
            f" {row['state']:<10}{'-' if row['lag'] is None else row['lag']:>8}"
        )
    return None


def _resources(found: list[dict[str, Any]], over: float, as_json: bool) -> None:
    from engine.local.resources import measured, table

    uses = measured(found, over)
    print(json.dumps([use._asdict() for use in uses]) if as_json else table(uses, over))


def doctor(data: Data = None) -> None:
    """Look for what would keep a stack from starting or running; exit 1 if there is anything. A note is no fault."""
    from engine.local.doctor import Note, findings

    faults = 0
    for name, fault in findings(data):
        mark = "ok   " if fault is None else "note:" if isinstance(fault, Note) else "FAULT"
        print(f"{mark}  {name}{'' if fault is None else ': ' + fault}")
        faults += mark == "FAULT"
    if faults:
        raise typer.Exit(1)
