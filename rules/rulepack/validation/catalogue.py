"""Faults of ladders, categories and the exceptions to them (DESIGN 8, LAW 2)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rules.law.cel_library import cel
from rules.law.conditions import FACTS, FAILURES, variables
from rules.law.patterns import compiled_within_bounds
from rules.rulepack.model import PackSource
from rules.rulepack.parts import CategorySource, LimitSource, RuleSource, TierSource
from rules.rulepack.validation.fault import Found, listed, twice
from topics.vocabulary import Channel, TierKind, Urgency

SETTABLE = ("urgency", "starts_at", "ladder", "lead", "co", "skill", "consent", "limit")
BY_DEPARTMENT = (TierKind.OWNER, TierKind.WHISTLE)
_LIMIT = TypeAdapter(LimitSource)


def ladders(pack: PackSource) -> Found:
    """A default one; tiers once each; parties in one tier; the command centre on top, so that somebody is above
    everybody."""
    parties = {share.code for share in pack.shares}
    if "default" not in pack.ladders:
        yield "ladders", "there is no ladder 'default'; name one so"
    for name, tiers in pack.ladders.items():
        here = f"ladders.{name}"
        for where, text in twice(here, [tier.name for tier in tiers]):
            yield where, f"{text}: a ladder that comes back to a tier never ends"
        if tiers[-1].kind is not TierKind.CENTRE:
            yield here, f"the top tier {tiers[-1].name!r} must be of kind centre, so that somebody is above everybody"
        low = (tier.name for tier in tiers[:-1] if tier.kind is TierKind.CENTRE)
        yield from ((f"{here}.{tier}", "only the top tier may be of kind centre") for tier in low)
        yield from twice(f"{here} parties", [party for tier in tiers for party in tier.parties])
        for tier in tiers:
            yield from (
                (f"{here}.{tier.name}", f"unknown party {party!r}") for party in sorted(set(tier.parties) - parties)
            )
            if (tier.kind is TierKind.PARTIES) != bool(tier.parties):
                yield f"{here}.{tier.name}", "a tier of kind parties names its parties, and no other kind does"


def categories(pack: PackSource) -> Found:
    """Ladder, start, departments, parties and skill of each; no word for two categories."""
    words: dict[str, set[str]] = defaultdict(set)
    yield from twice("categories", [category.code for category in pack.categories])
    for category in pack.categories:
        for word in {category.code, category.label, category.label_zh, *category.aliases} - {""}:
            words[word].add(category.code)
        for text in _category(pack, category):
            yield f"categories.{category.code}", text
    for word, codes in sorted(words.items()):
        if len(codes) > 1:
            yield "categories", f"{word!r} names {listed(sorted(codes))}; a code, label or alias may name one category"


def _category(pack: PackSource, category: CategorySource) -> list[str]:
    found = _departments(pack, category.lead, category.co)
    tiers = pack.ladders.get(category.ladder)
    parties = [share.code for share in pack.shares]
    found += [
        f"unknown party {party!r}; parties are {', '.join(parties)}"
        for party in category.parties
        if party not in parties
    ]
    allowed = [party for party in parties if not category.parties or party in category.parties]
    if tiers is None:
        found.append(f"unknown ladder {category.ladder!r}; ladders are {', '.join(pack.ladders)}")
    else:
        found += _start(pack, category, tiers, allowed)
    if category.skill and not any(category.skill in entry.skills and entry.role in allowed for entry in pack.roster):
        found.append(
            f"nobody on the roster of {listed(allowed)} has the skill {category.skill!r}; teach somebody or drop it"
        )
    return found


def _start(pack: PackSource, category: CategorySource, tiers: list[TierSource], allowed: list[str]) -> list[str]:
    found, kinds, names = [], {tier.kind for tier in tiers}, [tier.name for tier in tiers]
    if category.starts_at not in ("split", "department", *names):
        found.append(
            f"starts_at {category.starts_at!r} is no tier of ladder {category.ladder!r}; tiers are {', '.join(names)}"
        )
    if category.lead is None and (kinds & set(BY_DEPARTMENT) or category.urgency in pack.automatic_whistle):
        found.append("it may go to departments, but names no lead")
    if category.starts_at == "department" and not kinds & set(BY_DEPARTMENT):
        found.append(
            f"it starts at its department, but ladder {category.ladder!r} has no tier of kind owner or whistle"
        )
    if category.urgency in pack.automatic_whistle:
        if TierKind.STREET not in kinds:
            found.append(
                f"urgency {category.urgency} starts at the street, but ladder {category.ladder!r} has no tier of kind"
                " street"
            )
    elif category.starts_at == "split":
        homeless = [party for party in allowed if not any(party in tier.parties for tier in tiers)]
        found += [
            f"the split may name {party!r}, which stands in no tier of ladder {category.ladder!r}" for party in homeless
        ]
    return found


def _departments(pack: PackSource, lead: str | None, co: list[str]) -> list[str]:
    known = [department.code for department in pack.departments]
    called = [code for code in (lead, *co) if code is not None]
    found = [
        f"unknown department {code!r}; departments are {listed(known, 20)}" for code in called if code not in known
    ]
    return found + [f"calls department {code!r} {n} times; keep one" for code, n in Counter(called).items() if n > 1]


def exceptions(pack: PackSource) -> Found:
    """Conditions that can be read and tried, over the listed facts; settings that make sense."""
    yield from twice("rules", [rule.id for rule in pack.rules])
    incidents = list(_incidents(pack)) if pack.rules else []
    for rule in pack.rules:
        here = f"rules.{rule.id}"
        yield from ((here, text) for text in _settings(pack, rule))
        try:
            reads = variables(rule.when)
            compiled_within_bounds(rule.when)
        except ValueError as exc:
            yield here, f"the condition cannot be read: {exc}"
            continue
        strange = [name for name in reads if name not in FACTS]
        yield from ((here, f"reads {name!r}; a condition may read {', '.join(FACTS)}") for name in strange)
        if not strange:
            yield from ((here, text) for text in _trial(incidents, rule))


def _settings(pack: PackSource, rule: RuleSource) -> list[str]:
    sets = rule.set
    found = [f"sets {name!r}; a rule may set {', '.join(SETTABLE)}" for name in sets if name not in SETTABLE]
    if not sets:
        found.append("sets nothing; drop it or say what it sets")
    if "urgency" in sets and sets["urgency"] not in list(Urgency):
        found.append(f"urgency {sets['urgency']!r} is none of {', '.join(Urgency)}")
    if "ladder" in sets and sets["ladder"] not in pack.ladders:
        found.append(f"unknown ladder {sets['ladder']!r}; ladders are {', '.join(pack.ladders)}")
    tiers = [tier.name for name, ladder in pack.ladders.items() if name == sets.get("ladder", name) for tier in ladder]
    if "starts_at" in sets and sets["starts_at"] not in ("split", "department", *tiers):
        found.append(f"starts_at {sets['starts_at']!r} is no tier; tiers are {', '.join(dict.fromkeys(tiers))}")
    if "co" in sets and not (isinstance(sets["co"], list) and all(isinstance(code, str) for code in sets["co"])):
        found.append("co is a list of department codes")
    else:
        found += _departments(pack, sets.get("lead"), sets.get("co", []))
    if "skill" in sets and not any(sets["skill"] in entry.skills for entry in pack.roster):
        found.append(f"nobody on the roster has the skill {sets['skill']!r}")
    if "limit" in sets:
        try:
            _LIMIT.validate_python(sets["limit"])
        except ValidationError as exc:
            found.append(f"limit: {exc.errors()[0]['msg']}; write {{amount: 2, unit: work_hour}}")
    return found


def _incidents(pack: PackSource) -> Iterator[tuple[str, int, Any]]:
    """An incident of every category, by day and by night: its category, its hour, and what a condition asks."""
    for category in pack.categories:
        for hour in (2, 10):
            facts: dict[str, Any] = dict.fromkeys(("signal", "leaf", "home", "street", "wall"), "")
            facts |= {"category": category.code, "channel": Channel.APP.value, "hour": hour}
            facts |= {"in_work_time": hour == 10, "exercise": False, "attributes": {}}
            yield category.code, hour, cel.Context(variables=facts)


def _trial(incidents: list[tuple[str, int, Any]], rule: RuleSource) -> list[str]:
    """Try a condition on each incident; the first failure is the witness."""
    condition = cel.compile(rule.when)
    for category, hour, context in incidents:
        try:
            holds = condition.execute(context)
        except FAILURES as exc:
            return [f"fails on {category} at {hour}:00 by app: {_said(exc)}"]
        if not isinstance(holds, bool):
            return [f"answers {holds!r} on {category}; a condition is true or false"]
    return []


def _said(failure: Exception) -> str:
    if isinstance(failure, LookupError):
        return f"an incident may lack the attribute {failure}; ask has(attributes.{str(failure).strip(chr(39))}) first"
    return str(failure).split(". ")[0]
