"""A topic's name is written once, where the topic is declared: elsewhere its declaration names it."""

import ast
from collections.abc import Iterator, Sequence

import pytest

from tests.support import trees
from topics.departments import answering, department_of, is_tasks, replies_of, tasks_of
from topics.registry import TOPICS

DECLARED = {"topics/registry.py", "topics/departments.py"}
NAMES = frozenset(spec.name for spec in TOPICS)
WORDS = {"incidents", "commands", "reference", "vault"}
"""Names that are words as well: a column or a choice of the command line may be called so."""


def texts(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, int, bool]]:
    """Every text that a module computes with, its line, and whether it is the key of a table; docstrings are none."""
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    keys = {id(key) for node in nodes if isinstance(node, ast.Dict) for key in node.keys}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value, node.lineno, id(node) in keys


def names_one(text: str) -> bool:
    """Whether a text is a topic's name, or a position on one, or is about to become a department's."""
    begin = text.partition(":")[0].partition("/")[0].removeprefix("^")
    made = text.removeprefix("^").replace("\\", "")
    return begin in NAMES or (made.startswith("dept.") and "<code>" not in made)


def test_topic_names_come_from_the_registry() -> None:
    """A topic that is renamed is renamed in one place."""
    found = [
        f"{trees.name(path)}:{line} {text!r}"
        for path in trees.paths(*trees.PRODUCT)
        if trees.name(path) not in DECLARED
        for text, line, is_key in texts(trees.nodes(path))
        if names_one(text) and not (is_key and text in WORDS)
    ]
    assert found == []


def test_every_topic_is_recognised_where_it_is_written() -> None:
    """The check sees what it looks for: plain, as a position, as a pattern."""
    assert all(names_one(name) and names_one(f"{name}:") and names_one(f"{name}/t:") for name in NAMES)
    assert names_one("dept.") and names_one("^dept\\.[a-z]+") and not names_one("dept:") and not names_one("held")
    assert {name for name in NAMES if "." not in name} == WORDS


@pytest.mark.parametrize(
    ("topic", "code"),
    [("dept.cg.tasks", "cg"), ("dept.a_1.replies", "a_1"), ("dept..tasks", None), ("tickets.state", None),
     ("dept.CG.tasks", None), ("dept.cg.tasks\n", None)],
)  # fmt: skip
def test_a_departments_topic_says_whose_it_is(topic: str, code: str | None) -> None:
    """Both ways: by its code, and back."""
    assert department_of(topic) == code
    if code is not None:
        assert topic in (tasks_of(code), replies_of(code)) and is_tasks(topic) == topic.endswith(".tasks")


def test_a_position_on_its_replies_names_a_department() -> None:
    """So a command that a reply became is known from its id; nothing else looks like one."""
    assert answering("dept.cg.replies:2:41") == "cg"
    assert [answering(one) for one in ("dept.cg.tasks:2:41", "dept.cg.replies:2", "commands:0:1", "")] == [None] * 4
