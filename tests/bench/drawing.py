"""Plots as a few lines of SVG: bars and lines, readable in a page without any script."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LEFT, LINE = 760, 300, 26
COLOURS = ("#2f6f9f", "#c8553d", "#5b8c5a", "#8d6a9f", "#b08900")
FONT = 'font-family="sans-serif" font-size="13"'


def _page(height: int, title: str, parts: Sequence[str]) -> str:
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="10" y="22" font-weight="bold">{escape(title)}</text>\n{inside}\n</svg>\n'
    )


def bars(title: str, values: Mapping[str, float], unit: str, marked: frozenset[str] = frozenset()) -> str:
    """One bar for each name, from nought on; the marked ones in another colour."""
    longest, parts = max([*values.values(), 1e-9]), []
    for row, (name, value) in enumerate(values.items()):
        y, width = 36 + row * LINE, value / longest * (WIDTH - LEFT - 110)
        colour = COLOURS[1 if name in marked else 0]
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{LINE - 8}" fill="{colour}"/>',
            f'<text x="{LEFT + width + 6:.1f}" y="{y + 14}">{value:.1f} {escape(unit)}</text>',
        ]
    return _page(46 + len(values) * LINE, title, parts)


def lines(title: str, series: Mapping[str, Sequence[tuple[float, float]]], x_is: str, y_is: str) -> str:
    """A line for each name, both axes from their least to their most."""
    points = [point for one in series.values() for point in one] or [(0.0, 0.0)]
    x0, x1 = min(x for x, _ in points), max(x for x, _ in points)
    y0, y1 = min(0.0, *(y for _, y in points)), max(y for _, y in points)
    left, right, top, bottom = 70, WIDTH - 20, 40, 300

    def at(x: float, y: float) -> str:
        across = left + (x - x0) / ((x1 - x0) or 1) * (right - left)
        return f"{across:.1f},{bottom - (y - y0) / ((y1 - y0) or 1) * (bottom - top):.1f}"

    parts = [f'<path d="M{left} {top} V{bottom} H{right}" fill="none" stroke="#444"/>']
    for text, x, y, anchor in (
        (f"{y1:g}", left - 6, top + 5, "end"),
        (f"{y0:g}", left - 6, bottom, "end"),
        (f"{x0:g}", left, bottom + 18, "middle"),
        (f"{x1:g}", right, bottom + 18, "end"),
        (x_is, (left + right) // 2, bottom + 18, "middle"),
        (y_is, left + 6, top - 4, "start"),
    ):
        parts.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')
    for row, (name, one) in enumerate(series.items()):
        colour = COLOURS[row % len(COLOURS)]
        parts.append(
            f'<polyline points="{" ".join(at(x, y) for x, y in one)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(f'<text x="{left + 12}" y="{top + 20 + 18 * row}" fill="{colour}">{escape(name)}</text>')
    return _page(bottom + 30, title, parts)
