"""Whoever is told to end does, though the word was lost once: a stage, a gateway and a test waited for one for ever."""

import asyncio
import contextlib

import pytest

from engine import calling_off
from engine.calling_off import called_off


async def test_one_who_has_not_heard_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took the first word for a time-out of its own, and went on."""
    monkeypatch.setattr(calling_off, "SAID_AGAIN_SECONDS", 0.05)
    lost = list[str]()

    async def goes_on() -> None:
        while True:
            if lost:
                await asyncio.sleep(60)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            lost.append("once")

    task = asyncio.create_task(goes_on())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await called_off(task)
    assert task.cancelled() and lost == ["once"]


async def test_one_who_needs_a_moment_is_told_once() -> None:
    """What it lets go of is let go of in its own way."""
    said = list[str]()

    async def lets_go() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            said.append("let go")

    task = asyncio.create_task(lets_go())
    await asyncio.sleep(0)
    await called_off(task)
    assert said == ["let go"] and task.cancelled()


async def test_what_has_ended_or_fails_at_its_end_keeps_nobody() -> None:
    """Nor does nothing at all; who waits is not told of faults that were no longer wanted."""

    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise OSError("gone")

    async def ends() -> None:
        return None

    tasks = [asyncio.create_task(fails()), asyncio.create_task(ends())]
    await asyncio.sleep(0)
    await called_off(*tasks)
    await called_off()
    assert all(task.done() for task in tasks)


async def test_who_waits_can_still_be_told_to_end() -> None:
    """By somebody who means it."""

    async def stays() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.02)
                return

    task = asyncio.create_task(stays())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(called_off(task))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await task
