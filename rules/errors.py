"""The one thing the law raises: our own mistake (LAW 2)."""


class BrokenInvariant(Exception):
    """After deciding, something that must always hold does not: our bug. The step fails and nothing is written."""
