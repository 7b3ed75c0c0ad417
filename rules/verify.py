"""Proof at load: every fault of a pack at once, each with the mend (DESIGN 8). A pack with a fault is refused whole."""

from contextlib import suppress
from typing import cast

from rules import verify_catalogue, verify_extras, verify_people, verify_places, verify_reach, verify_times
from rules.faults import Fault
from rules.pack import PackSource
from rules.salvage import Partly, Unknown

CHECKS = (
    verify_places.tree,
    verify_places.outlines,
    verify_places.addresses,
    verify_people.shares,
    verify_people.departments,
    verify_people.roster,
    verify_people.reach,
    verify_catalogue.ladders,
    verify_catalogue.categories,
    verify_catalogue.exceptions,
    verify_reach.reached,
    verify_times.clocks,
    verify_times.calendar,
    verify_times.force_majeure,
    verify_extras.teams,
    verify_extras.wishes,
    verify_extras.walls,
    verify_extras.pilots,
    verify_extras.likeness,
    verify_extras.bands,
)
"""Each looks at one part of a pack and yields (where, what is wrong and the mend). None relies on another having passed."""


def faults(source: PackSource, unknown: frozenset[str] = frozenset()) -> list[Fault]:
    """List every fault of a pack, file by file; empty when it may be published. A check ends where it asks for an ``unknown`` member."""
    pack = source if not unknown else cast("PackSource", Partly(source, unknown))
    found: list[Fault] = []
    for check in CHECKS:
        with suppress(Unknown):
            found.extend(Fault(source.file_of(where.split(".")[0]), where, text) for where, text in check(pack))
    return sorted(dict.fromkeys(found), key=lambda fault: fault.file)
