"""What the law raises: our own mistake (LAW 2), and a ticket that is none."""

from topics.errors import GridwhistleError


class BrokenInvariant(GridwhistleError):
    """After deciding, something that must always hold does not: our bug. The step fails and nothing is written."""


class UnfitTicket(GridwhistleError):
    """What stands in the book under a ticket's name cannot be read as one: nothing is decided on it."""
