"""Faults of a pack's shape in words: where, what was found, and the mend, so that they stand beside the faults of law
(DESIGN 8)."""

import re
from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from rules.rulepack import yaml_reading

NAMING = ("code", "person", "id", "name", "street")
"""Members by which people know an entry of a list."""

_CHOICES = re.compile(r"'([^']*)'")
_TAB = re.compile(r"^ *\t")


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models in a field's kind, through lists, maps and options."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for one in get_args(annotation) if one is not NoneType for model in models_in(one)]


def fields_at(root: type[BaseModel], loc: Iterable[int | str]) -> list[str]:
    """The members that may stand at a place."""
    models = [root]
    for part in loc:
        found = [field for model in models for name, field in model.model_fields.items() if name == part]
        models = [model for field in found for model in models_in(field.annotation)] if found else models
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def meant(root: type[BaseModel], loc: tuple[int | str, ...]) -> str | None:
    """The member that a misspelt one may mean."""
    near = get_close_matches(str(loc[-1]), fields_at(root, loc[:-1]), 1)
    return near[0] if near else None


def worded(error: Any, root: type[BaseModel]) -> str:
    """What pydantic found, for whoever wrote the YAML: the value, and the mend."""
    kind, found, loc = error["type"], error["input"], error["loc"]
    if kind == "missing":
        return "is missing; " + (" ".join(_description(root, loc).split()) or "add it")
    if kind == "extra_forbidden":
        near = meant(root, loc)
        return "unknown; " + (
            f"did you mean `{near}`?" if near else f"here may stand {', '.join(fields_at(root, loc[:-1])[:40])}"
        )
    if kind in ("enum", "literal_error"):
        choices = _CHOICES.findall(error["ctx"]["expected"])
        near_word = get_close_matches(str(found), choices, 1)
        quoted = _quote(found) if isinstance(found, bool | int | float) else ""
        return (
            f"{_shown(found)} is none of {', '.join(choice for choice in choices if choice)}"
            + (f"; did you mean `{near_word[0]}`?" if near_word else "")
            + quoted
        )
    if kind == "string_type" and isinstance(found, bool | int | float | date):
        return f"{_shown(found)} is no text{_quote(found)}"
    if kind in ("model_type", "dict_type") and ("limit" in loc or "clocks" in loc):
        return f"{_shown(found)} is no limit; write an amount and its unit, e.g. 4 work_hour"
    return f"{error['msg'].removeprefix('Value error, ')}; found {_shown(found)}"


def _quote(found: Any) -> str:
    if isinstance(found, bool):
        return (
            f"; YAML reads no, yes, on and off as true and false: quote `{'yes' if found else 'no'}`, e.g."
            f' "{"yes" if found else "no"}"'
        )
    return f'; quote it: "{found}"'


def _shown(found: Any) -> str:
    text = repr(found) if isinstance(found, str) else str(found) if not isinstance(found, bool) else str(found).lower()
    return text if len(text) <= 60 else text[:57] + "..."


def _description(root: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    models = [root]
    description = ""
    for part in loc:
        found = [field for model in models for name, field in model.model_fields.items() if name == part]
        if found:
            description = found[0].description or ""
            models = [model for field in found for model in models_in(field.annotation)]
    return description


def unreadable(error: Exception, path: Path) -> str:
    """Why a file is no YAML, with its line and the mend."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file; 'gridwhistle pack new' makes one to begin with"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8; save it as UTF-8"
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    line = mark.line + 1
    lines = yaml_reading.text_of(path).splitlines()
    here = [n for n in (line, line - 1) if 0 < n <= len(lines) and _TAB.match(lines[n - 1])]
    if here:
        return f"tabs are not allowed in YAML, line {here[0]}: indent with spaces"
    problem = getattr(error, "problem", None) or str(error)
    sign = lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
    mend = "; quote a text that holds ': ' or begins with a sign" if sign and sign in ":%@`" else ""
    return f"{problem}, line {line}{mend}"


class Lines:
    """Where in a pack's own files something stands; looked up only when there are faults."""

    def __init__(self, folder: Path) -> None:
        """Take the pack's folder."""
        self._folder = folder
        self._trees: dict[str, yaml.Node | None] = {}

    def of(self, file: str, where: str) -> int | None:
        """The line of ``categories.gas_leak.limit``, or of as much of it as there is; ``None`` where nothing is."""
        if file not in self._trees:
            self._trees[file] = yaml_reading.tree(self._folder / file)
        node, line = self._trees[file], None
        for part in re.split(r"[. ]", where):
            below = _below(node, part)
            if below is None:
                break
            node, line = below[0], below[1] + 1
        return line

    def said(self, file: str, where: str, text: str) -> str:
        """A fault as a line that an operator reads."""
        line = self.of(file, where) if "/" not in file else None
        return f"{file}: {where}: {text}" + (f" (line {line})" if line else "")


def _below(node: yaml.Node | None, part: str) -> tuple[yaml.Node, int] | None:
    """What stands in a node under a name, or as the entry that is known by it."""
    if isinstance(node, yaml.MappingNode):
        return next(((value, key.start_mark.line) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode):
        for n, entry in enumerate(node.value):
            names = (
                [value.value for key, value in entry.value if key.value in NAMING]
                if isinstance(entry, yaml.MappingNode)
                else []
            )
            if part in names or part == str(n):
                return entry, entry.start_mark.line
    return None
