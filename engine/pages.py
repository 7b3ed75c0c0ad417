"""Draws the pages of ``docs/`` that follow from code: metrics and settings. 'python -m engine.pages' writes them, tests
hold them."""

from pathlib import Path

from engine import settings_page
from engine.observability import metric_names

DOCS = Path(__file__).parents[1] / "docs"

PAGES = {"metrics.md": metric_names.page, "settings.md": settings_page.page}
"""File -> what draws it."""

if __name__ == "__main__":
    for name, draw in PAGES.items():
        (DOCS / name).write_text(draw(), encoding="utf-8")
