"""Faults of a pack's ``feed.yaml`` beside its law: codes that the pack does not know (LAW 8)."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from engine.feed.feedmap import FILE, FeedMap, read_feed_map
from rules.rulepack.model import PackSource
from rules.rulepack.shape import Lines
from topics.vocabulary import CommandKind


def feed_faults(folder: Path, pack: PackSource | None) -> list[str]:
    """List what is wrong with a pack's feed; nothing where it has none."""
    if not (folder / FILE).exists():
        return []
    feed, faults = read_feed_map(folder)
    if feed is None or pack is None:
        return faults
    lines = Lines(folder)
    return [lines.said(FILE, where, text) for where, text in _faults(feed, pack)]


def _faults(feed: FeedMap, pack: PackSource) -> Iterator[tuple[str, str]]:
    codes = [category.code for category in pack.categories]
    words = {
        word
        for category in pack.categories
        for word in (category.code, category.label, category.label_zh, *category.aliases)
    }
    for word, code in (feed.category_map.map if feed.category_map else {}).items():
        if codes and code not in words:
            yield (
                f"category.map.{word}",
                f"unknown category {code!r}{_near(code, codes)}; reports of it would wait at the duty desk",
            )
    grid = feed.location.grid
    grids = [node.code for node in pack.nodes]
    for word, code in (grid.map if grid else {}).items():
        if grids and code not in grids:
            yield f"location.grid.map.{word}", f"unknown grid {code!r}{_near(code, grids)}"
    if {"dmy", "mdy"} <= set(feed.dates):
        yield "dates", "names both dmy and mdy: 3/4/2026 would be read as whichever stands first; keep one"
    if bool(feed.location.lat) != bool(feed.location.lon):
        yield "location", "lat and lon go together; name both columns or none"
    if feed.closing and not any(feed.closing.map.values()):
        yield (
            "closing.map",
            f"no status closes anything; write e.g. 已办结: {{kind: {CommandKind.CLOSE_BY_SOURCE}, reason: closed}}",
        )


def _near(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f"; did you mean `{near[0]}`?" if near else ""
