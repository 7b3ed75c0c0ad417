"""How the two topics of a department are named: the one place that knows (DESIGN 3)."""

import re

DEPARTMENT_CODE = re.compile(r"^[a-z0-9_]{1,32}$")
"""What a department's code may look like; Chinese names are labels."""

ANY_TASKS = r"dept\.[a-z0-9_]{1,32}\.tasks"
ANY_REPLIES = r"dept\.[a-z0-9_]{1,32}\.replies"
"""Patterns of their names; what a consumer subscribes to begins with the stack's prefix, escaped."""

PREFIX = "dept."

_TOPIC = re.compile(r"dept\.([a-z0-9_]{1,32})\.(tasks|replies)")
_REPLY = re.compile(rf"({ANY_REPLIES}):\d+:\d+")


def tasks_of(code: str) -> str:
    """Name the topic on which a department is told."""
    return f"dept.{code}.tasks"


def replies_of(code: str) -> str:
    """Name the topic on which it answers."""
    return f"dept.{code}.replies"


def department_of(topic: str) -> str | None:
    """Whose topic it is; ``None``: nobody's."""
    found = _TOPIC.fullmatch(topic)
    return found[1] if found else None


def is_tasks(topic: str) -> bool:
    """Whether a department is told things there."""
    return topic.startswith(PREFIX) and topic.endswith(".tasks")


def answering(position: str) -> str | None:
    """Whose reply stands at this position; ``None``: it is no position of a reply."""
    found = _REPLY.fullmatch(position) if position.startswith(PREFIX) else None
    return department_of(found[1]) if found else None
