"""How a fault of a pack is named: where it stands, what is wrong, and the mend (DESIGN 8)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Found = Iterator[tuple[str, str]]
"""What a check yields: where (``categories.gas_leak``), and what is wrong with the mend."""


class Fault(NamedTuple):
    """One fault of a pack; ``str()`` is the line an operator reads."""

    file: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.text}"


def twice(where: str, names: Iterable[str]) -> Found:
    """Find names that stand more than once."""
    yield from ((where, f"{name!r} stands {n} times; keep one") for name, n in Counter(names).items() if n > 1)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Write names in a row, the first few only, for a message."""
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
