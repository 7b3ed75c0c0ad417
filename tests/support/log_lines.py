"""What every line of the log must be, and somebody who looks at each that a test causes."""

import json
import logging
import re
from collections.abc import Callable

from engine.observability.json_logging import OncePerMinute, _JsonLines

PYTHON = re.compile(
    r"\b(?:TopicPartition|ConsumerRecord|Record|RecordMetadata|frozenset|deque|defaultdict|datetime)\("
    r"|<[\w.]+ object at 0x|<(?:class|function|bound method|coroutine)\b|\b[A-Z]\w+\(\w+=|\(['\"][^'\"]*['\"], "
)
"""How Python writes its own things: an operator cannot search for it, and it changes with a library."""


def amiss(line: str) -> str | None:
    """Say what is wrong with a line of the log."""
    found = json.loads(line)
    for name, value in found.items():
        several = value if isinstance(value, list) else [value]
        if not all(one is None or isinstance(one, str | int | float) for one in several):
            return f"{name} is neither a scalar nor a list of them"
        if name != "trace" and (hit := PYTHON.search(" ".join(str(one) for one in several))):
            return f"{name} shows how Python writes a thing: {hit[0]!r}"
    return None


class Lines(logging.Handler):
    """Keeps what would be written to the log, by a clock of its own; what it passes on nobody else sees."""

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        super().__init__()
        self._formatter, self._limit, self._now = _JsonLines("test"), OncePerMinute(), now
        self.lines: list[dict[str, object]] = []
        self.amiss: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take one in; errors of a test's own making count as well."""
        if self._now is not None:
            record.created = self._now()
        passes = self._now is not None and self._limit.filter(record)
        line = self._formatter.format(record)
        if why := amiss(line):
            self.amiss.append(f"{why}: {line[:300]}")
        if passes:
            self.lines.append(json.loads(line))
