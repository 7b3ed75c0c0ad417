"""Bounds of conditions (filters of rows and events, rules of a pack): of their length, depth and loops, and of their
patterns, which the library makes anew for every row, and lets nobody else go on meanwhile. One of a thousand characters
took half a minute (DESIGN 8)."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from rules.law.cel_library import cel
from topics import bounds

_TOKEN = re.compile(r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<name>[A-Za-z_]\w*)|(?P<other>\S)""")
_CLASS = re.compile(r"\\[A-Za-z]")
"""``\\w`` and the like: of all scripts there are, half a millisecond each, and of a pattern what costs the most."""
MEND = "'matches' takes a pattern that is written in plain quotes right there: text.matches(\"^lamp\")"


_LOOP = re.compile(r"\.\s*(?:all|exists_one|exists|filter|map)\s*\(")


def compiled(condition: str) -> Any:
    """Compile a condition of bounded length, depth and loops: what is longer crashes the parser, four loops in each
    other never end.

    Raises:
        ValueError: It is beyond a bound, or cannot be parsed; the message has line and column.
    """
    if len(condition) > bounds.CONDITION_CHARS:
        raise ValueError(f"has {len(condition)} characters; at most {bounds.CONDITION_CHARS}: make two rules of it")
    depth = deepest = 0
    for char in condition:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    if deepest > bounds.CONDITION_DEPTH:
        raise ValueError(f"has brackets {deepest} deep; at most {bounds.CONDITION_DEPTH}")
    if len(_LOOP.findall(condition)) > bounds.CONDITION_LOOPS:
        raise ValueError("walks more than one list (all, exists, exists_one, filter, map); make two rules of it")
    return cel.compile(condition)


def walks_a_list(condition: str) -> bool:
    """Whether a condition asks something of each of a list."""
    return _LOOP.search(condition) is not None


def compiled_within_bounds(condition: str) -> Any:
    """Compile a condition whose patterns, too, are bounded.

    Raises:
        ValueError: It is beyond a bound, or cannot be parsed.
    """
    program = compiled(condition)
    if "matches" not in program.functions():
        return program
    if walks_a_list(condition):
        raise ValueError("'matches' cannot be asked of each of a list")
    patterns = list(_patterns(condition))
    if len(patterns) > bounds.PATTERNS or sum(map(len, patterns)) > bounds.PATTERN_CHARS:
        raise ValueError(f"at most {bounds.PATTERNS} patterns, of {bounds.PATTERN_CHARS} characters together")
    if any("{" in one or "(?" in one for one in patterns):
        raise ValueError("a pattern has no '{' and no '(?': write what is repeated as often as it is")
    if sum(len(_CLASS.findall(one)) for one in patterns) > bounds.PATTERN_CLASSES:
        raise ValueError(f"patterns have at most {bounds.PATTERN_CLASSES} of \\w, \\d and the like; [a-z] is free")
    return program


def _patterns(condition: str) -> Iterator[str]:
    """Give each pattern as the library reads it; what we might read otherwise than it does is refused."""
    tokens = list(_TOKEN.finditer(condition))
    for before, after in pairwise(tokens):
        # a prefix (r"…"), quotes of three, a comment
        is_odd = after["text"] and before.end() == after.start() and (before["text"] or before["name"])
        if is_odd or before[0] == after[0] == "/":
            raise ValueError(MEND)
    for number, token in enumerate(tokens):
        if token["other"] in ('"', "'", "\\", "`"):
            raise ValueError(MEND)
        if token["name"] == "matches":
            around = [one[0] for one in (tokens[number - 1], *tokens[number + 1 : number + 4 : 2])]
            if number == 0 or around != [".", "(", ")"] or not (written := tokens[number + 2]["text"]):
                raise ValueError(MEND)
            yield str(cel.compile(written).execute(cel.Context()))
