"""Telling the log under somebody's pack beside the gateway, in a process of its own: its core and its memory are not
the gateway's.

``python -m engine.client.what_if_trial FOLDER`` reads an ``Asked`` on the first line of its input, says on its output
how far it is, and leaves ``result.json`` in the folder. It ends when its input does.
"""

import os
import resource
import sys
import threading
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.client.pack_trial import foreign_parent
from engine.client.publish_pack import check
from engine.errors import GridwhistleError
from engine.gateway.what_if_job import Asked, Result, Step
from engine.kafka.driver_errors import KafkaFault
from engine.replay.history_reader import read_history
from engine.replay.render import simulated_facts
from engine.replay.start_moment import read_when
from engine.replay.what_if import Simulated, simulate
from engine.running import run_to_end
from engine.security.private_files import write_whole
from engine.settings import Settings
from rules.law.compiled import Law
from rules.rulepack.compiler import compile_pack, pack_ref
from topics import codec

EVERY_SECONDS = 0.5
"""Between two lines of progress."""
SLICE = 256
"""Decisions between two looks at the time."""


class Progress:
    """Says how far it is, no oftener than somebody looks."""

    def __init__(self, step: str, total: int = 0) -> None:
        """Say what begins."""
        self._step, self._total, self._done, self._next = step, total, 0, 0.0
        self.say(0, total)

    def say(self, done: int, total: int) -> None:
        """Say it, if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_SECONDS
            sys.stdout.buffer.write(msgspec.json.encode(Step(step=self._step, done=done, total=total)) + b"\n")
            sys.stdout.buffer.flush()

    def advance(self) -> None:
        """Count one decision."""
        self._done += 1
        if self._done % SLICE == 0:
            self.say(self._done, self._total)


def tried(folder: Path, asked: Asked) -> Result:
    """Prove the pack, read the log and tell it under the pack."""
    Progress("proving the pack")
    if foreign := foreign_parent(folder):
        return Result(faults=[foreign])
    faults, source = check(str(folder))
    if faults or source is None:
        return Result(faults=faults)
    bundle = compile_pack(source)
    settings, when = Settings(**asked.settings), _when(asked.since)
    notes: list[str] = []
    history, laws = run_to_end(read_history(settings, when, Progress("reading the log").say, notes.append))
    telling = Progress("deciding again", history.decisions)
    told = simulate(history, laws, Law(pack_ref(bundle), bundle), settings.partitions, telling.advance)
    return written(told, asked.most_rows, notes)


def _when(since: str | None) -> date | datetime | None:
    return None if since is None else read_when(since)


def written(told: Simulated, most: int, notes: list[str]) -> Result:
    """Write a result that is no longer than ``most`` members in each of its lists."""
    facts = simulated_facts(told)
    rows, misfits, held = facts.pop("rows"), facts.pop("no_longer_fits"), facts.pop("held")
    figures = {"notes": notes, "no_longer_fit": len(misfits), "held": len(held), "differ": len(rows)}
    left = {"rows": len(rows) - most, "no_longer_fits": len(misfits) - most}
    return Result(
        summary=facts.pop("summary"),
        figures=facts | figures,
        rows=_raw(rows[:most]),
        no_longer_fits=_raw(misfits[:most]),
        left_off={name: count for name, count in left.items() if count > 0},
    )


def _raw(members: list[Any]) -> list[msgspec.Raw]:
    return [msgspec.Raw(codec.encode(one)) for one in members]


def _end_with_the_gateway() -> None:
    """Wait for the end of the input: whoever held it open is gone. By the bare call: the interpreter cannot end while a
    thread holds its reader."""
    while os.read(0, 4096):
        pass
    os._exit(1)


def main(folder: Path) -> None:
    """Do what is asked; what is wrong with pack or log is a result too."""
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)
    threading.Thread(target=_end_with_the_gateway, daemon=True).start()
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_DATA, (asked.most_bytes, asked.most_bytes))
    try:
        result = tried(folder, asked)
    except MemoryError:
        result = Result(faults=[f"it does not fit {asked.most_bytes // 2**20} MiB: give a later 'from'"])
    except (GridwhistleError, KafkaFault, OSError) as exc:
        result = Result(faults=[str(exc)])
    write_whole(folder / "result.json", msgspec.json.encode(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
