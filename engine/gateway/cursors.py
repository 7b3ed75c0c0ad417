"""Where a stream stands: how far each partition was told, and by which rights it was judged what somebody sees."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from rules.law.compiled import Law

_CURSOR = re.compile(r"(\d{1,18}(?:\.\d{1,18}){0,999})~([0-9a-f]{8})")


def of_rights(laws: Iterable[Law]) -> str:
    """Name laws and rosters in short: the same on every gateway. Whoever comes back under others may see tickets that
    have not changed since, and would never be told of them."""
    names = "\n".join(f"{law.ref} {law.people.version}" for law in laws)
    return hashlib.sha256(names.encode()).hexdigest()[:8]


def written(positions: Mapping[int, int], rights: str) -> str:
    """Write positions as a cursor."""
    return ".".join(str(positions[number]) for number in sorted(positions)) + "~" + rights


def positions_of(cursor: str, partitions: int, rights: str) -> dict[int, int] | None:
    """Read a cursor; ``None``: it is none of this stack's, or of other rights."""
    found = _CURSOR.fullmatch(cursor)
    if found is None or found[2] != rights:
        return None
    numbers = [int(one) for one in found[1].split(".")]
    return dict(enumerate(numbers)) if len(numbers) == partitions else None
