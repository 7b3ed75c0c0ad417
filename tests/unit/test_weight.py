"""A process carries what it needs: libraries that others need cost each stage 10 to 25 MB, and there are ten stages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import trees

GEOMETRY, REDIS, ARCHIVE, WEB = "shapely", "redis", "sqlalchemy", "fastapi"
HOST = "faust"
"""Hosts the stages; who starts them forks them from a process that has it."""
WITHOUT = {
    "engine.stages.intake": {REDIS, ARCHIVE, WEB},
    "engine.stages.dispatch": {GEOMETRY, REDIS, ARCHIVE, WEB},
    "engine.stages.fanout": {GEOMETRY, REDIS, ARCHIVE, WEB},
    "engine.stages.replies": {GEOMETRY, REDIS, ARCHIVE, WEB},
    "engine.stages.projector": {GEOMETRY, ARCHIVE, WEB},
    "engine.stages.archive": {GEOMETRY, REDIS, WEB},
    "engine.notifier.process": {GEOMETRY, REDIS, WEB},
    "engine.cli.stack": {GEOMETRY, ARCHIVE, WEB, HOST},
}


def at_import(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """What runs when a module is imported; a function's own imports run when it is called."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.Try | ast.With) or (
            isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING"
        ):
            yield from at_import(node.body)


def named(path: Path) -> set[str]:
    """Every module that one names when it is imported, the packages above them included."""
    found: set[str] = set()
    for node in at_import(trees.tree(path).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def carried(start: str) -> set[str]:
    """All that is imported with a module, ours followed, others by their first name."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if "." in name:
            waiting.append(name.rsplit(".", 1)[0])
        base = trees.ROOT / name.replace(".", "/")
        path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
        if name.split(".")[0] in trees.PRODUCT and path.exists():
            waiting += named(path)
    return {name.split(".")[0] for name in seen}


@pytest.mark.parametrize("start", WITHOUT)
def test_a_stage_imports_nothing_that_only_others_need(start: str) -> None:
    """What it does need is found, so the walk sees something."""
    found = carried(start)
    assert "msgspec" in found
    assert found & WITHOUT[start] == set()
