"""Draws the tables of ``docs/packs.md`` from the models: every field of a pack and of its feed. 'python -m
engine.handbook' writes them."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.feed.feedmap import FeedMap
from rules.rulepack.model import PackSource

PAGE = Path(__file__).parents[1] / "docs" / "packs.md"
BEGIN, END = "<!-- fields: begin -->\n", "<!-- fields: end -->\n"

FILE_OF = {
    "nodes": "grid.yaml",
    "addresses": "grid.yaml",
    "grid_version": "grid.yaml",
    "categories": "categories.yaml",
    "departments": "categories.yaml",
    "rules": "categories.yaml",
    "roster": "roster.yaml",
    "roster_version": "roster.yaml",
}
"""Where a member stands by custom; a member may stand in any of the four files, once."""


def tables() -> str:
    """All tables in Markdown: the pack, its parts, the feed, its parts."""
    lines = ["### A pack", "", "| field | what it is | default | file |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {_what(field)} | {_default(field)} | `{FILE_OF.get(name, 'pack.yaml')}` |"
        for name, field in PackSource.model_fields.items()
    ]
    for model, where in _parts(PackSource):
        lines += ["", f"### {where}", "", _doc(model), "", *_table(model)]
    lines += [
        "",
        "### feed.yaml",
        "",
        "How a file's columns are read; left out where nothing is fed.",
        "",
        *_table(FeedMap),
    ]
    for model, where in _parts(FeedMap):
        lines += ["", f"### feed.yaml: {where}", "", _doc(model), "", *_table(model)]
    return "\n".join(lines) + "\n"


def _doc(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _table(model: type[BaseModel]) -> list[str]:
    rows = [f"| `{name}` | {_what(field)} | {_default(field)} |" for name, field in model.model_fields.items()]
    return ["| field | what it is | default |", "|---|---|---|", *rows]


def _what(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split()).replace("|", "\\|")
    words = _words(field.annotation)
    return text + (
        f" One of {', '.join(f'`{word}`' for word in words)}."
        if words and not all(f"`{word}`" in text for word in words)
        else ""
    )


def _words(annotation: Any) -> list[str]:
    """The closed set of words a field takes, if it takes one."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    if get_origin(annotation) is Literal:
        return [
            str(word) for word in get_args(annotation) if word not in ("", "\t", "|") and not isinstance(word, Enum)
        ]
    if get_origin(annotation) in (Annotated, Union, UnionType):
        return [word for one in get_args(annotation) for word in _words(one)]
    return []


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) or value in (None, "", [], {}, ()):
        return ""
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(model: type[BaseModel], seen: set[Any] | None = None) -> Iterator[tuple[type[BaseModel], str]]:
    """Every model below, with the path at which it stands."""
    seen = set() if seen is None else seen
    for name, field in model.model_fields.items():
        for part in _models(field.annotation):
            if part not in seen:
                seen.add(part)
                yield part, name
                yield from ((deeper, f"{name}.{where}") for deeper, where in _parts(part, seen))


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for one in get_args(annotation) if one is not NoneType for model in _models(one)]


def page() -> str:
    """The page with its tables drawn anew."""
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    return head + BEGIN + "\n" + tables() + "\n" + END + tail


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
