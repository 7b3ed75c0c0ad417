"""Rules that no incident ever reaches: tried on every combination of the facts they read (DESIGN 8)."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice, product
from typing import Any

from rules.law.cel_library import cel
from rules.law.conditions import FACTS, FAILURES, compiled, variables
from rules.rulepack.model import PackSource
from rules.rulepack.parts import RuleSource
from rules.rulepack.validation.fault import Found, listed
from rules.rulepack.validation.places import home_of, path
from topics import bounds
from topics.vocabulary import Channel, Signal

MOST = bounds.TRIED
"""Combinations tried for one rule; what needs more is let pass."""
PLACES = frozenset({"leaf", "home", "street", "wall"})
_TEXT = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_NUMBER = re.compile(r"(?<![\w.\"'])\d+(?![\w.\"'])")
_ATTRIBUTE = re.compile(r"attributes\.(\w+)|attributes\[[\"'](\w+)[\"']\]")


def reached(pack: PackSource) -> Found:
    """Each rule holds for some incident that no rule before it takes."""
    readable = [rule for rule in pack.rules if _reads(rule) is not None]
    left = bounds.TRIED_IN_ALL
    for place, rule in enumerate(readable):
        before = readable[:place]
        facts = {name for one in (*before, rule) for name in _reads(one) or ()}
        incidents = list(islice(_incidents(pack, facts, (*before, rule)), MOST + 1))
        left -= len(incidents) * (place + 1)
        if len(incidents) > MOST or left < 0:
            continue
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
                    f"is never reached: of {_worded(mine[0])}, and of all else it holds for, an earlier rule takes it,"
                    f" here {first.id!r}; put it before"
                ),
            )


def _reads(rule: RuleSource) -> set[str] | None:
    """The facts that decide on a rule; ``None`` when its condition cannot be read, which is another check's fault."""
    try:
        found = set(variables(rule.when))
    except ValueError:
        return None
    return None if found - set(FACTS) else found | ({"leaf"} if rule.under else set())


def _incidents(pack: PackSource, facts: Iterable[str], rules: tuple[RuleSource, ...]) -> Iterator[dict[str, Any]]:
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
            _told_apart(list(_places(pack)), said | {node for rule in rules for node in rule.under}, conditions)
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


def _told_apart(places: list[dict[str, Any]], named: set[str], conditions: str) -> list[dict[str, Any]]:
    """One place of each kind that the conditions can tell from others: by the grids they name, and by the wall."""
    if re.search(r"(leaf|home|street)\s*\.", conditions):
        return places
    kinds = {
        (
            *(place[name] if place[name] in named else not place[name] for name in ("leaf", "home", "street")),
            place["wall"],
            frozenset(named & set(place["path"])),
        ): place
        for place in places
    }
    return list(kinds.values())


def _attributes(conditions: str, said: set[str]) -> Iterator[dict[str, Any]]:
    """No attribute, and each that is read with each value that is named, one beside it, and one of another kind."""
    names = sorted({name for pair in _ATTRIBUTE.findall(conditions) for name in pair if name})
    numbers = sorted({int(text) + step for text in _NUMBER.findall(conditions) for step in (-1, 0, 1)})
    values: list[Any] = [None, *sorted(said), "other", *numbers, True, False]
    for combination in product(values, repeat=len(names)):
        yield {"attributes": {name: value for name, value in zip(names, combination, strict=True) if value is not None}}


def _holds(rule: RuleSource, incident: dict[str, Any]) -> bool:
    if rule.under and not set(rule.under) & set(incident["path"]):
        return False
    try:
        return _compiled(rule.when).execute(cel.Context(variables={name: incident[name] for name in FACTS})) is True
    except FAILURES:
        return False


@cache
def _compiled(condition: str) -> Any:
    return compiled(condition)


def _worded(incident: dict[str, Any]) -> str:
    told = {
        "category": incident["category"],
        "grid": incident["leaf"] or incident["home"],
        "channel": incident["channel"],
        "hour": incident["hour"],
    }
    told |= incident["attributes"]
    return "an incident with " + ", ".join(f"{name} {value}" for name, value in told.items() if value not in ("", None))
