"""Logging: one JSON line for each message, bounded in size and rate; libraries at WARNING; never anything about a
resident."""

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Iterable, Set

from aiokafka.errors import KafkaError

from engine.errors import GridwhistleError

MESSAGE_CHARACTERS, TRACE_CHARACTERS = 8_000, 12_000
"""A message and a trace are cut here, the trace in its middle: how it began and what was raised both stay."""

MINUTE = 60.0
DIFFERENT = 60
"""So many messages of one wording are told in a minute: partitions of an outage, each with its number."""

PAUSE = re.compile(r"\d+\.\d+")
"""Seconds in a message are no news: the pause before a next try grows while nothing else changes."""

WORDINGS = 1_000
"""So many wordings are remembered before the oldest are let go."""


OUR_PACKAGES = ("engine", "rules", "topics")


class _JsonLines(logging.Formatter):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "process": self._name,
            "logger": record.name,
            "message": _cut(record.getMessage(), MESSAGE_CHARACTERS),
        }
        line |= {name: plain(value) for name, value in getattr(record, "fields", {}).items()}
        if untold := getattr(record, "untold", 0):
            line["untold"] = f"{untold} like it in the minute before"
        if record.exc_info:
            line["trace"] = _cut(trace(record.exc_info[1]), TRACE_CHARACTERS)
        return json.dumps(line, ensure_ascii=True)


def plain(value: object) -> object:
    """What JSON can say of a field, and whoever searches can compare: scalars and lists of them, never how Python
    writes a thing."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Set):
        return sorted(map(str, value))
    if isinstance(value, Iterable):
        return [plain(one) for one in value]
    return str(value)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} [{len(text) - most} characters cut] {text[-most // 2 :]}"


class OncePerMinute(logging.Filter):
    """Passes a message once a minute, and at most ``DIFFERENT`` of one wording; the next one says how many it kept
    back.

    An outage is then a line when it begins, one a minute while it lasts, and a line when it ends. A library's wording
    is told once,
    whatever its arguments: it repeats them for each connection.
    """

    def __init__(self) -> None:
        """Begin with nothing told."""
        super().__init__()
        self._told: dict[tuple[str, str], tuple[float, set[str], int]] = {}
        """Logger and wording -> when its minute began, what was told in it, how many were not."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to tell it."""
        key = (record.name, str(record.msg))
        began, told, untold = self._told.get(key, (float("-inf"), set(), 0))
        if record.created - began >= MINUTE or record.created < began:
            record.untold = untold
            self._told.pop(key, None)
            began, told, untold = record.created, set(), 0
        said = PAUSE.sub("", repr(record.args)[:500]) if record.name.startswith("engine") else ""
        passes = said not in told and len(told) < DIFFERENT
        if passes:
            told.add(said)
        self._told[key] = (began, told, untold + (not passes))
        while len(self._told) > WORDINGS:
            del self._told[next(iter(self._told))]
        return passes


OURS = (GridwhistleError, KafkaError, OSError)
"""Whose messages may be repeated: of others they may quote what somebody wrote, a coordinate, a number."""


def told(exc: BaseException) -> str:
    """Say which error it is; its message only when that cannot hold data of a record."""
    name = type(exc).__name__
    text = str(exc) if isinstance(exc, OURS) and not getattr(exc, "quotes", False) else ""
    if isinstance(exc, KafkaError) and text:  # which says its name itself
        return text
    return f"{name}: {text}" if text else name


def trace(exc: BaseException | None) -> str:
    """Show where an error and its causes were raised, line by line of our code, without the values they quote."""
    parts: list[str] = []
    while exc is not None and len(parts) < 10:
        parts.append("".join(traceback.format_tb(exc.__traceback__)[-20:]) + told(exc))
        exc = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return "\ncaused by\n".join(parts)


def set_up(name: str) -> None:
    """Send log lines to standard error; ``name`` is the process's, e.g. ``dispatch-1``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines(name))
    handler.addFilter(OncePerMinute())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # of whatever library: what it does all day is no news to an operator
    for ours in OUR_PACKAGES:
        logging.getLogger(ours).setLevel(logging.INFO)
    # the broker asks for a retry while it ends the transaction before: usual, and said for each batch
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)
