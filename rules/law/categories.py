"""A category as it applies to one ticket: the catalogue's entry, with what the pack's exception sets (LAW 2)."""

import msgspec
from msgspec.structs import replace

from rules.law.compiled import Law
from topics.pack import Category, Limit


def category_of(law: Law, code: str, rule: str | None) -> Category:
    """Give a category, changed by the exception that matched when the ticket was filed.

    The ticket keeps the rule's id, not its conditions' facts: what the rule sets stays frozen by the pack's hash.
    """
    if rule is None:
        return law.categories[code]
    key = ("category", code, rule)
    found: Category | None = law.cache.get(key)
    if found is None:
        sets = next((one.set for one in law.bundle.rules if one.id == rule), {})
        found = law.cache[key] = replace(
            law.categories[code], **{name: _typed(name, value) for name, value in sets.items()}
        )
    return found


def _typed(name: str, value: object) -> object:
    if name == "limit":
        return msgspec.convert(value, Limit)
    return tuple(value) if isinstance(value, list) else value
