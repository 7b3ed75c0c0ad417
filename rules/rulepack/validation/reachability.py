"""Rules that no incident ever reaches: tried on every combination of the facts they read (DESIGN 8)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import islice, product
from typing import Any, NamedTuple

from rules.law.cel_library import cel
from rules.law.conditions import FACTS, FAILURES
from rules.law.patterns import compiled_within_bounds
from rules.rulepack.model import PackSource
from rules.rulepack.parts import RuleSource
from rules.rulepack.validation.above import home_of, path
from rules.rulepack.validation.fault import Found, listed
from topics import bounds
from topics.vocabulary import Channel, Signal

MOST = bounds.TRIED
"""Combinations tried for one rule; what needs more is let pass."""
PLACES = frozenset({"leaf", "home", "street", "wall"})
_TEXT = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_NUMBER = re.compile(r"(?<![\w.\"'])\d+(?![\w.\"'])")
_ATTRIBUTE = re.compile(r"attributes\.(\w+)|attributes\[[\"'](\w+)[\"']\]")


class Incident(NamedTuple):
    """One combination of facts, and the same as a condition asks for it, made once for all rules."""

    said: dict[str, Any]
    context: Any


def reached(pack: PackSource) -> Found:
    """Each rule holds for some incident that no rule before it takes."""
    readable = [(rule, reads) for rule in pack.rules if (reads := _reads(rule)) is not None]
    rules, facts = [rule for rule, _ in readable], set[str]()
    places, left, incidents = _Places(pack), bounds.TRIED_IN_ALL, list[Incident]()
    for place, (rule, reads) in enumerate(readable):
        before = rules[:place]
        facts |= reads
        tried = list(islice(_incidents(pack, places, facts, rules[: place + 1]), MOST + 1))
        left -= len(tried) * (place + 1)
        if left < 0:
            return
        if len(tried) > MOST:
            continue
        if tried != [incident.said for incident in incidents]:
            incidents = [Incident(one, cel.Context(variables={name: one[name] for name in FACTS})) for one in tried]
        mine = [incident for incident in incidents if _holds(rule, incident)]
        here = f"rules.{rule.id}"
        if not mine:
            yield (
                here,
                (
                    f"holds for no incident: {len(incidents)} combinations of {listed(sorted(facts), 10) or 'nothing'}"
                    " were tried; mend its condition or drop it"
                ),
            )
        elif all(any(_holds(one, incident) for one in before) for incident in mine):
            first = next(one for one in before if _holds(one, mine[0]))
            yield (
                here,
                (
                    f"is never reached: of {_worded(mine[0].said)}, and of all else it holds for, an earlier rule takes"
                    f" it, here {first.id!r}; put it before"
                ),
            )


def _reads(rule: RuleSource) -> set[str] | None:
    """The facts that decide on a rule; ``None`` when its condition cannot be read, which is another check's fault."""
    try:
        found = set(_compiled(rule.when).variables())
    except ValueError:
        return None
    return None if found - set(FACTS) else found | ({"leaf"} if rule.under else set())


def _incidents(
    pack: PackSource, places: "_Places", facts: Iterable[str], rules: Sequence[RuleSource]
) -> Iterator[dict[str, Any]]:
    """Every combination of what the rules read; all else is as with any incident."""
    conditions = " ".join(rule.when for rule in rules)
    said = {text for pair in _TEXT.findall(conditions) for text in pair if text}
    wanted = set(facts)
    codes = [category.code for category in pack.categories]
    # a condition that only compares with words cannot tell the words apart that it does not name
    named = (
        codes
        if re.search(r"category\s*\.", conditions)
        else [*(c for c in codes if c in said), *[c for c in codes if c not in said][:1]]
    )
    values: list[list[dict[str, Any]]] = [
        [{"category": code} for code in named] if "category" in wanted else [{"category": codes[0] if codes else ""}],
        [{"channel": str(one)} for one in Channel] if "channel" in wanted else [{"channel": str(Channel.APP)}],
        [{"signal": str(one)} for one in ("", *Signal)] if "signal" in wanted else [{"signal": ""}],
        [{"hour": hour} for hour in range(24)] if "hour" in wanted else [{"hour": 10}],
        [{"in_work_time": one} for one in (True, False)] if "in_work_time" in wanted else [{"in_work_time": True}],
        [{"exercise": one} for one in (False, True)] if "exercise" in wanted else [{"exercise": False}],
        (
            places.told_apart(said | {node for rule in rules for node in rule.under}, conditions)
            if wanted & PLACES
            else [{"leaf": "", "home": "", "street": "", "wall": "", "path": ()}]
        ),
        list(islice(_attributes(conditions, said), MOST + 1)) if "attributes" in wanted else [{"attributes": {}}],
    ]
    for combination in product(*values):
        yield {name: value for part in combination for name, value in part.items()}


def _places(pack: PackSource) -> Iterator[dict[str, Any]]:
    for node in pack.nodes:
        home = home_of(pack, node.code)
        if home is not None:
            above = path(pack, node.code)
            wall = next((one.wall for one in above if one.wall), "")
            leaf = "" if node.code == home else node.code
            yield {
                "leaf": leaf,
                "home": home,
                "street": pack.by_code[home].parent or "",
                "wall": wall or "",
                "path": tuple(one.code for one in above),
            }


class _Places:
    """The places of a city, walked once however many rules ask for them."""

    def __init__(self, pack: PackSource) -> None:
        self._pack = pack
        self._kinds: dict[frozenset[str], list[dict[str, Any]]] = {}

    @cached_property
    def _all(self) -> list[dict[str, Any]]:
        return list(_places(self._pack))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name for one in self._all for name in (one["leaf"], one["home"], one["street"], *one["path"]))

    def told_apart(self, named: set[str], conditions: str) -> list[dict[str, Any]]:
        """One place of each kind that the conditions can tell from others: by the grids they name, and by the wall."""
        if re.search(r"(leaf|home|street)\s*\.", conditions):
            return self._all
        wanted = self._names & named
        if wanted not in self._kinds:
            self._kinds[wanted] = list({_kind(place, wanted): place for place in self._all}.values())
        return self._kinds[wanted]


def _kind(place: dict[str, Any], named: frozenset[str]) -> tuple[object, ...]:
    return (
        *(place[name] if place[name] in named else not place[name] for name in ("leaf", "home", "street")),
        place["wall"],
        named.intersection(place["path"]),
    )


def _attributes(conditions: str, said: set[str]) -> Iterator[dict[str, Any]]:
    """No attribute, and each that is read with each value that is named, one beside it, and one of another kind."""
    names = sorted({name for pair in _ATTRIBUTE.findall(conditions) for name in pair if name})
    numbers = sorted({int(text) + step for text in _NUMBER.findall(conditions) for step in (-1, 0, 1)})
    values: list[Any] = [None, *sorted(said), "other", *numbers, True, False]
    for combination in product(values, repeat=len(names)):
        yield {"attributes": {name: value for name, value in zip(names, combination, strict=True) if value is not None}}


def _holds(rule: RuleSource, incident: Incident) -> bool:
    if rule.under and not set(rule.under) & set(incident.said["path"]):
        return False
    try:
        return _compiled(rule.when).execute(incident.context) is True
    except FAILURES:
        return False


@cache
def _compiled(condition: str) -> Any:
    return compiled_within_bounds(condition)


def _worded(incident: dict[str, Any]) -> str:
    told = {
        "category": incident["category"],
        "grid": incident["leaf"] or incident["home"],
        "channel": incident["channel"],
        "hour": incident["hour"],
    }
    told |= incident["attributes"]
    return "an incident with " + ", ".join(f"{name} {value}" for name, value in told.items() if value not in ("", None))
