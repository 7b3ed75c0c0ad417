"""The exceptions to a catalogue: CEL conditions over a few facts, first match wins, results remembered (DESIGN 8)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from rules.law.cel_library import cel
from rules.law.patterns import compiled, compiled_within_bounds
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

KNOWN_OF_A_RULE = 1_000
"""Answers that one rule keeps."""


class Conditions:
    """A pack's rules, compiled."""

    def __init__(self, rules: tuple[Rule, ...], path: Callable[[str], tuple[str, ...]] = lambda code: (code,)) -> None:
        """Compile all conditions; ``path`` names a grid and all above it.

        Raises:
            ValueError: One cannot be parsed; ``rules.rulepack.validation.run_all`` has said so before a pack is
                published.
        """
        self._path = path
        self._rules = [_Asked(rule) for rule in rules]
        self._groups: dict[str, _Group] = {}
        self._known: dict[tuple[Any, ...], tuple[str | None, Mapping[str, Any]]] = {}

    def may_hold(self, category: str | None) -> bool:
        """Whether any rule may hold for this category; most have none."""
        return bool(self._group(category or "").rules)

    def first(self, facts: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
        """Name the first rule that holds and what it sets.

        A rule that fails at run time answers ``rule_error:<id>`` and sets nothing; the ticket goes to the backstop.
        """
        group = self._group(facts.get("category") or "")
        if not group.rules:
            return None, {}
        key = (group.name, *_key(facts, group.reads, group.attributes))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= (REMEMBERED if group.attributes == frozenset() else WITH_ATTRIBUTES):
                self._known.clear()
            found = self._known[key] = self._evaluate(group, facts)
        return found

    def _group(self, category: str) -> "_Group":
        found = self._groups.get(category)
        if found is None:
            found = self._groups[category] = _Group(category, self._rules)
        return found

    def _evaluate(self, group: "_Group", facts: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
        above = self._path(str(facts.get("leaf") or facts.get("home") or ""))
        for one in group.rules:
            rule = one.rule
            if rule.under and not any(node in above for node in rule.under):
                continue
            holds = one.holds(facts)
            if holds is None:
                return f"rule_error:{rule.id}", {}
            if holds:
                return rule.id, rule.set
        return None, {}


class _Group:
    """The rules that may hold for a category, and what they read together."""

    def __init__(self, category: str, rules: list["_Asked"]) -> None:
        self.name = category
        self.rules = [one for one in rules if one.categories is None or category in one.categories]
        names = [one.attributes for one in self.rules]
        self.reads = tuple(sorted({name for one in self.rules for name in one.reads}))
        self.attributes = None if None in names else frozenset(name for some in names for name in some or ())


class _Asked:
    """One rule. It remembers by what it reads itself: facts that only others read, of which each report may have its
    own, lead to no second evaluation (6 to 8 µs each)."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self._condition = rule, _bounded(rule.when)
        self.reads = tuple(sorted(set(rule.reads) - {"attributes"}))
        self.attributes = attributes_read(rule.when) if "attributes" in rule.reads else frozenset[str]()
        self.categories = categories_of(rule.when)
        self._known: dict[tuple[Any, ...], bool | None] = {}

    def holds(self, facts: Mapping[str, Any]) -> bool | None:
        """Whether it does; ``None``: evaluating it raises, or its patterns cost more than one report may."""
        key, known = _key(facts, self.reads, self.attributes), self._known
        if key not in known:
            if len(known) >= KNOWN_OF_A_RULE:
                known.clear()
            known[key] = self._asked(facts)
        return known[key]

    def _asked(self, facts: Mapping[str, Any]) -> bool | None:
        if self._condition is None:
            return None
        # what a condition does not read is not handed over: each fact costs as much as a comparison
        given = {name: "" if facts.get(name) is None else facts[name] for name in self.reads}
        if self.attributes != frozenset():
            given["attributes"] = dict(facts.get("attributes") or {})
        try:
            return self._condition.execute(cel.Context(variables=given)) is True
        except FAILURES:
            return None


def _bounded(condition: str) -> Any:
    """Compile a condition of a pack that was published: one whose patterns are beyond their bounds (engines up to 0.3
    published such) is never evaluated, at whatever report, and its pack is in force all the same.

    Raises:
        ValueError: It cannot be parsed.
    """
    try:
        return compiled_within_bounds(condition)
    except ValueError:
        compiled(condition)
        return None


_NAMED = re.compile(r"""\battributes(?:\.([A-Za-z_]\w*)\b(?!\s*\()|\["([^"\\]*)"\]|\['([^'\\]*)'\])""")


def attributes_read(condition: str) -> frozenset[str] | None:
    """Name the attributes that a condition reads, where it names each; ``None``: it looks at them as a whole."""
    names = frozenset(next(filter(None, found), "") for found in _NAMED.findall(condition))
    return None if "attributes" in _NAMED.sub("", condition) else names


_WORD = r"""(?:"[^"]*"|'[^']*')"""
_OF_CATEGORIES = re.compile(rf"\s*category\s*(?:==\s*{_WORD}|in\s*\[\s*{_WORD}(?:\s*,\s*{_WORD})*\s*\])\s*")
_CANNOT_FAIL = re.compile(rf"\s*(?:category|channel|signal|leaf|home|street|wall)\s*[=!]=\s*{_WORD}\s*")


def categories_of(condition: str) -> frozenset[str] | None:
    """Name the categories outside of which a condition does not hold, nor fail, as it is joined by ``&&`` and begins
    with them; ``None``: it may hold for any."""
    if any(mark in condition for mark in ("\\", "//", '""', "''")):
        return None  # an escaped quote, a comment, a text of many lines: who reads these is the parser
    plain = re.sub(_WORD, lambda found: "_" * len(found[0]), condition)
    cuts, depth = [0], 0
    for place, char in enumerate(plain):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and (char == "?" or plain.startswith("||", place)):
            return None
        if depth == 0 and plain.startswith("&&", place):
            cuts.append(place + 2)
    for first, after in zip(cuts, [*[cut - 2 for cut in cuts[1:]], len(condition)], strict=True):
        part = condition[first:after]
        if _OF_CATEGORIES.fullmatch(part):
            return frozenset(word[1:-1] for word in re.findall(_WORD, part))
        if not _CANNOT_FAIL.fullmatch(part):
            return None
    return None


def _key(facts: Mapping[str, Any], reads: tuple[str, ...], attributes: frozenset[str] | None) -> tuple[Any, ...]:
    """Give what is read as a key; ``attributes``: those by name, ``None`` for all."""
    key: tuple[Any, ...] = tuple(map(facts.get, reads))
    if attributes == frozenset():
        return key
    given = facts.get("attributes") or {}
    return *key, _frozen(given if attributes is None else {n: v for n, v in given.items() if n in attributes})


def _frozen(attributes: Mapping[str, Any]) -> tuple[tuple[str, str, Any], ...]:
    """Make attributes a key; ``True`` and ``1`` are equal in Python but not in CEL, so kinds are part of it."""
    return tuple((name, type(attributes[name]).__name__, attributes[name]) for name in sorted(attributes))


def variables(condition: str) -> tuple[str, ...]:
    """List the facts a condition reads.

    Raises:
        ValueError: It cannot be parsed; the message has line and column.
    """
    return tuple(sorted(compiled(condition).variables()))
