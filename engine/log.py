"""Logging: one JSON line for each message, libraries at WARNING; never anything about a resident."""

import json
import logging
import sys
import time


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
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


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
