"""A sound pack, and what can be sown into it."""

import pickle
from collections.abc import Callable
from typing import Any

from rules.rulepack.loader import FILES, PACKS, read_yaml
from rules.rulepack.model import PackSource
from rules.rulepack.validation.run_all import faults

Pack = dict[str, Any]
Seed = Callable[[Pack], object]


def plain() -> Pack:
    """The guancheng pack as its files say it."""
    members: Pack = {}
    for file in FILES:
        members |= read_yaml(PACKS / "guancheng" / f"{file}.yaml")
    return members


WHOLE = plain()


def node(pack: Pack, code: str) -> Pack:
    """One grid."""
    return next(n for n in pack["nodes"] if n["code"] == code)


def category(pack: Pack, code: str) -> Pack:
    """One category."""
    return next(c for c in pack["categories"] if c["code"] == code)


def without(pack: Pack, role: str, where: str = "") -> None:
    """Take people off the roster."""
    pack["roster"] = [
        p for p in pack["roster"] if not (p["role"] == role and where in " ".join([p["person"], *p.get("nodes", [])]))
    ]


def exception(**changes: Any) -> Seed:
    """A rule more."""
    return lambda p: p["rules"].append(
        {"id": "mine", "when": 'category == "noise"', "set": {"urgency": "U2"}} | changes
    )


def person(**changes: Any) -> Seed:
    """A person more."""
    return lambda p: p["roster"].append(
        {"person": "new-1", "name": "新人", "role": "residents", "nodes": ["tawan"]} | changes
    )


_WHOLE = pickle.dumps(WHOLE)


def whole() -> Pack:
    """The pack, one's own to change; ``deepcopy`` takes ten times as long."""
    found: Pack = pickle.loads(_WHOLE)
    return found


def found(*seeds: Seed) -> list[str]:
    """The faults of the pack with these seeds in it."""
    pack = whole()
    for seed in seeds:
        seed(pack)
    return [f"{fault.where}: {fault.text}" for fault in faults(PackSource(**pack))]
