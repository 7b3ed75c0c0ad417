"""Making the live queues anew while decisions come."""

from typing import Any

import pytest

from engine.cli import project
from engine.settings import Settings


async def test_a_log_that_grows_as_fast_as_it_is_folded_is_not_run_after_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the end comes nearer it is gone on; else the view is held, and then the end is one."""
    grows, end, folded = iter([50_000, 20_000, 20_000, 20_000]), [0], list[int]()
    none: Any = None
    rebuilding = project._Rebuilding(Settings(partitions=1), none, none, consumer=none, bar=none)

    async def ends() -> dict[int, int]:
        end[0] += next(grows)
        return {0: end[0]}

    async def fold(to: dict[int, int]) -> None:
        folded.append(to[0])
        rebuilding._at.update(to)

    monkeypatch.setattr(rebuilding, "_ends", ends)
    monkeypatch.setattr(rebuilding, "_fold_up_to", fold)
    assert await rebuilding._come_near() == {0: 90_000}
    assert folded == [50_000, 70_000, 90_000]
