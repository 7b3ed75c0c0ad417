"""Whether two changes are the same one, by their text: lines and modules move, a formatter sets lines anew."""

import re
from typing import Any

_LOOSE = re.compile(r"[\s,()]+")
"""What a formatter may set anew without changing anything."""


def bare(text: str) -> str:
    """A text without what a formatter may set anew."""
    return _LOOSE.sub("", text)


def _parts(before: str, after: str) -> tuple[int, int, int]:
    """Where two texts begin to differ, and how much of each differs."""
    most = min(len(before), len(after))
    begin = next((at for at in range(most) if before[at] != after[at]), most)
    end = next((at for at in range(most - begin) if before[-1 - at] != after[-1 - at]), most - begin)
    return begin, len(before) - begin - end, len(after) - begin - end


def is_same(row: dict[str, Any], before: str, after: str) -> bool:
    """Whether a change of a file is the one of a row: the same words become the same, in the same words."""
    old, new = bare(row["old"]), bare(row["new"])
    before, after = bare(before), bare(after)
    begin, _, _ = _parts(old, new)
    here, _, _ = _parts(before, after)
    since = here - begin
    return (
        since >= 0
        and before[since : since + len(old)] == old
        and after[since : since + len(new)] == new
        and before[since + len(old) :] == after[since + len(new) :]
    )
