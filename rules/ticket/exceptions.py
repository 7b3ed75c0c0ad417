"""Which exception of the pack applies to a ticket: conditions that are asked when it is filed or rebased (LAW 8)."""

from collections.abc import Callable
from typing import Any

from rules.law import walls
from rules.law.compiled import Law
from rules.ticket.draft import Case, Draft
from topics.ids import Instant

RULE_ERROR = "rule_error:"
"""What the name of a rule that failed begins with."""

_FACTS: dict[str, Callable[[Law, Instant, Draft], Any]] = {
    "category": lambda law, at, draft: draft.category,
    "channel": lambda law, at, draft: draft.channel,
    "signal": lambda law, at, draft: draft.signal or "",
    "leaf": lambda law, at, draft: draft.leaf or "",
    "home": lambda law, at, draft: draft.home,
    "street": lambda law, at, draft: law.street_of(draft.home) or "",
    "hour": lambda law, at, draft: law.local_hour(at),
    "in_work_time": lambda law, at, draft: law.calendar.is_open(at),
    "wall": lambda law, at, draft: walls.wall(law, draft.where),
    "exercise": lambda law, at, draft: draft.exercise,
    "attributes": lambda law, at, draft: draft.attributes,
}
"""What a condition may read, and where it stands (``rules.law.compiled.conditions.FACTS``)."""


def applying(case: Case, draft: Draft) -> str | None:
    """Name the pack's exception that applies; one that fails is flagged, sets nothing, is named ``rule_error:<id>``."""
    if not case.law.may_be_excepted(draft.category):
        return None
    rule, _ = case.law.overrides({name: _FACTS[name](case.law, case.at, draft) for name in case.law.reads})
    if rule is None:
        return None
    if rule.startswith(RULE_ERROR):
        case.rules.append(rule)
        draft.flag(rule)
        return rule
    case.rules.append(f"rule:{rule}")
    return rule
