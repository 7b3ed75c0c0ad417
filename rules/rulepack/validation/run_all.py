"""Proof at load: every fault of a pack at once, each with the mend (DESIGN 8). A pack with a fault is refused whole."""

from contextlib import suppress
from typing import cast

from rules.rulepack.model import PackSource
from rules.rulepack.salvage import Partly, Unknown
from rules.rulepack.validation import catalogue, extensions, people, places, reachability, times
from rules.rulepack.validation.fault import Fault

CHECKS = (
    places.tree,
    places.outlines,
    places.addresses,
    people.shares,
    people.departments,
    people.roster,
    people.reach,
    catalogue.ladders,
    catalogue.categories,
    catalogue.exceptions,
    reachability.reached,
    times.clocks,
    times.calendar,
    times.force_majeure,
    extensions.teams,
    extensions.wishes,
    extensions.walls,
    extensions.pilots,
    extensions.likeness,
    extensions.bands,
)
"""Each looks at one part of a pack and yields (where, what is wrong and the mend). None relies on another having
passed."""


def faults(source: PackSource, unknown: frozenset[str] = frozenset()) -> list[Fault]:
    """List every fault of a pack, file by file; empty when it may be published. A check ends where it asks for an
    ``unknown`` member."""
    pack = source if not unknown else cast("PackSource", Partly(source, unknown))
    found: list[Fault] = []
    for check in CHECKS:
        with suppress(Unknown):
            found.extend(Fault(source.file_of(where.split(".")[0]), where, text) for where, text in check(pack))
    return sorted(dict.fromkeys(found), key=lambda fault: fault.file)
