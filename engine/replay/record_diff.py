"""Shows two records side by side: every member in which they differ, or the place of the first byte."""

from collections.abc import Iterator
from typing import Any

import msgspec

from topics.unreadable import UNREADABLE

SHOWN = 20
"""Members shown; the first ones tell."""

AROUND = 40
"""Bytes shown before and after the first that differs."""

MISSING = "(nothing)"


def sides(recorded: bytes, again: bytes) -> list[str]:
    """Name each member that differs, with both values; equal values in other bytes are shown as bytes."""
    try:
        found = list(_walk("", msgspec.json.decode(recorded), msgspec.json.decode(again)))
    except UNREADABLE:
        found = []
    if not found:
        return _bytes(recorded, again)
    lines = [
        line
        for name, left, right in found[:SHOWN]
        for line in (name or "(the whole)", f"  recorded  {left}", f"  replayed  {right}")
    ]
    return [*lines, *([f"and {len(found) - SHOWN} more members"] if len(found) > SHOWN else [])]


def _walk(name: str, left: Any, right: Any) -> Iterator[tuple[str, str, str]]:
    if left == right and type(left) is type(right):
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys((*left, *right)):
            yield from _member(f"{name}.{key}" if name else key, left, right, key)
    elif isinstance(left, list) and isinstance(right, list):
        for place in range(max(len(left), len(right))):
            yield from _member(f"{name}[{place}]", dict(enumerate(left)), dict(enumerate(right)), place)
    else:
        yield name, _shown(left), _shown(right)


def _member(name: str, left: dict[Any, Any], right: dict[Any, Any], key: Any) -> Iterator[tuple[str, str, str]]:
    if key in left and key in right:
        yield from _walk(name, left[key], right[key])
    else:
        yield name, _shown(left[key]) if key in left else MISSING, _shown(right[key]) if key in right else MISSING


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"


def _bytes(recorded: bytes, again: bytes) -> list[str]:
    place = next(
        (n for n, pair in enumerate(zip(recorded, again, strict=False)) if pair[0] != pair[1]),
        min(len(recorded), len(again)),
    )
    start = max(0, place - AROUND)
    return [
        f"byte {place} (of {len(recorded)} recorded, {len(again)} replayed)",
        f"  recorded  {recorded[start : place + AROUND]!r}",
        f"  replayed  {again[start : place + AROUND]!r}",
    ]
