"""The gateway ends when it is told to, whatever it was at in that moment."""

import asyncio
from pathlib import Path

import pytest

from tests.support.house import house


async def test_it_ends_though_a_server_answers_in_the_very_moment(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to end just as what it asked has been answered, and not read yet: the word was lost, and it looked on for
    ever."""
    monkeypatch.setattr("engine.gateway.world.LOOK_SECONDS", 0.01)
    async with house(redis_url, tmp_path) as (here, _):
        (look,) = [task for task in here.world.tasks if "_look" in repr(task)]
        told = asyncio.Event()

        async def ping() -> None:
            if not told.is_set():
                told.set()
                task = asyncio.current_task()
                assert task is not None
                if task is look:
                    look.cancel()
                else:
                    task.add_done_callback(lambda _: look.cancel())
            await asyncio.sleep(0)

        monkeypatch.setattr(here.world.view, "ping", ping)
        await asyncio.wait_for(told.wait(), 20)
        done, _ = await asyncio.wait({look}, timeout=3)
        assert done == {look}
