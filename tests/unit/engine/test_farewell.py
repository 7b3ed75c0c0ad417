"""A client that is let go of cancels nobody but itself."""

import asyncio

import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import NoGroupCoordinator

from engine.kafka import farewell
from engine.kafka.farewell import at_most
from engine.kafka.log_consumer import LogConsumer


async def rests() -> None:
    """What a fetch does for 0.1 s when its broker is away."""
    await asyncio.sleep(60)


async def test_a_reader_is_closed_before_its_tasks_have_begun() -> None:
    """They end by being cancelled; who closes it is not."""
    reader = LogConsumer(bootstrap_servers="127.0.0.1:9", group_id=None)
    reader._coordinator = NoGroupCoordinator(reader._client, reader._subscription)
    await reader.stop()
    assert reader._coordinator._reset_committed_task is None


async def fetching(reader: LogConsumer) -> set["asyncio.Task[None]"]:
    """Let a reader have three fetches that rest."""
    tries = {asyncio.create_task(rests()) for _ in range(3)}
    reader._fetcher._pending_tasks |= tries
    await asyncio.sleep(0)
    return tries


async def test_a_reader_is_closed_while_a_fetch_rests_between_two_tries() -> None:
    """A broker is away; whoever reads goes on, and nothing is left behind."""
    reader = LogConsumer(bootstrap_servers="127.0.0.1:9", group_id=None)
    reader._fetcher = Fetcher(reader._client, reader._subscription)
    await asyncio.sleep(0.01)
    tries = await fetching(reader)
    await reader.stop()
    assert all(one.cancelled() for one in tries)


async def test_a_fetcher_that_swallows_its_end_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was ending its fetches, and took its own end for one of theirs."""
    monkeypatch.setattr(farewell, "FAREWELL_SECONDS", 0.05)
    reader = LogConsumer(bootstrap_servers="127.0.0.1:9", group_id=None)
    reader._fetcher = Fetcher(reader._client, reader._subscription)
    tries = await fetching(reader)
    await reader.stop()
    assert all(one.cancelled() for one in tries) and reader._fetcher._fetch_task.done()


async def test_who_closes_a_reader_can_still_be_cancelled() -> None:
    """By somebody who means it."""
    reader = LogConsumer(bootstrap_servers="127.0.0.1:9", group_id=None)
    reader._client.close = rests
    closing = asyncio.create_task(reader.stop())
    await asyncio.sleep(0.01)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing


async def test_a_farewell_that_hangs_or_fails_is_waited_for_no_longer() -> None:
    """Nobody hears of it."""

    async def fails() -> None:
        raise ValueError

    await at_most(5, fails())
    await at_most(0.01, rests())
