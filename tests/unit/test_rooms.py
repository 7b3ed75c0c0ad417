"""Rooms stand one above the other: a module imports of its own room and of lower ones, and no two import each other in
a circle."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from tests.support import trees

ROOMS = (
    "topics",
    "rules.errors",
    "rules.masking",
    "rules.law",
    "rules.rulepack",
    "rules.ticket",
    "rules.commands",
    "rules.escalation",
    "rules.state",
    "rules.decide",
    "rules.history",
    "engine.errors",
    "engine.server_addresses",
    "engine.misfits",
    "engine.gateway_settings",
    "engine.settings",
    "engine.terminal",
    "engine.running",
    "engine.calling_off",
    "engine.spreadsheet",
    "engine.security",
    "engine.observability",
    "engine.kafka",
    "engine.chain",
    "engine.stream",
    "engine.database",
    "engine.doors",
    "engine.archive",
    "engine.notifier",
    "engine.views",
    "engine.stages",
    "engine.app",
    "engine.people",
    "engine.gateway",
)
"""From the lowest to the highest; what is not named stands above all of them."""


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its name."""
    return {
        trees.name(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__"): path
        for path in trees.paths(*trees.PRODUCT)
    }


@cache
def imports(name: str) -> set[str]:
    """The modules of ours that one imports when it runs; what only a type checker reads is none."""
    nodes, found = trees.nodes(modules()[name]), set[str]()
    typed = {
        id(inner)
        for node in nodes
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in typed:
            found |= {
                full if (full := f"{node.module}.{alias.name}") in modules() else node.module for alias in node.names
            }
        elif isinstance(node, ast.Import) and id(node) not in typed:
            found |= {alias.name for alias in node.names}
    return {one for one in found if one in modules() and one != name}


def floor(name: str) -> int:
    """On which floor a module stands."""
    return next(
        (n for n, room in enumerate(ROOMS) if name == room or name.startswith(f"{room}.")),
        0 if name in ("rules", "engine") else len(ROOMS),
    )


def test_no_room_imports_one_above_it() -> None:
    """The law knows nothing of commands, commands nothing of the partition's memory, and so on up."""
    assert len(modules()) > 200
    assert all(any(name == room or name.startswith(f"{room}.") for name in modules()) for room in ROOMS)
    assert [f"{name} -> {other}" for name in modules() for other in imports(name) if floor(other) > floor(name)] == []


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    """Each can be read with only what stands below it in mind."""
    order = list(TopologicalSorter({name: imports(name) for name in modules()}).static_order())
    assert len(order) == len(modules())


def test_every_room_says_what_it_answers() -> None:
    """The first line of a package is what a newcomer reads in a listing."""
    packages = [path for path in modules().values() if path.name == "__init__.py"]
    assert [trees.name(path) for path in packages if not ast.get_docstring(trees.tree(path))] == []


def reaches(name: str) -> set[str]:
    """All modules of ours that one rests on, by whatever way."""
    found, open_ = set[str](), [name]
    while open_:
        new = imports(open_.pop()) - found
        found |= new
        open_ += new
    return found


def test_the_auditor_shares_no_code_with_the_law() -> None:
    """Two who calculate by one piece of code agree on its faults too: only what records look like is common."""
    auditors = [name for name in modules() if name.startswith("engine.audit")]
    assert len(auditors) > 10
    shared = {name: sorted(one for one in reaches(name) if one.startswith("rules.")) for name in auditors}
    assert {name: found for name, found in shared.items() if found} == {}


def test_what_is_held_is_decided_by_the_law_alone() -> None:
    """The engine carries decisions and makes none: not even the one that says that a cause was set aside."""
    makers = {
        name
        for name, path in modules().items()
        for node in trees.nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Decision"
    }
    assert "rules.state.held_causes" in makers
    assert [name for name in makers if not name.startswith("rules.")] == []
