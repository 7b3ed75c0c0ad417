"""The exceptions to a catalogue: CEL conditions over a few facts, first match wins, results remembered (DESIGN 8)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rules.law.cel_library import cel
from topics import bounds
from topics.pack import Rule

FACTS = (
    "category",
    "channel",
    "signal",
    "leaf",
    "home",
    "street",
    "hour",
    "in_work_time",
    "exercise",
    "wall",
    "attributes",
)
"""What a condition may read. All but ``hour`` and ``attributes`` come from small closed sets."""

FAILURES = (RuntimeError, TypeError, ValueError, LookupError, ArithmeticError)
"""What evaluating a condition may raise: an unknown function, mixed types, an attribute that is not there, a division
by zero."""

REMEMBERED, WITH_ATTRIBUTES = 50_000, 2_000
"""Distinct combinations of facts whose result is kept; of those with attributes fewer, since a hundred texts may be in
each."""


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


class Conditions:
    """A pack's rules, compiled."""

    def __init__(self, rules: tuple[Rule, ...], path: Callable[[str], tuple[str, ...]] = lambda code: (code,)) -> None:
        """Compile all conditions; ``path`` names a grid and all above it.

        Raises:
            ValueError: One cannot be parsed; ``rules.rulepack.validation.run_all`` has said so before a pack is
                published.
        """
        self._path = path
        self._rules = [(rule, compiled(rule.when)) for rule in rules]
        reads = {name for rule in rules for name in rule.reads}
        self._reads = tuple(sorted(reads - {"attributes"}))
        self._reads_attributes = "attributes" in reads
        self._known: dict[tuple[Any, ...], tuple[str | None, Mapping[str, Any]]] = {}

    def first(self, facts: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
        """Name the first rule that holds and what it sets.

        A rule that fails at run time answers ``rule_error:<id>`` and sets nothing; the ticket goes to the backstop.
        """
        if not self._rules:
            return None, {}
        key: tuple[Any, ...] = tuple(map(facts.get, self._reads))
        if self._reads_attributes:
            key = (*key, _frozen(facts.get("attributes") or {}))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= (WITH_ATTRIBUTES if self._reads_attributes else REMEMBERED):
                self._known.clear()
            found = self._known[key] = self._evaluate(facts)
        return found

    def _evaluate(self, facts: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
        known = {name: "" if facts.get(name) is None else facts[name] for name in FACTS if name != "attributes"}
        context = cel.Context(variables=known | {"attributes": dict(facts.get("attributes") or {})})
        above = self._path(str(facts.get("leaf") or facts.get("home") or ""))
        for rule, condition in self._rules:
            if rule.under and not any(node in above for node in rule.under):
                continue
            try:
                holds = condition.execute(context)
            except FAILURES:
                return f"rule_error:{rule.id}", {}
            if holds is True:
                return rule.id, rule.set
        return None, {}


def _frozen(attributes: Mapping[str, Any]) -> tuple[tuple[str, str, Any], ...]:
    """Make attributes a key; ``True`` and ``1`` are equal in Python but not in CEL, so kinds are part of it."""
    return tuple((name, type(attributes[name]).__name__, attributes[name]) for name in sorted(attributes))


def variables(condition: str) -> tuple[str, ...]:
    """List the facts a condition reads.

    Raises:
        ValueError: It cannot be parsed; the message has line and column.
    """
    return tuple(sorted(compiled(condition).variables()))
