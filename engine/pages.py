"""Draws the pages of ``docs/`` that follow from code: metrics and settings. 'python -m engine.pages' writes them, tests
hold them."""

from pathlib import Path

from engine import settings_page
from engine.observability import metrics_page

DOCS = Path(__file__).parents[1] / "docs"

PAGES = {"metrics.md": metrics_page.page, "settings.md": settings_page.page}
"""File -> what draws it."""

if __name__ == "__main__":
    for name, draw in PAGES.items():
        (DOCS / name).write_text(draw(), encoding="utf-8")
