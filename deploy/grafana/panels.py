"""What a dashboard is made of: panels, rows, variables, as Grafana reads them."""

from collections.abc import Iterable
from typing import Any

from advice import ADVICE

SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}


PROMETHEUS = {
    "name": "DS_PROMETHEUS",
    "label": "Prometheus",
    "type": "datasource",
    "query": "prometheus",
    "current": {"text": "Prometheus", "value": "prometheus"},
}
WIDTH, HEIGHT = 24, 8
"""Grafana's grid has 24 columns; a row of panels here is 8 high."""


Panel = dict[str, Any]


def graph(title: str, *queries: tuple[str, str], unit: str = "short", wide: int = 8, stack: bool = False) -> Panel:
    """Lines over time; each query with its legend."""
    custom = {"fillOpacity": 10, "showPoints": "never", "stacking": {"mode": "normal" if stack else "none"}}
    return _panel("timeseries", title, queries, unit, wide, custom=custom)


def figure(
    title: str, query: str, unit: str = "short", wide: int = 4, bad: float | None = None, good_above: bool = False
) -> Panel:
    """One figure, red from ``bad`` on (or below it where more is better)."""
    steps = [{"color": "red" if good_above else "green", "value": None}]
    if bad is not None:
        steps.append({"color": "green" if good_above else "red", "value": bad})
    return _panel("stat", title, [(query, "")], unit, wide, thresholds={"mode": "absolute", "steps": steps})


def bars(title: str, query: str, legend: str, unit: str = "short", wide: int = 8) -> Panel:
    """As they stand now, side by side."""
    options = {"orientation": "horizontal", "displayMode": "basic"}
    return _panel("bargauge", title, [(query, legend)], unit, wide, instant=True, options=options)


def _panel(
    kind: str,
    title: str,
    queries: Any,
    unit: str,
    wide: int,
    custom: Any = None,
    thresholds: Any = None,
    instant: bool = False,
    options: Any = None,
) -> Panel:
    defaults: dict[str, Any] = {"unit": unit}
    if custom:
        defaults["custom"] = custom
    if thresholds:
        defaults["thresholds"] = thresholds
    targets = [
        {
            "refId": chr(65 + n),
            "expr": query,
            "datasource": SOURCE,
            **({"legendFormat": legend} if legend else {}),
            **({"instant": True, "range": False} if instant else {}),
        }
        for n, (query, legend) in enumerate(queries)
    ]
    panel = {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "wide": wide,
    }
    return panel | ({"options": options} if options else {})


def dashboard(
    uid: str, title: str, *rows: tuple[str, list[Panel]], variables: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A whole dashboard; where the law in force changes, a line says so."""
    law = {
        "name": "Law in force", "datasource": SOURCE, "enable": True, "iconColor": "purple", "titleFormat": "{{pack}}",
        "expr": "group by (pack) (gridwhistle_pack_info unless gridwhistle_pack_info offset 1m)", "step": "60s",
    }  # fmt: skip
    return {
        "uid": uid,
        "title": title,
        "tags": ["gridwhistle"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "editable": True,
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [PROMETHEUS, *(variables or [])]},
        "annotations": {"list": [law]},
        "panels": [{"id": n, **panel} | _advised(uid, panel) for n, panel in enumerate(_laid_out(rows), 1)],
    }


def _advised(uid: str, panel: Panel) -> Panel:
    """What to do when it looks bad; a panel without it is not finished.

    Raises:
        KeyError: Nobody has written it.
    """
    return {} if panel["type"] == "row" else {"description": ADVICE[uid][english(panel["title"])]}


def english(title: str) -> str:
    """Take the Chinese words out of a title."""
    return " ".join(word for word in title.split() if word.isascii())


def _laid_out(rows: Iterable[tuple[str, list[Panel]]]) -> list[Panel]:
    """Lay rows of panels out from left to right, top to bottom."""
    panels: list[Panel] = []
    y = 0
    for name, row in rows:
        place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        panels.append({"type": "row", "title": name, "collapsed": False, "panels": [], "gridPos": place})
        x, y = 0, y + 1
        for panel in row:
            wide = panel.pop("wide")
            if x + wide > WIDTH:
                x, y = 0, y + HEIGHT
            panels.append(panel | {"gridPos": {"x": x, "y": y, "w": wide, "h": HEIGHT}})
            x += wide
        y += HEIGHT
    return panels


def variable(name: str, label: str, query: str) -> dict[str, Any]:
    """What whoever looks may choose, by a query for its values."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
        "multi": False,
    }
