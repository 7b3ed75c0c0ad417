"""Faults of parties, departments and rosters: everybody known, and somebody for every seat that a ticket may reach
(DESIGN 8, LAW 3)."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container

from rules.rulepack.model import PackSource
from rules.rulepack.parts import PersonSource
from rules.rulepack.validation.above import home_of, path
from rules.rulepack.validation.fault import Found, listed, twice
from rules.rulepack.validation.split_bound import farthest
from topics.departments import DEPARTMENT_CODE
from topics.ids import folded
from topics.incident import unfit
from topics.vocabulary import Party, Role, TierKind

SPAN = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
WITHOUT_ROSTER = (Role.REPORTER, Role.SOURCE)
ALWAYS_NEEDED = (Role.DESK, Role.CHIEF, Role.CHECKER, Role.SUPERVISOR, Role.CENTRE)


def shares(pack: PackSource) -> Found:
    """Known parties that add up to a hundred and can be kept to within a ticket."""
    total = sum(share.share for share in pack.shares)
    if total != 100:
        yield "shares", f"they add up to {total}; make them 100"
    yield from twice("shares", [share.code for share in pack.shares])
    for share in pack.shares:
        if share.code not in list(Party):
            yield f"shares.{share.code}", f"no such party; parties are {', '.join(Party)}"
    worst = farthest({share.code: share.share for share in pack.shares})
    if worst >= 1:
        yield "shares", f"the split could be {worst} of a ticket from them, a whole one or more; choose rounder shares"


def departments(pack: PackSource) -> Found:
    """Codes that fit a topic's name, and somebody in each."""
    staffed = {entry.org for entry in pack.roster if entry.role is Role.DEPARTMENT}
    yield from twice("departments", [department.code for department in pack.departments])
    for department in pack.departments:
        if not DEPARTMENT_CODE.match(department.code):
            yield (
                f"departments.{department.code}",
                f"a code must match {DEPARTMENT_CODE.pattern}; names go into label_zh",
            )
        if department.code not in staffed:
            yield (
                f"departments.{department.code}",
                f"nobody on the roster has role department and org {department.code!r}; add somebody",
            )


def roster(pack: PackSource) -> Found:
    """Grids, departments and hours that exist; one name for one person; nobody where the split never looks."""
    codes = {node.code for node in pack.nodes}
    known = sorted(department.code for department in pack.departments)
    parties = {share.code for share in pack.shares}
    names: dict[str, set[str]] = defaultdict(set)
    for entry in pack.roster:
        names[entry.person].add(entry.name)
        yield from entry_faults(entry, codes, known, parties, lambda node: home_of(pack, node) is not None)
    for person, of in names.items():
        if len(of) > 1:
            yield f"roster.{person}", f"goes by {len(of)} names: {listed(sorted(of))}; keep one"
    for (person, role), n in Counter((entry.person, entry.role) for entry in pack.roster).items():
        if n > 1:
            yield f"roster.{person}", f"has the role {role} {n} times; put all nodes into one entry"


def entry_faults(
    entry: PersonSource,
    nodes: Container[str],
    departments: Collection[str],
    parties: Collection[str],
    is_placed: Callable[[str], bool],
) -> Found:
    """What is wrong with one person's entry, whether a pack or a command brings it."""
    here = f"roster.{entry.person}"
    if entry.person != folded(entry.person).strip() or unfit(entry.person):
        yield here, f"the id {entry.person!a} holds what nobody sees, or begins or ends with a blank; write it plainly"
    for node in sorted(set(entry.nodes)):
        if node not in nodes:
            yield here, f"grid {node!r} is not a node"
    if entry.role in WITHOUT_ROSTER:
        yield here, f"nobody is {entry.role} by a roster; reporters and source systems are known by their doors"
    if entry.role is Role.DEPARTMENT and entry.org not in departments:
        yield here, f"unknown department {entry.org!r}; set org to one of {listed(sorted(departments), 20)}"
    if entry.role in parties:
        high = [node for node in entry.nodes if node in nodes and not is_placed(node)]
        if high:
            yield (
                here,
                (
                    f"{listed(high)} lies above the homes, where the split does not look; name homes, or none for"
                    " everywhere"
                ),
            )
    if entry.on_duty not in ("always", "work"):
        start, _, end = entry.on_duty.partition("-")
        if not SPAN.fullmatch(entry.on_duty) or start == end:
            yield here, f"on_duty {entry.on_duty!r} is no span of a day; write e.g. 22:00-06:00, or always"


def reach(pack: PackSource) -> Found:
    """For every home, somebody in each role that its tickets may need: tiers, desk, chief, checker, supervisor,
    centre."""
    homes = [node.code for node in pack.nodes if node.level == pack.home_level and node.code != pack.unplaced]
    steps = [tier for tiers in pack.ladders.values() for tier in tiers]
    parties = [party for tier in steps for party in tier.parties if party in list(Party)]
    streets = [Role.STREET, Role.PRINCIPAL] if any(tier.kind is TierKind.STREET for tier in steps) else []
    needed = dict.fromkeys([*(Role(party) for party in parties), *streets, *ALWAYS_NEEDED])
    for role in needed:
        entries = [entry for entry in pack.roster if entry.role is role]
        if any(not entry.nodes for entry in entries):
            continue
        placed = {node for entry in entries for node in entry.nodes}
        served = {home_of(pack, node) for node in placed} | placed
        bare = [
            home
            for home in homes
            if _wanted(pack, role, home) and not any(node.code in served for node in path(pack, home))
        ]
        if bare or not entries:
            yield (
                "roster",
                (
                    f"nobody has the role {role} for {listed(bare) or 'anywhere'}; a report from"
                    f" {(bare or homes or ['anywhere'])[0]} would come to nobody; add somebody there or above"
                ),
            )


def _wanted(pack: PackSource, role: Role, home: str) -> bool:
    """Whether a home lets a party work in it."""
    if role.value not in list(Party):
        return True
    said = next((node.parties for node in path(pack, home) if node.parties), None)
    return said is None or role.value in said
