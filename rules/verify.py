"""Proof at load: every fault of a pack at once, each with the mend (DESIGN 8). A pack with a fault is refused whole."""

from rules import verify_catalogue, verify_extras, verify_people, verify_places, verify_reach, verify_times
from rules.faults import Fault
from rules.pack import PackSource

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


def faults(source: PackSource) -> list[Fault]:
    """List every fault of a readable pack, file by file; empty when it may be published."""
    found = [Fault(source.file_of(where.split(".")[0]), where, text) for check in CHECKS for where, text in check(source)]
    return sorted(dict.fromkeys(found), key=lambda fault: fault.file)
