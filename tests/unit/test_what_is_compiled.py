"""The list of what is compiled (``setup.py``) names what there is, and nothing that would be another thing once
compiled."""

import ast
import runpy
from pathlib import Path
from typing import Any

import pytest

from engine.views.manual import _TWO_TICKETS
from rules.commands.registry import CHILD_HANDLERS, HANDLERS

ROOT = Path(__file__).parents[2]
BUILD: dict[str, Any] = runpy.run_path(str(ROOT / "setup.py"), run_name="looked_at")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that are compiled, as the build finds them."""
    monkeypatch.chdir(ROOT)
    found: list[str] = BUILD["modules"]()
    return found


def test_every_pattern_finds_something(modules: list[str]) -> None:
    """A module that was moved would quietly stay plain, and dispatch would be dearer."""
    assert [one for one in BUILD["COMPILED"] if not list(ROOT.glob(one))] == []
    assert [one for one in BUILD["PLAIN"] if not (ROOT / one).exists()] == [] and len(modules) > 30


def test_no_compiled_module_has_what_compiling_changes(modules: list[str]) -> None:
    """A Struct loses the annotations by which its decoder reads; a cached property is worked out at each look; what a
    class is made of is not to be had by its ``__dict__``; two more are compiled to something that fails."""
    assert {name: found for name in modules if (found := amiss((ROOT / name).read_text(encoding="utf-8")))} == {}


def test_what_carries_out_a_command_can_say_what_it_does(modules: list[str]) -> None:
    """Its docstring is the help of the console and of the command line; compiled it would be empty."""
    handlers = [*HANDLERS.values(), *CHILD_HANDLERS.values(), *_TWO_TICKETS.values()]
    homes = {handler.__module__.replace(".", "/") + ".py" for handler in handlers}
    assert len(homes) > 10 and sorted(homes & set(modules)) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("class A(msgspec.Struct, frozen=True):\n    x: int", "a Struct"),
        ("class A(Struct):\n    x: int", "a Struct"),
        ("class A:\n    @cached_property\n    def x(self): ...", "cached_property"),
        ("class A:\n    @functools.cached_property\n    def x(self): ...", "cached_property"),
        ("vars(a)", "vars"),
        ("a.__dict__", "__dict__"),
        ("copy(a)", "copy of what is not made for it"),
        ("x in (a, *b)", "in a starred tuple"),
    ],
)
def test_what_compiling_changes_is_seen(text: str, what: str) -> None:
    """Each of these decided otherwise, or not at all, when it was tried."""
    assert amiss(text) == [what]


def amiss(text: str) -> list[str]:
    """Name what a module has that it may not have once compiled."""
    tree = ast.parse(text)
    is_copied = "serializable=True, allow_interpreted_subclasses=True" in text
    return [what for node in ast.walk(tree) if (what := _amiss(node, is_copied))]


def _amiss(node: ast.AST, is_copied: bool) -> str | None:
    match node:
        case ast.ClassDef(bases=bases) if any(ast.unparse(base).split(".")[-1] == "Struct" for base in bases):
            return "a Struct"
        case ast.FunctionDef(decorator_list=marks) if any("cached_property" in ast.unparse(one) for one in marks):
            return "cached_property"
        case ast.Call(func=ast.Name(id="vars")):
            return "vars"
        case ast.Attribute(attr="__dict__"):
            return "__dict__"
        case ast.Call(func=ast.Name(id="copy")) if not is_copied:
            return "copy of what is not made for it"
        case ast.Compare(comparators=[ast.Tuple(elts=elements)]) if any(isinstance(e, ast.Starred) for e in elements):
            return "in a starred tuple"
    return None
