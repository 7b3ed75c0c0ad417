"""The view's rows on a real Valkey: the same whatever the order of reading, by declared keys alone, and with an end."""

import asyncio
import itertools
import time
from typing import Any

import pytest

from engine.errors import DependencyDown, PositionOutOfRange
from engine.kafka.memory.broker import MemoryLog
from engine.local import doctor
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.projector import Projector
from engine.stream.contracts import Record
from engine.views.comparison import digest, names
from engine.views.figures import ViewFigures
from engine.views.redis_view import RedisView
from tests.support.fetched import fetched
from tests.support.views import decided_of, handled_of
from topics import codec
from topics.decision import Decision
from topics.reference import EngineClock
from topics.registry import DECISIONS
from topics.vocabulary import Status

NAME = "hotline:7"


@pytest.fixture
def settings(redis_url: str, request: pytest.FixtureRequest) -> Settings:
    """A prefix of its own; no broker is asked."""
    return Settings(redis_url=redis_url, prefix=f"{request.node.name[:20]}.")


def said(home: str, version: int, status: Status | None, hops: int = 0) -> tuple[int, Decision]:
    """A decision about the one ticket of a home; each home has a partition of its own."""
    return "abc".index(home), decided_of(home, version, status, hops, NAME)


REFERRED_TWICE = [
    said("a", 1, Status.RECEIVED),
    said("a", 2, Status.CLOSED),
    said("b", 1, Status.OFFERED, 1),
    said("b", 2, Status.CLOSED, 1),
    said("c", 1, Status.OFFERED, 2),
]


async def folded(view: RedisView, decisions: list[tuple[int, Decision]]) -> tuple[str | None, str]:
    """Fold one by one; answers whom the identity names, and the digest."""
    at = dict.fromkeys(range(3), 0)
    for partition, decision in decisions:
        await view.fold(partition, [decision], at[partition], at[partition] + 1)
        at[partition] += 1
    return await view.ticket_of(NAME), await digest(view)


async def test_an_identity_names_the_open_ticket_in_whatever_order_partitions_are_read(settings: Settings) -> None:
    """Referred twice: after each order of three partitions the open one is named, and the views are the same."""
    view, found = RedisView(settings), set()
    try:
        for order in itertools.permutations(range(3)):
            await view.drop()
            found.add(await folded(view, sorted(REFERRED_TWICE, key=lambda one: order.index(one[0]))))
        assert len(found) == 1
        assert found.pop()[0] == "c-20260302-1"
    finally:
        await view.drop()
        await view.close()


async def test_identities_end_with_their_tickets(settings: Settings) -> None:
    """Once the last ticket of it is forgotten nothing is left of an identity; until then the newest names it."""
    view = RedisView(settings)
    try:
        done = [*REFERRED_TWICE, said("c", 2, Status.CLOSED, 2)]
        assert (await folded(view, done))[0] == "c-20260302-1"
        await view.fold(2, [said("c", 3, None)[1]], 2, 3)
        assert await view.ticket_of(NAME) == "b-20260302-1"
        await view.fold(0, [said("a", 3, None)[1]], 2, 3)
        await view.fold(1, [said("b", 3, None)[1]], 2, 3)
        assert [name async for batch in names(view) for name in batch] == []
    finally:
        await view.drop()
        await view.close()


async def test_every_key_that_the_script_writes_is_declared_and_lies_in_one_slot(settings: Settings) -> None:
    """In a cluster a script may touch what it was told of, and that in one slot."""
    view, declared = RedisView(settings), set[str]()
    script = view._fold

    async def watched(keys: list[str | bytes], args: list[Any]) -> Any:
        declared.update(key.decode() if isinstance(key, bytes) else key for key in keys)
        return await script(keys=keys, args=args)

    view._fold = watched  # type: ignore[assignment]
    try:
        await folded(view, REFERRED_TWICE)
        written = {key async for key in view.redis.scan_iter("*") if settings.prefix in key}
        assert written
        assert written <= declared
        assert {key[key.index("{") : key.index("}")] for key in declared} == {f"{{{settings.prefix}views"}
    finally:
        await view.drop()
        await view.close()


async def test_the_view_of_an_older_engine_is_taken_away(settings: Settings) -> None:
    """It stands under other keys, which nobody reads any more."""
    view = RedisView(settings)
    try:
        await view.redis.hset(f"{settings.prefix}view:positions", "0", "7")
        await view.redis.hset(f"{settings.prefix}view:ids", NAME, "x")
        await view.fit()
        assert not [key async for key in view.redis.scan_iter(f"{settings.prefix}*")]
    finally:
        await view.close()


def records_of_all(log: MemoryLog) -> list[Record]:
    """The decisions on a log, as a fetch brings them."""
    return [
        fetched(DECISIONS.name, one.offset, one.key, one.value, appended_ms=one.timestamp, at=0)
        for one in log.all(DECISIONS.name, 0)
    ]


async def test_a_view_of_another_log_is_not_gone_on_with(settings: Settings) -> None:
    """The broker came back with an older copy and was written on: where the view stands are other decisions, and those
    before were never folded. What is the same, or has aged away, is no fault."""
    log = MemoryLog(lambda: int(time.time() * 1000), settings.prefix)
    log.create(DECISIONS.name, 1)
    slot, projector = f"{DECISIONS.name}:0", Projector(settings, StageMetrics("projector"), log)

    async def fold(count: int) -> None:
        at = (await projector.positions(slot))[slot]
        for _ in range(count):
            log.append(DECISIONS.name, 0, codec.encode(said("a", at + 1, Status.OFFERED)[1]))
        await projector.apply(slot, records_of_all(log)[at:], {slot: at + count})

    try:
        await fold(3)
        await fold(2)
        assert (await projector.positions(slot))[slot] == 5
        log.delete_before(DECISIONS.name, 0, 5)
        assert (await projector.positions(slot))[slot] == 5
        log.create(DECISIONS.name, 1)
        for n in range(9):
            await asyncio.sleep(0.002)
            log.append(DECISIONS.name, 0, codec.encode(said("a", n + 1, Status.OFFERED)[1]))
        with pytest.raises(PositionOutOfRange, match="another log.*project --rebuild"):
            await projector.positions(slot)
        await projector.view.drop()
        assert (await projector.positions(slot))[slot] == 0
    finally:
        await projector.view.drop()
        await projector.close()


async def test_a_redis_that_throws_rows_away_keeps_no_view_until_that_is_mended(settings: Settings) -> None:
    """With a bound and ``allkeys-*`` a ticket would vanish from its queue unsaid; the words name the mend, and no
    process has to be started anew after it."""
    view = RedisView(settings)
    try:
        await view.redis.config_set("maxmemory-policy", "allkeys-lru")
        await view.fit()  # without a bound nothing is thrown away
        await view.redis.config_set("maxmemory", "64mb")
        with pytest.raises(DependencyDown, match="allkeys-lru.*noeviction"):
            await view.fit()
        with pytest.raises(DependencyDown, match="noeviction"):
            doctor._redis(settings)
        await view.redis.config_set("maxmemory-policy", "noeviction")
        await view.fit()
        doctor._redis(settings)
    finally:
        await view.redis.config_set("maxmemory", "0")
        await view.redis.config_set("maxmemory-policy", "noeviction")
        await view.close()


async def test_figures_of_the_view_count_what_the_screen_colours(settings: Settings) -> None:
    """By tier and department: ok, at risk within the hour, overdue, with the time since the oldest became so; with
    Redis away they are gone."""
    view, now = RedisView(settings), 10_000_000_000
    tickets = {
        "1": (now + 7_200_000, False),
        "2": (now + 60_000, False),
        "3": (now + 60_000, True),
        "4": (now + 7_200_000, True),
        "5": (now - 5, False),
    }

    metrics = StageMetrics("projector")
    figures = ViewFigures(settings, EngineClock(now, int(time.time() * 1000), 1), metrics)
    try:
        await view.fold(
            0, [handled_of(name, 1, due, late, now - 500_000) for name, (due, late) in tickets.items()], 0, 1
        )
        await view.fold(
            0, [handled_of("3", 2, now + 60_000, True, now), handled_of("4", 2, now + 120_000, False, now)], 1, 2
        )
        figures.look()
        found = {key: value for key, value in metrics.gauges.items() if key[0] != "build_info"}
        for gauge, who in (("tier_tickets", "grid"), ("department_tickets", "water")):
            bands = {key[1][1]: value for key, value in found.items() if key[0] == gauge and key[1][0] == who}
            assert bands == {"ok": 1, "at_risk": 2, "overdue": 2}, gauge
        assert found["overdue_tickets", ()] == 1
        # since it became so, not since it was written last
        assert found["oldest_overdue_seconds", ()] == pytest.approx(500, abs=30)
        assert (await view.counts()).keys() == {"grid:a", "overdue", "tier:grid", "dept:water"}
        away = ViewFigures(
            settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}), EngineClock(now, 0, 1), metrics
        )
        away.look()
        assert {key[0] for key in metrics.gauges} == {"build_info"}
    finally:
        await view.drop()
        await view.close()


async def test_the_views_memory_is_flat_once_tickets_are_forgotten(redis_url: str) -> None:
    """The long run in small: rows, queues and ids of forgotten tickets have an end, and so has their memory."""
    from tests.bench.identities import WINDOW, redis_days

    days = await redis_days(redis_url, 40, WINDOW + 15)
    assert [day.remembered for day in days[:2]] == [40, 80]
    assert {day.remembered for day in days[WINDOW:]} == {40 * WINDOW}
    grown = days[WINDOW - 1].bytes - days[0].bytes
    assert abs(days[-1].bytes - days[WINDOW + 1].bytes) < 0.2 * grown
