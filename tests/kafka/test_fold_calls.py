"""What one call of the script does on a real Valkey: all of it or nothing, over what stands, and few commands of it."""

import time
from typing import Any

import pytest

from engine.errors import DependencyDown
from engine.kafka.memory.broker import MemoryLog
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.projector import Projector
from engine.views.comparison import digest
from engine.views.fold_call import NOWHERE, Stands
from engine.views.redis_view import AT_ONCE, PositionMoved, RedisView
from tests.support.fetched import fetched
from tests.support.views import decided_of, handled_of
from topics import codec
from topics.registry import DECISIONS
from topics.vocabulary import Status


@pytest.fixture
def settings(redis_url: str, request: pytest.FixtureRequest) -> Settings:
    """A prefix of its own; no broker is asked."""
    return Settings(redis_url=redis_url, prefix=f"{request.node.name[:20]}.")


async def test_what_came_is_folded_in_small_calls_and_goes_on_from_the_last(settings: Settings) -> None:
    """A call of 2,000 decisions costs twice as much a decision; where one fails the view stands at the one before."""
    log = MemoryLog(lambda: int(time.time() * 1000), settings.prefix)
    log.create(DECISIONS.name, 1)
    slot, projector = f"{DECISIONS.name}:0", Projector(settings, StageMetrics("projector"), log)
    for n in range(300):
        log.append(DECISIONS.name, 0, codec.encode(decided_of("a", n + 1, Status.OFFERED)))
    records = [
        fetched(DECISIONS.name, one.offset, one.key, one.value, appended_ms=one.timestamp, at=0)
        for one in log.all(DECISIONS.name, 0)
    ]
    fold, calls = projector.view.fold, list[tuple[int, int, int]]()

    async def counted(partition: int, decisions: list[Any], expected: int, after: int, *, last: str) -> None:
        if len(calls) == 1:
            calls.append((0, 0, 0))
            raise DependencyDown("Redis is away")
        await fold(partition, decisions, expected, after, last=last)
        calls.append((len(decisions), expected, after))

    projector.view.fold = counted  # type: ignore[method-assign, assignment]
    try:
        await projector.positions(slot)
        with pytest.raises(DependencyDown):
            await projector.apply(slot, records, {slot: 305})
        stands = (await projector.positions(slot))[slot]
        await projector.apply(slot, records[stands:], {slot: 305})
        done = [call for call in calls if call[0]]
        assert done == [(AT_ONCE, 0, AT_ONCE), (AT_ONCE, AT_ONCE, 2 * AT_ONCE), (300 - 2 * AT_ONCE, 2 * AT_ONCE, 305)]
        assert (await projector.view.positions())[0] == 305
    finally:
        await projector.view.drop()
        await projector.close()


async def told(view: RedisView) -> int:
    """How many entries its stream of changes has got so far."""
    found: int = (await view.redis.xinfo_stream(f"{view.prefix}changes"))["entries-added"]
    return found


async def test_a_log_that_is_read_again_over_what_stands_changes_nothing(settings: Settings) -> None:
    """The view lost where it stood, or was made of the state: tickets that begin in the log are no new ones then, and
    what it has is as new or newer."""
    view = RedisView(settings)
    story = [decided_of("a", n + 1, Status.OFFERED) for n in range(6)] + [decided_of("b", 1, Status.CLOSED)]
    try:
        await view.fold(0, story, 0, len(story))
        before, entries = await digest(view), await told(view)
        for cut in (3, 1):
            await view.redis.hdel(f"{view.prefix}positions", "0")
            for n in range(0, len(story), cut):
                await view.fold(0, story[n : n + cut], n, min(n + cut, len(story)))
            assert (await digest(view), await told(view)) == (before, entries)
        await view.redis.hdel(f"{view.prefix}positions", "0")
        later = decided_of("a", 7, Status.CLOSED)
        await view.fold(0, [*story, later], 0, 8)
        assert await told(view) == entries + 1 and (await view.counts()) == {}
    finally:
        await view.drop()
        await view.close()


async def test_since_when_a_ticket_is_overdue_hangs_neither_on_its_holder_nor_on_batches(settings: Settings) -> None:
    """Whoever gets it, it is overdue since it became so; once it was not, it begins anew."""
    late = [handled_of("1", 1, 50, False, 10)]
    late += [handled_of("1", n, 50, True, 100 * n, person=f"p{n % 2}") for n in range(2, 6)]
    view, found = RedisView(settings), list[list[tuple[str, float]]]()
    try:
        for cut in (1, 2, 5):
            await view.drop()
            for n in range(0, len(late), cut):
                await view.fold(0, late[n : n + cut], n, min(n + cut, len(late)))
            found.append(await view.redis.zrange(f"{view.prefix}q:since", 0, -1, withscores=True))
        assert found == [[("a-20260302-1", 200.0)]] * 3
        await view.fold(0, [handled_of("1", 6, 900, False, 600)], 5, 6)
        await view.fold(0, [handled_of("1", 7, 900, True, 910)], 6, 7)
        assert await view.redis.zrange(f"{view.prefix}q:since", 0, -1, withscores=True) == [("a-20260302-1", 910.0)]
    finally:
        await view.drop()
        await view.close()


async def test_a_view_that_somebody_else_writes_into_takes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ticket that stands otherwise than was read a moment ago: neither queue nor position is written."""
    view = RedisView(settings)
    try:
        await view.fold(0, [decided_of("a", 1, Status.OFFERED)], 0, 1)
        before, entries = await digest(view), await told(view)

        async def stale(tickets: list[str]) -> dict[str, Stands]:
            return dict.fromkeys(tickets, NOWHERE)

        with monkeypatch.context() as patch:
            patch.setattr(view, "_stood", stale)
            with pytest.raises(PositionMoved, match="a-20260302-1 was"):
                await view.fold(0, [decided_of("a", 2, Status.CLOSED)], 1, 2)
        assert (await digest(view), await told(view), await view.positions()) == (before, entries, {0: 1})
        await view.fold(0, [decided_of("a", 2, Status.CLOSED)], 1, 2)
        assert await view.counts() == {}
    finally:
        await view.drop()
        await view.close()
