"""Which changes: drawn with a seed from all places of ``rules/`` that an operator of cosmic-ray can change."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

ORDERED = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE")
ARITHMETIC = ("Add", "Sub", "Mul", "FloorDiv", "Mod")
PLAIN = (
    "AddNot",
    "NumberReplacer",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
)
PAIRS = (("ReplaceComparisonOperator", ORDERED), ("ReplaceBinaryOperator", ARITHMETIC))
OPERATORS = (
    *PLAIN, "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
    *(f"{kind}_{old}_{new}" for kind, names in PAIRS for old in names for new in names if old != new),
)  # fmt: skip
"""A comparison, a constant, a condition turned round, a loop that does nothing: what a slip of the hand makes. No ``|``
of a type and no ``is`` for
``==``: the first is no law, the second changes nothing."""


class Mutant(NamedTuple):
    """One change to one file."""

    path: str
    operator: str
    occurrence: int
    line: int
    last: int


@cache
def operator(name: str) -> Any:
    """One operator of cosmic-ray, ready to be applied."""
    return OperatorProvider()[name]()


def all_of(root: Path, only: str = "rules") -> Iterator[Mutant]:
    """Every change there is, file by file, in a folder or in one file."""
    for path in sorted((root / only).rglob("*.py")) if (root / only).is_dir() else [root / only]:
        nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        for name in OPERATORS:
            places = [place for node in nodes for place in operator(name).mutation_positions(node)]
            yield from (
                Mutant(str(path.relative_to(root)), name, n, line=begin[0], last=end[0])
                for n, (begin, end) in enumerate(places)
            )


def drawn(root: Path, seed: int, count: int) -> list[Mutant]:
    """So many, each place equally likely whatever number of changes it allows; no place twice."""
    places: dict[tuple[str, int, str, int], list[Mutant]] = {}
    for one in all_of(root):
        kind = one.operator.rpartition("_")[0] if one.operator.count("_") > 1 else one.operator
        number = one.occurrence // 2 if one.operator == "NumberReplacer" else one.occurrence
        places.setdefault((one.path, one.line, kind, number), []).append(one)
    draw = random.Random(seed)
    return [draw.choice(places[place]) for place in draw.sample(sorted(places), count)]


def changed(root: Path, one: Mutant) -> str:
    """Give the file's text with the change in it."""
    text = mutate_code((root / one.path).read_text(encoding="utf-8"), operator(one.operator), one.occurrence)
    assert text is not None, one
    return str(text)


def lines(before: str, after: str) -> tuple[str, str]:
    """Give the line that differs, as it was and as it is."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next(((old.strip(), new.strip()) for old, new in pairs if old != new), ("", ""))
