"""What ``top`` shows, as text for a terminal of a given size: two lines for a ticket on a narrow one, one on a wide
one."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from engine.terminal import cut, padded, plain
from engine.views.lists import Town, is_late
from rules.law.moments import local
from topics.ids import Instant

WIDE = 120
"""From so many columns on, a ticket takes one line."""
LEGEND = "▲ limit broken  ● < 1 h  ⚑ department: ? called ✓ reported in • done – released"
HELP = "↑↓ PgUp PgDn Home End  / filter  Esc all  q ends"
CHILD = {"called": "?", "reported_in": "✓", "finished": "•", "released": "–"}
_KEY = re.compile(r"\x1b(?:\[|O)[0-9;]*[A-Za-z~]|.", re.DOTALL)
_STEPS = {"\x1b[A": -1, "\x1bOA": -1, "k": -1, "\x1b[B": 1, "\x1bOB": 1, "j": 1}
_PAGES = {"\x1b[5~": -1, "\x1b[6~": 1, " ": 1}
_ENDS = {"\x1b[H": 0, "\x1b[1~": 0, "\x1bOH": 0, "\x1b[F": 2**31, "\x1b[4~": 2**31, "\x1bOF": 2**31}


class Board(NamedTuple):
    """What is looked at."""

    town: Town
    now: Instant
    speed: int
    counts: dict[str, int]
    rows: list[dict[str, Any]]


@dataclass
class Keys:
    """What the keys have asked for so far."""

    quit: bool = False
    first: int = 0
    """The row that stands on top."""
    page: int = 10
    """Rows on the screen when it was last drawn."""
    wanted: str = ""
    """Only rows that contain this."""
    typing: bool = False

    def take(self, pressed: str) -> None:
        """Take what was pressed."""
        for key in _KEY.findall(pressed):
            self._typed(key) if self.typing else self._moved(key)

    def _typed(self, key: str) -> None:
        if key in "\r\n":
            self.typing = False
        elif key == "\x1b":
            self.typing, self.wanted = False, ""
        elif key in "\x7f\b":
            self.wanted = self.wanted[:-1]
        elif len(key) == 1 and key.isprintable():
            self.wanted += key
        self.first = 0

    def _moved(self, key: str) -> None:
        if key in "qQ\x03":
            self.quit = True
        elif key == "/":
            self.typing, self.first = True, 0
        elif key == "\x1b":
            self.wanted, self.first = "", 0
        elif key in _ENDS:
            self.first = _ENDS[key]
        else:
            self.first = max(0, self.first + _STEPS.get(key, 0) + _PAGES.get(key, 0) * self.page)


def screen(board: Board, keys: Keys, width: int, height: int) -> Text:
    """Draw it; exactly ``height`` lines at most, none wider than ``width`` but for ids."""
    rows = [row for row in board.rows if keys.wanted.lower() in _searched(row, board.town)]
    each = 1 if width >= WIDE else 2
    head = [_title(board, len(rows), width), *_counts(board, width)]
    keys.page = max(1, (height - len(head) - 3) // each)
    keys.first = max(0, min(keys.first, len(rows) - keys.page))
    shown = rows[keys.first : keys.first + keys.page]
    lines = [*head, Text(_columns(width), style="bold")]
    lines += [line for row in shown for line in _row(row, board, width)]
    lines += [Text("")] * (height - 2 - len(lines))
    return Text("\n", no_wrap=True, overflow="crop").join(
        [*lines, _foot(keys, len(rows), width), Text(cut(LEGEND, width), style="dim")]
    )


def _title(board: Board, found: int, width: int) -> Text:
    bundle, zone = board.town.law.bundle, board.town.zone
    placed = sum(n for name, n in board.counts.items() if name.startswith("grid:"))
    name = f" {bundle.title_zh or bundle.title} "
    said = (
        f"  {local(board.now, zone)[:16]} {zone.key}  ×{board.speed}   open {placed}   overdue"
        f" {board.counts.get('overdue', 0)}"
    )
    return Text.assemble(
        (
            (cut(name, max(8, width - cell_len(said))), "bold reverse")
            if cell_len(name) + cell_len(said) > width
            else (plain(name), "bold reverse")
        ),
        said,
    )


def _counts(board: Board, width: int) -> list[Text]:
    """Name each queue with how many stand in it, as many lines as it takes."""
    bundle = board.town.law.bundle
    labels = {tier.name: tier.label_zh or tier.label for steps in bundle.ladders.values() for tier in steps}
    departments = sorted(((n, name[5:]) for name, n in board.counts.items() if name.startswith("dept:")), reverse=True)[
        :5
    ]
    parts = [
        ("值班台 desk", "desk"),
        *((f"{label} {name}", f"tier:{name}") for name, label in labels.items()),
        ("待批 approval", "approval"),
    ]
    said = [f"{plain(label)} {board.counts.get(name, 0)}" for label, name in parts] + [
        f"⚑ {plain(code)} {n}" for n, code in departments
    ]
    lines = [""]
    for one in said:
        if lines[-1] and cell_len(lines[-1]) + cell_len(one) + 2 > width:
            lines.append("")
        lines[-1] += ("  " if lines[-1] else "") + one
    return [Text(line) for line in lines]


def _columns(width: int) -> str:
    head = f"{'due in':<12} {'ticket':<28} {'has it':<31}"
    return head + f" {'status':<9} what, where, departments" if width >= WIDE else head


def _row(row: dict[str, Any], board: Board, width: int) -> list[Text]:
    countdown = _countdown(row, board.now)
    who = f" {padded(row['id'], 28)} {padded(row['person'], 31)}"
    parts = (
        board.town.label(row.get("category")),
        row.get("tier"),
        row.get("address") or row.get("leaf"),
        _departments(row),
        row.get("text"),
    )
    what = " · ".join(plain(part) for part in parts if part)
    first = Text.assemble(countdown, who)
    if width >= WIDE:
        first.append(f" {padded(row['status'], 9)} ")
        first.append(cut(what, max(10, width - first.cell_len)))
        return [first]
    return [first, Text(cut(f"{'':13}{plain(row['status'])} · {what}", width), style="dim")]


def _departments(row: dict[str, Any]) -> str:
    return " ".join(f"⚑{child.split('/')[0]}{CHILD[child.rsplit(':', 1)[1]]}" for child in row.get("children", []))


def _countdown(row: dict[str, Any], now: Instant) -> Text:
    """Colour, sign and words, never colour alone."""
    due = row.get("deadline_at")
    if due is None:
        return Text(f"{'· no limit':<12}", style="dim")
    minutes = abs(due - now) // 60_000
    span = f"{minutes // 60}:{minutes % 60:02d}" if minutes < 100 * 60 else f"{minutes // 1440} d"
    if is_late(row, now):
        return Text(f"▲ {'late ' if due <= now else 'leg '}{span}".ljust(12), style="bold red")
    return Text(f"● {span}".ljust(12), style="yellow") if minutes < 60 else Text(f"  {span}".ljust(12), style="green")


def _foot(keys: Keys, found: int, width: int) -> Text:
    if keys.typing:
        return Text(cut(f"filter: {plain(keys.wanted)}_   Enter keeps it, Esc shows all", width), style="bold")
    last = min(found, keys.first + keys.page)
    only = f' with "{plain(keys.wanted)}"' if keys.wanted else ""
    return Text(cut(f"{keys.first + 1 if found else 0}–{last} of {found}{only}   {HELP}", width), style="bold")


def _searched(row: dict[str, Any], town: Town) -> str:
    values = (
        row.get(name, "")
        for name in ("id", "status", "tier", "party", "person", "address", "leaf", "text", "identity", "lead")
    )
    return " ".join([*map(str, values), town.label(row.get("category")), *row.get("children", [])]).lower()
