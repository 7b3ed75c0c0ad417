"""What every grid must have: its five roles (一格五员) and its eight settled attributes (八定); told as a list of
what is
missing.

Source: FIELD 1.
"""

from typing import NamedTuple

from rules.law.compiled import Law
from topics.vocabulary import Role


class Gap(NamedTuple):
    """A grid that lacks something."""

    grid: str
    roles: tuple[str, ...]
    """Roles that nobody has there."""
    attributes: tuple[str, ...]
    """Of the eight, those that are not settled."""


def leaves(law: Law) -> list[str]:
    """Name the grids that have none below, the unplaced one left out."""
    parents = {node.parent for node in law.bundle.nodes}
    return [node.code for node in law.bundle.nodes if node.code not in parents and node.kind != "unplaced"]


def gaps(law: Law) -> list[Gap]:
    """List the grids that lack a role or an attribute, in the order of the tree."""
    wanted = law.bundle.five_roles or (*(share.code for share in law.shares), Role.CHECKER.value)
    found = []
    for code in leaves(law):
        roles = tuple(role for role in wanted if not law.roster(role, code))
        attributes = tuple(name for name, settled in attributes_of(law, code).items() if not settled)
        if roles or attributes:
            found.append(Gap(code, roles, attributes))
    return found


def attributes_of(law: Law, code: str) -> dict[str, bool]:
    """Tell which of a grid's eight attributes are settled (FIELD 1).

    Boundary, size, superior, parties, people, hours (somebody by day and night), supervisor, ladder.
    """
    node = law.nodes[code]
    people = [entry for share in law.shares for entry in law.roster(share.code, code)]
    return {
        "boundary": len(node.ring) >= 3 or any(address.leaf == code for address in law.bundle.addresses),
        "size": node.households is not None,
        "superior": node.parent is not None,
        "parties": any(law.party_works_in(share.code, code) for share in law.shares),
        "people": bool(people),
        "hours": any(entry.on_duty == "always" for entry in people),
        "supervisor": bool(law.roster(Role.SUPERVISOR, code)),
        "ladder": "default" in law.bundle.ladders,
    }
