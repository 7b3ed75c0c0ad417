"""In which form the law runs here: compiled, or as the Python that it is written in (docs/decisions/0019)."""

from importlib.util import find_spec


def law_form() -> str:
    """Say it for people. What was compiled lies beside its source and is taken first, where it fits this Python."""
    found = find_spec("rules.decide")
    return "plain Python" if found is None or (found.origin or "").endswith(".py") else "compiled"
