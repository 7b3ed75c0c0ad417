"""What differs between two laws, for people who are to decide whether the second goes live (DESIGN 8)."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rules.rulepack.model import PackSource

NAMES = ("code", "person", "id", "name", "since", "street")
"""By which of its members an entry of a list is known."""


class Changed(NamedTuple):
    """One difference."""

    section: str
    """Member of the pack: ``categories``, ``roster`` …"""
    name: str
    """Of the entry, with the member that changed behind a dot; empty for the whole section."""
    before: Any
    """``None``: it is new."""
    after: Any
    """``None``: it is gone."""


def differences(before: PackSource, after: PackSource) -> list[Changed]:
    """List what differs, section by section as the pack has them; entries are matched by their codes, not by their
    places."""
    return differences_of(before.model_dump(mode="json"), after.model_dump(mode="json"))


def differences_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Changed]:
    """List what differs between the members of two laws."""
    return [changed for section in old for changed in _section(section, old[section], new[section])]


def _section(section: str, old: Any, new: Any) -> Iterator[Changed]:
    if isinstance(old, list) and isinstance(new, list) and any(isinstance(one, dict) for one in (*old, *new)):
        yield from _entries(section, _by_name(section, old), _by_name(section, new))
        if section in ("rules", "shares"):
            yield from _order(section, old, new)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _entries(section, old, new)
    elif old != new:
        yield Changed(section, "", old, after=new)


def _entries(section: str, old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[Changed]:
    for name in dict.fromkeys((*old, *new)):
        here = f"{prefix}{name}"
        if name not in new:
            yield Changed(section, here, old[name], after=None)
        elif name not in old:
            yield Changed(section, here, None, after=new[name])
        elif isinstance(old[name], dict) and isinstance(new[name], dict) and not _is_limit(old[name]):
            yield from _entries(section, old[name], new[name], f"{here}.")
        elif all(isinstance(side, list) and side and isinstance(side[0], dict) for side in (old[name], new[name])):
            yield from _entries(section, _by_name(section, old[name]), _by_name(section, new[name]), f"{here}.")
            yield from _order(section, old[name], new[name], here)
        elif old[name] != new[name]:
            yield Changed(section, here, old[name], after=new[name])


def _is_limit(value: Mapping[str, Any]) -> bool:
    return set(value) == {"amount", "unit"}


def _by_name(section: str, entries: list[Any]) -> dict[str, Any]:
    """Key entries by what they are known by; a person once for each role, a street once for each first number."""
    found: dict[str, Any] = {}
    for entry in entries:
        name = next(str(entry[key]) for key in NAMES if entry.get(key) is not None)
        if section == "roster":
            name = f"{name} ({entry['role']})"
        elif section == "addresses":
            name = f"{name} {entry['first']} {entry['parity']}"
        while name in found:  # a faulty pack may have one twice
            name += " again"
        found[name] = entry
    return found


def _order(section: str, old: list[Any], new: list[Any], name: str = "") -> Iterator[Changed]:
    """Where order decides (the first rule that holds wins, the first party breaks ties), a change of it is one."""
    names = [
        [next(str(entry[key]) for key in NAMES if entry.get(key) is not None) for entry in entries]
        for entries in (old, new)
    ]
    both = [[name for name in one if name in other] for one, other in ((names[0], names[1]), (names[1], names[0]))]
    if both[0] != both[1]:
        yield Changed(section, f"{name} (order)".strip(), both[0], after=both[1])


def worded(value: Any) -> str:
    """Write a value for people: ``4 work_hour``, ``a, b``, ``key=value``."""
    if isinstance(value, dict):
        if _is_limit(value):
            return f"{value['amount']} {value['unit']}"
        return ", ".join(f"{name}={worded(one)}" for name, one in value.items() if one not in (None, [], "", {}, False))
    if isinstance(value, list):
        return "; ".join(worded(one) for one in value) or "nothing"
    return "nothing" if value in (None, "") else str(value)
