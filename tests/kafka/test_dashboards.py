"""Every panel of every dashboard is answered by a real Prometheus that scrapes every metric there is."""

import importlib.util
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.observability.metric_names import AUDIT, COUNTERS, GAUGES, HISTOGRAMS, PREFIX, PROCESS, Spec
from engine.stages import STAGES
from tests.support.prometheus import door, prometheus
from tests.support.stacks import wait

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
VALUES = {
    "stage": (*STAGES,),
    "route": ("report", "command"),
    "status": ("202", "503"),
    "partition": ("0", "1"),
    "band": ("ok", "at_risk", "overdue"),
    "department": ("chengguan", "ranqi"),
    "tier": ("grid", "street"),
    "bound": ("low", "high"),
    "answer": ("satisfied", "unsatisfied"),
    "outcome": ("opened", "fenced"),
    "clock": ("resolve", "accept"),
    "party": ("residents", "backstop"),
    "street": ("longhaimalu", "beixiajie"),
}
"""Labels as a city has them; any other label gets one word."""


def load() -> ModuleType:
    """The generator; it stands beside what it writes, with its own helpers, and nobody imports ``deploy``."""
    spec = importlib.util.spec_from_file_location("generate", GRAFANA / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(GRAFANA))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(GRAFANA))
    return module


def dashboards() -> dict[str, dict[str, Any]]:
    """File -> dashboard."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((GRAFANA / "dashboards").glob("*.json"))
    }


def queries() -> Iterator[tuple[str, str]]:
    """Where it stands, and the query, of each panel, variable and annotation."""
    for name, board in dashboards().items():
        for panel in board["panels"]:
            yield from (
                (f"{name}: {panel['title']}", target["expr"].replace("$department", "ranqi"))
                for target in panel.get("targets", ())
            )
        yield from ((f"{name}: annotation", note["expr"]) for note in board["annotations"]["list"])


def lines(name: str, spec: Spec, value: float) -> Iterator[str]:
    """A metric with all its labels, in Prometheus' text."""
    assert not spec.buckets
    for labels in itertools.product(*(VALUES.get(label, (label,)) for label in spec.labels)):
        shown = ",".join(f'{label}="{text}"' for label, text in zip(spec.labels, labels, strict=True))
        yield f"{PREFIX}{name}{{{shown}}} {value}"


def told(n: int) -> str:
    """All metrics at the n-th scrape: counters and histograms grow."""
    found = [line for name, spec in COUNTERS.items() for line in lines(f"{name}_total", spec, 100 + 5 * n)]
    for table in (GAUGES, AUDIT):
        found += [line for name, spec in table.items() for line in lines(name, spec, 1)]  # type: ignore[attr-defined]
    for name, spec in HISTOGRAMS.items():
        for i, bound in enumerate((*spec.buckets, "+Inf")):
            shown = "".join(f'{label}="dispatch",' for label in spec.labels)
            found.append(f'{PREFIX}{name}_bucket{{{shown}le="{bound}"}} {n * (i + 1)}')
    found += [f"{name} {n}" for name in PROCESS]
    return "\n".join(found) + "\n"


def test_what_lies_there_was_drawn_by_the_generator() -> None:
    """'python deploy/grafana/generate.py' was run after the last change; ids and places are whole."""
    generate = load()
    assert {name: generate.text(name) for name in generate.ALL} == {
        path.stem: path.read_text(encoding="utf-8") for path in (GRAFANA / "dashboards").glob("*.json")
    }
    assert generate.page() == generate.PAGE.read_text(encoding="utf-8")
    assert len({board["uid"] for board in dashboards().values()}) == len(generate.ALL) == 4
    for board in dashboards().values():
        cells = [
            (x, y)
            for p in board["panels"]
            for x in range(p["gridPos"]["x"], p["gridPos"]["x"] + p["gridPos"]["w"])
            for y in range(p["gridPos"]["y"], p["gridPos"]["y"] + p["gridPos"]["h"])
        ]
        assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24


def test_every_panel_is_answered(tmp_path: Path) -> None:
    """Without an error, and with figures: a query that finds nothing in everything is misspelt."""
    scrapes = itertools.count(1)
    with (
        door(lambda path, body: told(next(scrapes))) as url,
        prometheus(tmp_path, {url.removeprefix("http://"): "dispatch"}) as asked,
    ):
        every = dict(queries())
        assert len(every) > 55
        wait(
            lambda: asked.query("street:gridwhistle_whistles_per_hundred:30d") and next(scrapes) > 12,
            60,
            "recording rules have run",
        )
        for where, query in every.items():
            wait(lambda query=query: asked.query(query), 30, f"{where} has figures: {query}")
