"""Inside the walls the three committees are asked before work begins (墙内三委联动); outside the city's platform
has it (墙外).

Source: FIELD 2.
"""

from rules.law.compiled import Law
from topics.pack import Category
from topics.vocabulary import Role

COMMITTEES = (Role.RESIDENTS_COMMITTEE, Role.OWNERS_COMMITTEE, Role.RED_PROPERTY)
"""Residents' committee, owners' committee, property firm: in this order where they are asked one after another."""
INSIDE = "inside"


def wall(law: Law, where: str) -> str:
    """Tell which side of the wall a grid lies on: what the nearest node says that says anything, else nothing."""
    return next((law.nodes[here].wall for here in law.path(where) if law.nodes[here].wall), "")


def asked(law: Law, category: Category, where: str) -> str | None:
    """Tell how the committees are asked about a ticket, if they are: ``sequential`` or ``parallel``."""
    return category.consent if category.consent is not None and wall(law, where) == INSIDE else None
