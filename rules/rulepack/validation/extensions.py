"""Faults of what a pack may add: teams, wishes, committees, pilots, duplicates, floods, the whistle's band (DESIGN 8,
LAW 7)."""

from rules.law.walls import COMMITTEES, INSIDE
from rules.rulepack.model import PackSource
from rules.rulepack.validation.fault import Found, listed, twice
from topics.vocabulary import Role


def teams(pack: PackSource) -> Found:
    """Each helper a role, and somebody in it with the skill."""
    for category in pack.categories:
        for wanted in category.team:
            role, _, skill = wanted.partition(":")
            if role not in list(Role):
                yield (
                    f"categories.{category.code}",
                    f"team: {role!r} is no role; write role or role:skill, e.g. specialist:mediation",
                )
            elif not any(entry.role == role and (not skill or skill in entry.skills) for entry in pack.roster):
                yield (
                    f"categories.{category.code}",
                    f"team: nobody on the roster is {wanted!r}; every {category.code} would lack that helper",
                )


def wishes(pack: PackSource) -> Found:
    """Only what nobody's life or deadline hangs on ages without a limit."""
    for category in pack.categories:
        if category.wish and category.urgency in pack.automatic_whistle:
            yield (
                f"categories.{category.code}",
                (
                    f"a wish ages without a limit, but {category.urgency} is life or property: a report of it would"
                    " never be late"
                ),
            )


def walls(pack: PackSource) -> Found:
    """Where committees are asked, there are some, and there is an inside."""
    asked = [category.code for category in pack.categories if category.consent] + [
        rule.id for rule in pack.rules if rule.set.get("consent")
    ]
    if not asked:
        return
    if not any(node.wall == INSIDE for node in pack.nodes):
        yield "nodes", f"{listed(asked)} asks the committees, but no grid has wall: inside; nobody would be asked"
    for role in COMMITTEES:
        if not any(entry.role is role for entry in pack.roster):
            yield (
                "roster",
                f"{listed(asked)} needs the consent of role {role}, which nobody has: work on it could never begin",
            )
    for rule in pack.rules:
        if rule.set.get("consent") not in (None, "sequential", "parallel"):
            yield f"rules.{rule.id}", f"consent {rule.set['consent']!r} is neither sequential nor parallel"


def pilots(pack: PackSource) -> Found:
    """Grids that exist."""
    for rule in pack.rules:
        for node in rule.under:
            if node not in pack.by_code:
                yield f"rules.{rule.id}", f"under: grid {node!r} is not a node; the pilot would hold nowhere"


def likeness(pack: PackSource) -> Found:
    """Rules for duplicates with names and categories; a merge at once only of what is nearly equal."""
    codes = {category.code for category in pack.categories}
    yield from twice("alike", [rule.id for rule in pack.alike])
    for rule in pack.alike:
        for code in sorted(set(rule.categories) - codes):
            yield f"alike.{rule.id}", f"unknown category {code!r}; nothing of it would be looked at"
        if rule.merges and rule.score < 90:
            yield (
                f"alike.{rule.id}",
                (
                    f"merges by itself at {rule.score} %: two reports with every tenth word in common would be one; ask"
                    " for 90 or more"
                ),
            )


def bands(pack: PackSource) -> Found:
    """A band that has an inside."""
    band = pack.whistle_band
    if band is not None and band.low >= band.high:
        yield "whistle_band", f"low {band.low} is not below high {band.high}; every street would be an alarm"
