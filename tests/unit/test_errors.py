"""Errors are one family: each is raised and handled somewhere, says in fields what it is about, and nobody reads its
message to decide."""

import ast
import builtins
import importlib
import json
import logging
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from engine.errors import InvalidSettings, PositionOutOfRange
from engine.observability.json_logging import _JsonLines, told
from tests.support import trees
from topics.errors import GridwhistleError
from topics.hostile_json import EnvelopeFault
from topics.rejected import RejectReason

PATHS = trees.paths(*trees.PRODUCT)


def everything() -> Iterator[ast.AST]:
    """All nodes of the product."""
    return (node for path in PATHS for node in trees.nodes(path))


@cache
def family() -> dict[str, type[BaseException]]:
    """Every class of ours that can be raised, by its name."""
    where = {node.name: (trees.name(path), node) for path in PATHS for node in trees.tree(path).body
             if isinstance(node, ast.ClassDef)}  # fmt: skip
    named = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    found: set[str] = set()
    while new := {name for name, (_, node) in where.items() if name not in found
                  and {base.id for base in node.bases if isinstance(base, ast.Name)} & (named | found)}:  # fmt: skip
        found |= new
    module = {name: where[name][0].removesuffix(".py").replace("/", ".").removesuffix(".__init__") for name in found}
    return {name: getattr(importlib.import_module(module[name]), name) for name in sorted(found)}


def test_every_error_of_ours_is_of_the_one_family() -> None:
    """Whoever catches the base has caught all of them."""
    found = family()
    assert len(found) > 25
    assert [name for name, one in found.items() if not issubclass(one, GridwhistleError)] == []


def test_every_error_is_raised_somewhere_and_handled_somewhere() -> None:
    """One that nobody raises is dead, one that nobody handles ends a process in a trace."""
    made = {node.func.id for node in everything() if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    caught = {
        name.attr if isinstance(name, ast.Attribute) else name.id
        for node in everything()
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for name in ast.walk(node.type)
        if isinstance(name, ast.Attribute | ast.Name)
    }
    bases = {base.__name__ for one in family().values() for base in one.__mro__[1:]}
    assert [name for name in family() if name not in made | bases] == []
    assert [name for name, one in family().items() if not caught & {base.__name__ for base in one.__mro__[:-3]}] == []


def _is_text_of(node: ast.AST, errors: set[str], texts: set[str]) -> bool:
    """Whether an expression is made of the words of an error."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("str", "repr"):
        return any(isinstance(inner, ast.Name) and inner.id in errors for arg in node.args for inner in ast.walk(arg))
    if isinstance(node, ast.Attribute) and node.attr in ("args", "strerror"):
        return isinstance(node.value, ast.Name) and node.value.id in errors
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value == "msg"
    return isinstance(node, ast.Name) and node.id in texts


LOOKS = {"startswith", "endswith", "find", "index", "search", "match", "fullmatch", "findall", "count"}


def decides_by_text(function: ast.AST) -> Iterator[int]:
    """Lines in which a function compares, or looks into, what an error says."""
    nodes = list(ast.walk(function))
    errors = {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    errors |= {
        arg.arg
        for arg in nodes
        if isinstance(arg, ast.arg) and arg.annotation is not None and "Exception" in ast.unparse(arg.annotation)
    }
    texts: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Assign) and any(_is_text_of(one, errors, texts) for one in ast.walk(node.value)):
            texts |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in nodes:
        parts: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS:
            parts = [node.func.value, *node.args]
        if any(_is_text_of(inner, errors, texts) for part in parts for inner in ast.walk(part)):
            yield getattr(node, "lineno", 0)


def test_nobody_decides_by_the_text_of_an_error() -> None:
    """A wording is mended, translated, or changed by the next release of a library."""
    found = [
        f"{trees.name(path)}:{line}"
        for path in PATHS
        for node in trees.functions(path)
        for line in decides_by_text(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "body",
    [
        "if 'x' in str(e): pass",
        "if e.args[0] == 'x': pass",
        "said = f'{str(e)}!'\n  if 'x' in said: pass",
        "if str(e).startswith('x'): pass",
        "re.search('x', repr(e))",
        "if 'x' in e.errors()[0]['msg']: pass",
    ],
)
def test_the_check_sees_such_a_decision(body: str) -> None:
    """In each of the forms that stood in the tree, or might."""
    assert list(decides_by_text(ast.parse(f"def f():\n try: g()\n except E as e:\n  {body}")))
    assert not list(decides_by_text(ast.parse("def f():\n try: g()\n except E as e:\n  raise F(f'no: {e}') from e")))


def test_an_error_says_in_fields_where_it_is() -> None:
    """What is not known is left out; the reason is the kind's, or this one's."""
    gone = PositionOutOfRange("restore it", topic="commands", partition=3, offset=0)
    assert gone.fields == {"topic": "commands", "partition": 3, "offset": 0, "reason": "position_out_of_range"}
    assert (str(gone), InvalidSettings("mend it").fields) == ("restore it", {})
    assert EnvelopeFault(RejectReason.TOO_DEEP, "data", "deep").fields == {"reason": "too_deep"}


def test_a_message_that_may_quote_a_stranger_is_not_repeated_in_a_log() -> None:
    """Of it the kind alone is told."""
    assert told(EnvelopeFault(RejectReason.UNREADABLE, "data", "13800001234")) == "EnvelopeFault"
    assert "mend it" in told(InvalidSettings("mend it"))


def test_the_log_line_of_a_stopped_partition_has_the_fields() -> None:
    """An operator's tool filters by topic and offset, not by a sentence."""
    gone = PositionOutOfRange("restore it", topic="commands", partition=3, offset=7)
    record = logging.LogRecord("engine", logging.ERROR, __file__, 1, "stopped: %s", (gone,), None)
    record.fields = gone.fields
    line = json.loads(_JsonLines("dispatch-1").format(record))
    assert (line["topic"], line["partition"], line["offset"]) == ("commands", 3, 7)
    assert line["reason"] == "position_out_of_range" and line["message"] == "stopped: restore it"


ROOM_OF = {
    "aiokafka.errors": ("engine/kafka/",),
    "redis.exceptions": ("engine/security/redis_faults.py",),
    "sqlalchemy.exc": ("engine/database/",),
    "psycopg.errors": ("engine/database/",),
}
"""Driver's errors -> where they become ours."""

SAID = {("engine/observability/json_logging.py", "aiokafka.errors")}
"""It stands below the room of Kafka, and asks only whose messages may be repeated in a line."""


def errors_of_drivers(nodes: Sequence[ast.AST]) -> set[str]:
    """Which drivers' errors a module knows by the driver's own names."""
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module in ROOM_OF}
    drivers = {name.split(".")[0]: name for name in ROOM_OF}
    named = (node for node in nodes if isinstance(node, ast.Attribute) and node.attr.endswith("Error"))
    return found | {drivers[top] for one in named if (top := ast.unparse(one.value).split(".")[0]) in drivers}


def test_a_drivers_errors_become_ours_in_its_room() -> None:
    """Whoever stands above catches our words for them: a driver may be changed in one place."""
    strange = [
        (trees.name(path), driver)
        for path in trees.paths(*trees.PRODUCT)
        for driver in sorted(errors_of_drivers(trees.nodes(path)))
        if not trees.name(path).startswith(ROOM_OF[driver])
    ]
    assert set(strange) == SAID
    tree = ast.parse("import redis\nfrom sqlalchemy.exc import DBAPIError\ntry: pass\nexcept redis.ResponseError: pass")
    assert errors_of_drivers(list(ast.walk(tree))) == {"redis.exceptions", "sqlalchemy.exc"}
