"""Reads what is to be replayed: all of it, or from the newest checkpoints that fit the log on."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from engine.kafka.log_reader import read_log
from engine.kafka.log_snapshot import Log
from engine.replay.checkpoint import Checkpoints
from engine.replay.recorded_history import TOPICS, History, history_of
from engine.replay.start_moment import moment_of, zone_of
from engine.replay.state_at import stand, starts
from engine.replay.verify import laws_of
from engine.settings import Settings
from rules.law.compiled import Law
from topics.registry import REFERENCE

Progress = Callable[[int, int], None]
"""Told how many offsets of how many are behind us."""


async def read_history(
    settings: Settings, when: date | datetime | None, progress: Progress, note: Callable[[str], None]
) -> tuple[History, dict[str, Law]]:
    """Read a stack's history and the packs it rests on.

    Args:
        settings: Of the stack.
        when: From which day or moment on; ``None``: from the beginning.
        progress: See ``Progress``.
        note: Told which checkpoint does not fit the log, and was not used.
    Raises:
        Gap: The log no longer holds all that led to its decisions.
    """
    if when is None:
        log = await _read(settings, progress)
        return history_of(log), laws_of(log)
    moment = moment_of(when, zone_of(await read_log(settings, only=(REFERENCE.name,))))
    kept = Checkpoints(settings.data_dir / "checkpoints", settings.prefix, settings.partitions)
    while True:
        found = kept.newest(moment.day, moment.at)
        log = await _read(settings, progress, starts(found.values()))
        if kept.keep_fitting(found, log):
            break
    laws = laws_of(log)
    try:
        begun = stand(log, laws, moment, found, kept)
    finally:
        for line in kept.notes:
            note(line)
    return history_of(log, begun, moment.at), laws


async def _read(settings: Settings, progress: Progress, begin: Mapping[tuple[str, int], int] | None = None) -> Log:
    return await read_log(settings, progress=progress, only=TOPICS, starts=begin or {})
