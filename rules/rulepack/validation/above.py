"""What lies above a grid, as a pack has it (LAW 2): asked by whoever looks at a roster too, for whom outlines are of no
use."""

from rules.rulepack.model import PackSource
from rules.rulepack.parts import NodeSource


def path(pack: PackSource, code: str) -> list[NodeSource]:
    """List a node and what is above it; ends where the tree is broken or runs in a circle."""
    walked: dict[str, NodeSource] = {}
    here: str | None = code
    while here is not None and here in pack.by_code and here not in walked:
        walked[here] = pack.by_code[here]
        here = walked[here].parent
    return list(walked.values())


def home_of(pack: PackSource, code: str) -> str | None:
    """Name the home a node lies in, or ``None``."""
    return next(
        (node.code for node in path(pack, code) if node.level == pack.home_level or node.code == pack.unplaced), None
    )
