"""The one thing the law raises: our own mistake (LAW 2)."""

from topics.errors import GridwhistleError


class BrokenInvariant(GridwhistleError):
    """After deciding, something that must always hold does not: our bug. The step fails and nothing is written."""
