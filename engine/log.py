"""Logging: one JSON line for each message, libraries at WARNING; never anything about a resident."""

import json
import logging
import sys
import time
import traceback

from aiokafka.errors import KafkaError

from engine.errors import GridwhistleError


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
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


OURS = (GridwhistleError, KafkaError, OSError)
"""Whose messages may be repeated: of others they may quote what somebody wrote, a coordinate, a number."""


def told(exc: BaseException) -> str:
    """Say which error it is; its message only when that cannot hold data of a record."""
    return repr(exc) if isinstance(exc, OURS) else type(exc).__name__


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
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for library in ("aiokafka", "faust", "mode", "asyncio"):
        logging.getLogger(library).setLevel(logging.WARNING)
    # the broker asks for a retry while it ends the transaction before: usual, and said for each batch
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)
