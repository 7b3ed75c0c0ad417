"""The dashboards' pictures: our own renderer draws what their JSON says, and what lies in ``docs/pictures`` shows every
panel."""

import json
import re
import sys
import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawing() -> Iterator[ModuleType]:
    """The renderer; it stands beside the dashboards, and nobody imports ``deploy``."""
    folder = str(ROOT / "deploy" / "grafana")
    sys.path.insert(0, folder)
    try:
        yield import_module("drawing")
    finally:
        sys.path.remove(folder)


def board(kind: str, unit: str = "short", *legends: str, **more: Any) -> dict[str, Any]:
    """A dashboard of one panel."""
    panel = {
        "type": kind,
        "title": "A & B $department",
        "gridPos": {"x": 0, "y": 0, "w": 8, "h": 8},
        "targets": [{"expr": f'x{{d="$department"}} + {n}', "legendFormat": one} for n, one in enumerate(legends)],
        "fieldConfig": {"defaults": {"unit": unit, **more}},
    }
    return {"title": "T", "panels": [panel]}


def words(svg: str) -> list[str]:
    """All texts of a picture, which is well-formed."""
    return [one.text or "" for one in Xml.fromstring(svg).iter(f"{SVG}text")]


STEPS = {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 3}]}
STACK = {"stacking": {"mode": "normal"}}


def test_a_figure_is_red_from_its_threshold_on(drawing: ModuleType) -> None:
    """The last value, its unit, its colour."""
    asked: list[tuple[str, bool]] = []

    def ask(query: str, last: bool) -> list[Any]:
        asked.append((query, last))
        return [({}, [(0.0, value)])]

    for value, colour in ((2.0, drawing.GREEN), (3.0, drawing.RED)):
        svg = drawing.picture(board("stat", "s", "", thresholds=STEPS), ask, "said", {"department": "ranqi"})
        assert f"{value:.0f} s" in words(svg) and "A & B ranqi" in words(svg) and "said" in words(svg)
        assert re.search(rf'fill="{colour}"[^>]*>{value:.0f} s<', svg)
    assert asked == [('x{d="ranqi"} + 0', True)] * 2


def test_lines_have_legends_and_are_piled_where_they_are(drawing: ModuleType) -> None:
    """A stacked one stands on the one before; the highest line touches the top."""

    def ask(query: str, last: bool) -> list[Any]:
        return [({"tier": "grid"}, [(0.0, 1.0), (10.0, 1.0)]), ({"tier": "street"}, [(0.0, 2.0), (10.0, 4.0)])]

    svg = drawing.picture(board("timeseries", "short", "{{tier}}", custom=STACK), ask, "", {})
    assert {"grid", "street", "5", "10 s"} <= set(words(svg))
    ends = [float(one.attrib["points"].split(",")[-1]) for one in Xml.fromstring(svg).iter(f"{SVG}polyline")]
    assert len(ends) == 2 and ends[1] < ends[0]


def test_bars_are_as_long_as_they_are_large(drawing: ModuleType) -> None:
    """The largest first."""

    def ask(query: str, last: bool) -> list[Any]:
        return [({"street": "a"}, [(0.0, 1.0)]), ({"street": "b"}, [(0.0, 4.0)])]

    svg = drawing.picture(board("bargauge", "short", "{{street}}"), ask, "", {})
    blue = [
        float(one.attrib["width"]) for one in Xml.fromstring(svg).iter(f"{SVG}rect") if "#5794f2" in str(one.attrib)
    ]
    assert words(svg).index("b") < words(svg).index("a") and blue[0] == pytest.approx(4 * blue[1], rel=0.05)
    assert "No data" in words(drawing.picture(board("bargauge", "short", ""), lambda query, last: [], "", {}))


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0, "short", "0"),
        (0.25, "s", "250 ms"),
        (90, "s", "1.5 min"),
        (172800, "s", "2 d"),
        (0.5, "percentunit", "50 %"),
        (1536, "bytes", "1.5 kB"),
        (1500, "short", "1.5 k"),
        (12, "ops", "12 /s"),
        (0.25, "short", "0.25"),
    ],
)
def test_a_figure_is_said_short(drawing: ModuleType, value: float, unit: str, said: str) -> None:
    """With its unit."""
    assert drawing.number(value, unit) == said


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_what_is_shown_in_docs_has_every_panel(file: Path) -> None:
    """'make pictures' was run after the last change of a dashboard; each says who drew it, and most have figures."""
    board = json.loads(file.read_text(encoding="utf-8"))
    found = words((ROOT / "docs" / "pictures" / f"{file.stem}.svg").read_text(encoding="utf-8"))
    titles = [one["title"] for one in board["panels"] if "$" not in one["title"]]
    assert [title for title in titles if title not in {one.removeprefix("▾ ") for one in found}] == []
    assert any("drawn by deploy/grafana/pictures.py" in one and "not by Grafana" in one for one in found)
    assert found.count("No data") <= len(board["panels"]) // 4
