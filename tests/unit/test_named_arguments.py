"""Whoever makes a record or builds a part names what he gives: of eight values in a row nobody sees which is which."""

import ast

from tests.support import trees

BY_POSITION = 3
"""So many may go without a name."""

CALLERS = (*trees.PRODUCT, "deploy", "tests")
DECLARED = frozenset({"Bound", "Route", "Spec", "TopicSpec", "Row"})
"""One line of a table that is declared in one place; its columns stand one under another there."""

PACK = frozenset(
    {"Tier", "Category", "Node", "RosterEntry", "Alike", "Rule", "PartyShare", "ForceMajeure", "Calendar", "Chronic"}
    | {"Address"}
)
"""Lines of a pack's tables, that tests set out as a city would."""

SEND = frozenset({"Out"})
"""Topic, partition, key, value, headers: as every producer's ``send`` has them."""

BY_A_LIBRARY = frozenset({"_Fetched"})
"""What Kafka's driver makes itself, and so by place."""

EXCEPT = DECLARED | PACK | SEND | BY_A_LIBRARY


def takes(one: ast.ClassDef) -> int:
    """How many values a class takes when it is made."""
    made = next((part for part in one.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    if made is not None:
        return len(made.args.args) - 1 + len(made.args.kwonlyargs)
    return sum(isinstance(part, ast.AnnAssign) for part in one.body)


def name_of(call: ast.Call) -> str:
    """What is called, without where it comes from."""
    made = call.func
    return made.id if isinstance(made, ast.Name) else made.attr if isinstance(made, ast.Attribute) else ""


def too_many(where: str, nodes: tuple[ast.AST, ...], ours: set[str]) -> list[str]:
    """Calls that give more than three values without a name."""
    calls = [one for one in nodes if isinstance(one, ast.Call) and len(one.args) > BY_POSITION]
    return [f"{where}:{one.lineno} {name_of(one)}" for one in calls if name_of(one) in ours]


def test_records_and_parts_are_made_with_named_values() -> None:
    """Also where a test makes one."""
    product = (node for path in trees.paths(*trees.PRODUCT) for node in trees.nodes(path))
    ours = {one.name for one in product if isinstance(one, ast.ClassDef) and takes(one) > BY_POSITION} - EXCEPT
    assert {"Command", "Decision", "Record", "Batch", "IntakeCore"} <= ours and len(ours) > 100
    callers = ((trees.name(path), trees.nodes(path)) for path in trees.paths(*CALLERS))
    assert [call for where, nodes in callers for call in too_many(where, nodes, ours)] == []


def test_what_is_found_is_found() -> None:
    """Four values without a name, by a class of ours alone."""
    tree = ast.parse("Command(a, b, c, d)\nCommand(a, b, c, kind=d)\ntopics.Command(a, b, c, d, e)\nother(a, b, c, d)")
    assert too_many("x", tuple(ast.walk(tree)), {"Command"}) == ["x:1 Command", "x:3 Command"]
