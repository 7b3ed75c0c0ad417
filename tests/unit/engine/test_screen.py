"""What came from outside does nothing to a terminal: no control, no change of direction, no markup, whoever prints it
(CWE-150)."""

import io
import json
import sys
import unicodedata

import pytest
from rich.cells import cell_len
from rich.table import Table

from engine.terminal import Guarded, console, cut, guarded, padded, plain

HOSTILE = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b5m",
    "a\rb",
    "a\nb",
    "\u202egpj.exe",
    "\u2066x\u2069",
    "\u200bx",
    "\u2028",
    "[/bold]",
    "[red]x[/red]",
    ":smile:",
    "\udc9b",
    "\U000e0041",
    "\x00",
    "\x7f",
    "\x1b[2J\x1b[H",
    "\x1b[6n",
    "[link=http://x]y",
]
"""What somebody might put into a text, a name, an address."""


def does_nothing(text: str) -> bool:
    """Whether a terminal shows each character and does nothing else: lines may end, nothing more."""
    return all(unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for one in text.replace("\n", ""))


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_text_is_shown_on_one_line_and_means_the_same_in_json(text: str) -> None:
    """Nothing is dropped: what was there is spelled."""
    assert does_nothing(plain(text)) and "\n" not in plain(text)
    assert json.loads(f'"{plain(text)}"').encode("utf-8", "surrogatepass") == text.encode("utf-8", "surrogatepass")


def test_whatever_is_printed_goes_through_the_guard(capsys: pytest.CaptureFixture[str]) -> None:
    """A plain print of any command, on both streams; lines stay lines."""
    with guarded():
        print("\n".join(HOSTILE))
        print("\n".join(HOSTILE), file=sys.stderr)
    out, err = capsys.readouterr()
    assert out == err and does_nothing(out) and out.count("\n") == len(HOSTILE) + 1
    assert "[/bold]" in out and "[red]x[/red]" in out


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_table_shows_markup_as_text(text: str) -> None:
    """Cells, heads, titles, lines: literal, and the frame stands."""
    out = io.StringIO()
    screen = console(file=out)
    table = Table(text, "b", title=text, caption=text)
    table.add_row(text, "大湾")
    screen.print(table)
    screen.print(text, style="bold")
    said = out.getvalue()
    assert does_nothing(said)
    assert plain(text).replace("\\u000a", "") in said.replace("\n", "") or "\n" in text or "\\u000a" in plain(text)


def test_what_an_encoding_cannot_say_is_replaced() -> None:
    """A latin-1 pipe gets JSON that still means the same; an ASCII one as well; nothing is raised."""
    for encoding in ("latin-1", "ascii"):
        raw = io.BytesIO()
        out = Guarded(io.TextIOWrapper(raw, encoding=encoding))
        out.write('{"text": "大湾 😀 \udc80"}\n')
        out.flush()
        assert json.loads(raw.getvalue().decode(encoding))["text"] == "大湾 😀 \udc80"


def test_wide_characters_take_two_cells() -> None:
    """Columns stand under each other; an id is never cut."""
    assert [cell_len(padded(text, 12)) for text in ("大湾路", "abc", "a大b湾")] == [12, 12, 12]
    assert [cell_len(cut(text, 7)) <= 7 for text in ("大湾路大湾路", "abcdefghij", "a大b湾c路")] == [True, True, True]
    assert cut("大湾路大湾路", 7) == "大湾路…"
    assert padded("tawan-20260302-7-and-much-longer", 8) == "tawan-20260302-7-and-much-longer"
