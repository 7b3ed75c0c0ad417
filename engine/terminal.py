"""What may reach a terminal: everything from outside is escaped here, once, whoever prints it (CWE-150).

``plain`` is the one function. ``guarded`` puts it under standard output and standard error, so that a ``print`` of any
command is safe by itself; ``console`` gives a rich console whose strings are literal text, never markup.
"""

import codecs
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import IO, Any, TextIO, cast

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

_CONTROLS = "\x00-\x1f\x7f-\x9f"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, embeddings, overrides, isolates (UAX 9)
_UNSEEN = "\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"
_LONE = "\ud800-\udfff"
_OUTSIDE = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_UNSEEN}{_LONE}]")
_BUT_LINES = re.compile(f"(?!\\n)[{_CONTROLS}{_DIRECTIONS}{_UNSEEN}{_LONE}]")


def plain(text: object) -> str:
    """Write what came from outside in characters that can do nothing: a control is shown as ``\\u001b``, on one line.

    The form is JSON's own, so that it may stand in a JSON string as well and means the same there.
    """
    return _OUTSIDE.sub(_escaped, str(text))


def _escaped(found: "re.Match[str]") -> str:
    return _units(found.group())


def _units(text: str) -> str:
    """Spell UTF-16 units, as JSON does: beyond the first plane there are two."""
    data = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i] << 8 | data[i + 1]:04x}" for i in range(0, len(data), 2))


def _unencodable(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return _units(error.object[error.start : error.end]), error.end


codecs.register_error("gridwhistle.spelled", _unencodable)


class Guarded:
    """Standard output or standard error with ``plain`` before it; lines stay lines. Everything else is the stream's
    own."""

    def __init__(self, stream: TextIO) -> None:
        """Keep the stream; what its encoding cannot say is spelled out in a pipe (JSON stays right) and ``?`` on a
        terminal."""
        self.stream = stream
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace" if stream.isatty() else "gridwhistle.spelled")

    def write(self, text: str) -> int:
        """Write it, escaped."""
        self.stream.write(_BUT_LINES.sub(_escaped, text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Give what the stream has."""
        return getattr(self.stream, name)


@contextmanager
def guarded() -> Iterator[None]:
    """Guard both streams while the block runs."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = cast("TextIO", Guarded(sys.stdout)), cast("TextIO", Guarded(sys.stderr))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Literal(Console):
    """A console to which a string is a string: no markup, no emoji, nothing that moves the cursor."""

    def render_str(self, text: str, **given: Any) -> Text:  # type: ignore[override]
        """Make it literal; the style given stays."""
        return super().render_str(
            plain(text) if "\n" not in text else "\n".join(map(plain, text.split("\n"))),
            **{**given, "markup": False, "emoji": False},
        )


def console(error: bool = False, file: IO[str] | None = None) -> Console:
    """Give a console for tables and bars that writes past the guard, since its own colours are controls as well."""
    stream: Any = file or (sys.stderr if error else sys.stdout)
    return _Literal(
        file=stream.stream if isinstance(stream, Guarded) else stream, markup=False, emoji=False, highlight=False
    )


def cut(text: object, cells: int) -> str:
    """Fit text into so many cells, Chinese characters taking two; what was cut ends in ``…``. Never used on an id."""
    said = plain(text)
    return set_cell_size(said, cells) if cell_len(said) <= cells else set_cell_size(said, cells - 1).rstrip() + "…"


def padded(text: object, cells: int) -> str:
    """Fill up to so many cells, and never cut: an id stays whole, whatever that does to the column."""
    said = plain(text)
    return said + " " * (cells - cell_len(said))
