"""Draws a dashboard as SVG from a Prometheus' answers: its own titles, places, units, legends and thresholds. It is no
Grafana; the picture says so."""

import math
from collections.abc import Callable, Sequence
from html import escape
from itertools import accumulate
from string import Template
from typing import Any

COLUMN, UNIT = 50, 24
"""Pixels of a column and of a unit of height of Grafana's grid."""

INK, DIM, PAPER, CARD, GREEN, RED = "#d8d9da", "#8e9297", "#111217", "#181b1f", "#73bf69", "#f2495c"
COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#fade2a", "#8ab8ff", "#ffb357")
LINES = 10
"""Of a graph: more are unreadable in a picture, the largest are drawn."""

Points = list[tuple[float, float]]
Found = list[tuple[str, Points]]
"""Legend and points over time."""

Ask = Callable[[str, bool], list[tuple[dict[str, str], Points]]]
"""A query, and whether its last value will do -> labels and points of each series."""


def number(value: float, unit: str) -> str:
    """A figure with its unit, short."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        for seconds, name in ((86400, "d"), (3600, "h"), (60, "min")):
            if abs(value) >= seconds:
                return f"{value / seconds:.3g} {name}"
        return f"{value * 1000:.3g} ms" if 0 < abs(value) < 1 else f"{value:.3g} s"
    end = {"ops": "/s", "bytes": "B"}.get(unit, "")
    step, names = (1024, " kMGT") if unit == "bytes" else (1000, " kMGT")
    power = min(4, int(math.log(abs(value), step))) if abs(value) >= step else 0
    return f"{value / step**power:.3g} {names[power].strip()}{end}".strip()


def legend(form: str, labels: dict[str, str]) -> str:
    """Fill ``{{label}}`` in."""
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form or " ".join(labels.values())


def text(x: float, y: float, said: str, size: int = 11, fill: str = INK, more: str = "") -> str:
    """Draw words."""
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{fill}"{more}>{escape(said)}</text>'


def box(x: float, y: float, w: float, h: float, fill: str) -> str:
    """Draw a rectangle."""
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{max(0, w):.0f}" height="{max(0, h):.0f}" fill="{fill}" rx="2"/>'


def picture(board: dict[str, Any], ask: Ask, said: str, values: dict[str, str]) -> str:
    """Draw a whole dashboard; ``values`` are those of its variables."""
    cells = board["panels"]
    w, h = 24 * COLUMN, UNIT * max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in cells) + 64
    body = [box(0, 0, w, h, PAPER), text(12, 24, board["title"], 16), text(12, 44, said, 11, DIM)]
    for cell in cells:
        body.append(_cell(cell, ask, values))
    style = 'font-family="DejaVu Sans, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" {style}>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _cell(panel: dict[str, Any], ask: Ask, values: dict[str, str]) -> str:
    place = panel["gridPos"]
    x, y = place["x"] * COLUMN + 4, place["y"] * UNIT + 56
    w, h = place["w"] * COLUMN - 8, place["h"] * UNIT - 8
    title = Template(panel["title"]).safe_substitute(values)
    if panel["type"] == "row":
        return text(x + 4, y + 14, "▾ " + title, 13)
    found: Found = []
    for target in panel["targets"]:
        query = Template(target["expr"]).safe_substitute(values)
        for labels, points in ask(query, panel["type"] != "timeseries"):
            if points:
                found.append((legend(target.get("legendFormat", ""), labels), points))
    kind = {"timeseries": _graph, "stat": _stat, "bargauge": _bars}[panel["type"]]
    frame = [box(x, y, w, h, CARD), text(x + 8, y + 18, title, 12)]
    inside = kind(panel, found, x + 8, y + 28, w - 16, h - 36) if found else [_centred(x, y, w, h, "No data", 14, DIM)]
    return "\n".join([*frame, *inside])


def _centred(x: float, y: float, w: float, h: float, said: str, size: int, fill: str) -> str:
    return text(x + w / 2, y + h / 2 + size / 3, said, size, fill, ' text-anchor="middle"')


def _unit(panel: dict[str, Any]) -> str:
    return str(panel["fieldConfig"]["defaults"]["unit"])


def _stat(panel: dict[str, Any], found: Found, x: float, y: float, w: float, h: float) -> list[str]:
    value = found[0][1][-1][1]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    colour = [step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]
    return [_centred(x, y, w, h, number(value, _unit(panel)), 34, RED if colour == "red" else GREEN)]


def _bars(panel: dict[str, Any], found: Found, x: float, y: float, w: float, h: float) -> list[str]:
    rows = sorted(((points[-1][1], name) for name, points in found), reverse=True)[: int(h // 18)]
    most = max((abs(value) for value, _ in rows), default=0) or 1
    drawn, wide = [], w * 0.5
    for n, (value, name) in enumerate(rows):
        top = y + n * 18
        drawn += [
            text(x, top + 12, name[:24], 11, DIM),
            box(x + w * 0.32, top + 2, wide * abs(value) / most, 12, COLOURS[2]),
            text(x + w, top + 12, number(value, _unit(panel)), 11, INK, ' text-anchor="end"'),
        ]
    return drawn


def _graph(panel: dict[str, Any], found: Found, x: float, y: float, w: float, h: float) -> list[str]:
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    found = sorted(found, key=lambda one: -max(value for _, value in one[1]))[:LINES]
    names = [name for name, _ in found]
    lines = _piled([points for _, points in found]) if stacked else [points for _, points in found]
    low = min(0.0, min(value for points in lines for _, value in points))
    high = max(value for points in lines for _, value in points)
    high = high if high > low else low + 1
    begin, end = (pick(at for points in lines for at, _ in points) for pick in (min, max))
    left, tall = 58, h - 34
    across = (w - left) / ((end - begin) or 1)

    def spot(at: float, value: float) -> str:
        return f"{x + left + (at - begin) * across:.1f},{y + tall * (1 - (value - low) / (high - low)):.1f}"

    drawn = []
    for part in range(4):
        value = low + (high - low) * part / 3
        level = y + tall * (1 - part / 3)
        drawn += [
            f'<path d="M{x + left:.0f} {level:.0f}H{x + w:.0f}" stroke="#2c3235"/>',
            text(x + left - 6, level + 4, number(value, _unit(panel)), 10, DIM, ' text-anchor="end"'),
        ]
    for n, points in enumerate(lines):
        way = " ".join(spot(at, value) for at, value in points)
        drawn.append(f'<polyline points="{way}" fill="none" stroke="{COLOURS[n % 10]}" stroke-width="1.5"/>')
    return (
        drawn
        + _legends(names, x, y + tall + 16, w)
        + [text(x + w, y + 8, f"{end - begin:.0f} s", 10, DIM, ' text-anchor="end"')]
    )


def _piled(lines: Sequence[Points]) -> list[Points]:
    """One on the other; a series that is not there at a moment adds nothing."""
    moments = sorted({at for points in lines for at, _ in points})
    values = [[dict(points).get(at, 0.0) for at in moments] for points in lines]
    sums = list(accumulate(values, lambda below, own: [a + b for a, b in zip(below, own, strict=True)]))
    return [list(zip(moments, row, strict=True)) for row in sums]


def _legends(names: Sequence[str], x: float, y: float, w: float) -> list[str]:
    """Below the graph, from left to right, in two lines at most."""
    drawn, at, line = [], 0.0, 0
    for n, name in enumerate(names):
        wide = 18 + 6.4 * len(name)
        if at + wide > w:
            at, line = 0.0, line + 1
        if line > 1:
            break
        top = y + 14 * line
        drawn += [box(x + at, top - 7, 8, 3, COLOURS[n % 10]), text(x + at + 12, top, name, 10, DIM)]
        at += wide
    return drawn
