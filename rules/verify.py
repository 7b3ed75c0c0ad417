"""Proof at load: every fault of a pack at once, each with the mend (DESIGN 8). A pack with a fault is refused whole."""

from collections import Counter
from collections.abc import Iterator

from rules.conditions import FACTS, variables
from rules.pack import PackSource
from topics.registry import DEPARTMENT_CODE
from topics.vocabulary import ClockKind, Role, TierKind

SETTABLE = frozenset({"urgency", "starts_at", "ladder", "lead", "co", "skill", "limit"})


def faults(source: PackSource) -> list[str]:
    """List every fault of a readable pack; empty when it may be published."""
    checks = (_shares, _tree, _addresses, _ladders, _departments, _categories, _rules, _roster, _clocks)
    return [fault for check in checks for fault in check(source)]


def _shares(pack: PackSource) -> Iterator[str]:
    total = sum(share.share for share in pack.shares)
    if total != 100:
        yield f"shares: they add up to {total}; make them 100"
    yield from _twice("shares", [share.code for share in pack.shares])


def _tree(pack: PackSource) -> Iterator[str]:
    nodes = {node.code: node for node in pack.nodes}
    yield from _twice("nodes", [node.code for node in pack.nodes])
    if pack.home_level not in pack.levels:
        yield f"home_level: {pack.home_level!r} is no level; levels are {', '.join(pack.levels)}"
    if pack.unplaced not in nodes:
        yield f"unplaced: there is no node {pack.unplaced!r}; add one of kind unplaced"
    depth = {level: place for place, level in enumerate(pack.levels)}
    parties = {share.code for share in pack.shares}
    for node in pack.nodes:
        if node.level not in depth:
            yield f"nodes.{node.code}: level {node.level!r} is none of {', '.join(pack.levels)}"
        if node.parent is not None and node.parent not in nodes:
            yield f"nodes.{node.code}: parent {node.parent!r} is not a node"
        elif node.parent is not None and depth.get(nodes[node.parent].level, -1) >= depth.get(node.level, 99):
            yield f"nodes.{node.code}: parent {node.parent!r} is not on a higher level; mend level or parent"
        if 0 < len(node.outline) < 3:
            yield f"nodes.{node.code}: an outline needs at least three points"
        for party in set(node.parties) - parties:
            yield f"nodes.{node.code}: unknown party {party!r}"
    if not any(node.level == pack.home_level for node in pack.nodes):
        yield f"nodes: none is on the home level {pack.home_level!r}; tickets could not be filed"


def _addresses(pack: PackSource) -> Iterator[str]:
    codes = {node.code for node in pack.nodes}
    for address in pack.addresses:
        if address.leaf not in codes:
            yield f"addresses.{address.street}: grid {address.leaf!r} is not a node"
        if address.first > address.last:
            yield f"addresses.{address.street}: numbers {address.first} to {address.last} run backwards"


def _ladders(pack: PackSource) -> Iterator[str]:
    parties = {share.code for share in pack.shares}
    roles = {entry.role for entry in pack.roster}
    if "default" not in pack.ladders:
        yield "ladders: there is no ladder 'default'"
    for name, tiers in pack.ladders.items():
        yield from _twice(f"ladders.{name}", [tier.name for tier in tiers])
        if tiers[-1].kind is not TierKind.CENTRE:
            yield f"ladders.{name}: the top tier {tiers[-1].name!r} must be of kind centre, so that somebody is above everybody"
        for tier in tiers:
            for party in set(tier.parties) - parties:
                yield f"ladders.{name}.{tier.name}: unknown party {party!r}"
            if tier.kind is TierKind.PARTIES and not tier.parties:
                yield f"ladders.{name}.{tier.name}: a tier of parties names none"
            needed = {TierKind.STREET: [Role.STREET], TierKind.CENTRE: [Role.CENTRE], TierKind.PARTIES: [Role(p) for p in tier.parties if p in parties]}
            for role in needed.get(tier.kind, []):
                if role not in roles:
                    yield f"ladders.{name}.{tier.name}: nobody on the roster has the role {role!r}; add somebody"


def _departments(pack: PackSource) -> Iterator[str]:
    staffed = {entry.org for entry in pack.roster if entry.role is Role.DEPARTMENT}
    yield from _twice("departments", [department.code for department in pack.departments])
    for department in pack.departments:
        if not DEPARTMENT_CODE.match(department.code):
            yield f"departments.{department.code}: a code must match {DEPARTMENT_CODE.pattern}; names go into label_zh"
        if department.code not in staffed:
            yield f"departments.{department.code}: nobody on the roster has role department and org {department.code!r}"


def _categories(pack: PackSource) -> Iterator[str]:
    departments = {department.code for department in pack.departments}
    parties = {share.code for share in pack.shares}
    words: Counter[str] = Counter()
    yield from _twice("categories", [category.code for category in pack.categories])
    for category in pack.categories:
        here = f"categories.{category.code}"
        words.update({category.code, category.label, category.label_zh, *category.aliases} - {""})
        ladder = pack.ladders.get(category.ladder)
        if ladder is None:
            yield f"{here}: unknown ladder {category.ladder!r}"
        elif category.starts_at not in ("split", "department") and category.starts_at not in {tier.name for tier in ladder}:
            yield f"{here}: starts_at {category.starts_at!r} is no tier of ladder {category.ladder!r}"
        for code in [category.lead, *category.co]:
            if code is not None and code not in departments:
                yield f"{here}: unknown department {code!r}"
        if category.lead is None and (category.starts_at == "department" or category.urgency in pack.automatic_whistle):
            yield f"{here}: it goes to departments, but names no lead"
        for party in set(category.parties) - parties:
            yield f"{here}: unknown party {party!r}"
        if category.skill and not any(category.skill in entry.skills for entry in pack.roster):
            yield f"{here}: nobody on the roster has the skill {category.skill!r}"
    yield from (f"categories: {word!r} names {n} categories; an alias must be unique" for word, n in words.items() if n > 1)


def _rules(pack: PackSource) -> Iterator[str]:
    yield from _twice("rules", [rule.id for rule in pack.rules])
    for rule in pack.rules:
        try:
            reads = variables(rule.when)
        except ValueError as exc:
            yield f"rules.{rule.id}: {exc}"
            continue
        yield from (f"rules.{rule.id}: reads {name!r}; a condition may read {', '.join(FACTS)}" for name in reads if name not in FACTS)
        yield from (f"rules.{rule.id}: sets {name!r}; a rule may set {', '.join(sorted(SETTABLE))}" for name in set(rule.set) - SETTABLE)


def _roster(pack: PackSource) -> Iterator[str]:
    codes = {node.code for node in pack.nodes}
    departments = {department.code for department in pack.departments}
    for entry in pack.roster:
        for node in set(entry.nodes) - codes:
            yield f"roster.{entry.person}: grid {node!r} is not a node"
        if entry.role is Role.DEPARTMENT and entry.org not in departments:
            yield f"roster.{entry.person}: unknown department {entry.org!r}"
    for role in (Role.DESK, Role.CHIEF, Role.CHECKER, Role.SUPERVISOR):
        if not any(entry.role is role for entry in pack.roster):
            yield f"roster: nobody has the role {role!r}; tickets would be without a person"
    yield from _twice("roster", [f"{entry.person} as {entry.role}" for entry in pack.roster])


def _clocks(pack: PackSource) -> Iterator[str]:
    for kind in (ClockKind.TRIAGE, ClockKind.CHECK):
        if kind not in pack.clocks:
            yield f"clocks: no limits for {kind!r}"
    for kind, rungs in pack.rungs.items():
        if list(rungs) != sorted(set(rungs)):
            yield f"rungs.{kind}: {list(rungs)} must rise"
    if pack.calendar.from_year > pack.calendar.to_year:
        yield f"calendar: from_year {pack.calendar.from_year} is after to_year {pack.calendar.to_year}"


def _twice(where: str, names: list[str]) -> Iterator[str]:
    yield from (f"{where}: {name!r} stands {n} times" for name, n in Counter(names).items() if n > 1)
