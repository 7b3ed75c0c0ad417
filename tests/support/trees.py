"""Our sources, each read and parsed once a process: a dozen tests walk them, and to parse all takes a second."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("topics", "rules", "engine")


@cache
def paths(*tops: str) -> tuple[Path, ...]:
    """Every module below these folders of the tree."""
    return tuple(path for top in tops for path in (ROOT / top).rglob("*.py"))


def name(path: Path) -> str:
    """A path as it stands in a message."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """What a module says."""
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    """A module, parsed; nobody changes it."""
    return ast.parse(text(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module, as ``ast.walk`` gives them."""
    return tuple(ast.walk(tree(path)))


@cache
def functions(path: Path) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """The functions and methods of a module, those inside others as well."""
    return tuple(node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
