"""The form in which an address says what it takes and gives."""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """What an address takes and gives, by example."""

    status: int
    gives: Any = None
    content_type: str = "application/json"
    takes: Any = None
    """Content type -> schema and example."""
    query: dict[str, Any] = {}
    """Parameter -> an example of it."""
    fails: tuple[str, ...] = ()
    """Kinds of problems beyond those of every address."""
    sometimes: tuple[str, ...] = ()
    """Members of the example that an answer need not have: ``next``, where there is no more."""
