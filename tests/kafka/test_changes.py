"""The stream of changes on a real Valkey: it and the queues never disagree, and a cursor that is void is told so."""

import random
from typing import Any

import pytest

from engine.settings import Settings
from engine.views import redis_view
from engine.views.changes import changes_since, cursor_now
from engine.views.comparison import held, names
from engine.views.from_state import overdue_since
from engine.views.lists import rows_of
from engine.views.redis_view import RedisView
from engine.views.rows import row_of
from tests.support.city import City
from topics.codec import encode


@pytest.fixture
def settings(redis_url: str, request: pytest.FixtureRequest) -> Settings:
    """A prefix of its own; no broker is asked."""
    return Settings(redis_url=redis_url, prefix=f"{request.node.name[:20]}.")


def told() -> City:
    """Tickets that are worked, go up, are asked about and end."""
    city = City()
    for n in range(4):
        city.report(f"T{n}", home=("east", "west", "hill")[n % 3], leaf=("east1", "west1", "hill1")[n % 3])
    city.work("T0")
    city.work("T1", "start")
    city.ask("send_back", "T1", city.holder("T1"), reason="not ours")
    city.ask("accept", "T2", city.holder("T2"))
    city.at("18:00", 2)
    return city


async def fold(view: RedisView, city: City, cuts: random.Random) -> None:
    """Fold the whole story, cut into batches anyhow."""
    at = 0
    while at < len(city.decisions):
        n = cuts.randint(1, 9)
        await view.fold(0, city.decisions[at : at + n], at, min(at + n, len(city.decisions)))
        at = min(at + n, len(city.decisions))


async def test_a_reader_of_changes_has_what_the_queues_have(settings: Settings) -> None:
    """Rows and queues put together from the stream alone are those of the view; each version came once."""
    city = told()
    view = RedisView(settings, laws=city.laws)
    rows: dict[str, dict[str, Any]] = {}
    queues: dict[str, set[str]] = {}
    seen: list[tuple[str, int]] = []
    try:
        await view.write(0, [], 0, 0)
        cursor = await cursor_now(view)
        await fold(view, city, random.Random(4))
        while (found := await changes_since(view, cursor, most=7)).changes:
            assert not found.is_void
            cursor = found.cursor
            for change in found.changes:
                seen.append((change.id, change.version))
                rows |= {change.id: change.row} if change.row is not None else {}
                for name in change.left:
                    queues[name].remove(change.id)
                for name in change.entered:
                    queues.setdefault(name, set()).add(change.id)
        assert len(seen) == len(set(seen)) > 8
        content = await held(view, [name async for batch in names(view) for name in batch])
        view_queues = {
            key.removeprefix("q:"): {name for name, _ in entries}
            for key, entries in content.items()
            if key.startswith("q:") and not key.startswith("q:late:")
        }
        assert {name: ids for name, ids in queues.items() if ids} == view_queues
        assert {"street:north", "due", "overdue", "person:" + city["T3"].person} <= set(view_queues)
        for name, row in rows.items():
            assert await view.row(name) == row
    finally:
        await view.drop()
        await view.close()


async def test_what_was_folded_before_leaves_no_second_entry(settings: Settings) -> None:
    """An entry once per version: a state that holds no more than the view tells nothing."""
    city = told()
    view = RedisView(settings, laws=city.laws)
    try:
        await fold(view, city, random.Random(5))
        cursor = await cursor_now(view)
        rows = [
            row_of(name, ticket.version, encode(ticket), overdue_since(ticket), None, city.laws)
            for name, ticket in ((name, city[name]) for name in ("T0", "T1", "T2", "T3"))
        ]  # fmt: skip
        rows = [row._replace(id=city[name].id) for row, name in zip(rows, ("T0", "T1", "T2", "T3"), strict=True)]
        end = len(city.decisions)
        await view.write(0, rows, end, end)
        assert (await changes_since(view, cursor)).changes == []
    finally:
        await view.drop()
        await view.close()


async def test_a_cursor_of_before_a_rebuild_or_beyond_what_is_kept_is_void(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emptied, made anew in place, or trimmed: the reader is told, and goes on from where the queues stand."""
    city = told()
    view = RedisView(settings, laws=city.laws)
    try:
        nothing = await cursor_now(view)
        await fold(view, city, random.Random(6))
        assert (await changes_since(view, nothing)).is_void
        before = await cursor_now(view)
        await view.drop()
        await fold(view, city, random.Random(6))
        emptied = await changes_since(view, before)
        assert emptied.is_void and not (await changes_since(view, emptied.cursor)).is_void
        await view.begin_generation()
        assert (await changes_since(view, emptied.cursor)).is_void
        monkeypatch.setattr(redis_view, "CHANGES", 1)
        await view.drop()
        await view.write(0, [], 0, 0)
        early = await cursor_now(view)
        for n in range(300):  # a stream is trimmed by whole pieces of 100
            city.ask("note", "T3", "desk:desk-1", text=f"n{n}")
        await fold(view, city, random.Random(7))
        assert (await changes_since(view, early)).is_void
        for junk in ("", "x", "/", "1/2/3", f"{early.partition('/')[0]}/junk"):
            assert (await changes_since(view, junk)).is_void
    finally:
        await view.drop()
        await view.close()


async def test_queues_that_time_alone_fills_are_read_up_to_now(settings: Settings) -> None:
    """Before its deadline at risk, after it overdue, taken and not begun: no event came, and none is looked through."""
    city = City()
    city.report("T")
    city.ask("accept", "T", city.holder("T"))
    view, law = RedisView(settings, laws=city.laws), next(iter(city.laws.values()))
    try:
        await fold(view, city, random.Random(8))
        due, name = city["T"].deadline_at or 0, city["T"].id

        async def of(queue: str, now: int) -> list[str]:
            return [row["id"] for row in await rows_of(view, law, queue, 10, now)]

        assert await of("at_risk", due - 3_600_001) == [] and await of("at_risk", due - 60_000) == [name]
        assert (
            await of("at_risk", due) == [] and await of("overdue", due) == [name] and await of("overdue", due - 1) == []
        )
        assert await of("not_begun", city.now) == [] and await of("not_begun", city.now + 7_200_000) == [name]
        assert await of("street:north", city.now) == [name] and await of("exhausted", due) == []
        assert not {"due", "not_begun"} & (await view.counts()).keys() and "street:north" in await view.counts()
    finally:
        await view.drop()
        await view.close()


async def test_a_row_says_what_an_operator_needs(settings: Settings) -> None:
    """Labels in both languages, street, whether the reporter can be reached, children with their clocks, the next rung
    and what it will do; nothing of the reporter."""
    city = City()
    city.report("T", can_reach_reporter=True, token="tok-1")
    city.ask("whistle", "T", "principal:north-principal", departments=("urban",), case="emergency")
    ticket = city["T"]
    row = row_of(ticket.id, ticket.version, encode(ticket), city.now, None, city.laws)
    view = RedisView(settings)
    try:
        await view.write(0, [row], 0, 1)
        found = await view.row(ticket.id) or {}
    finally:
        await view.drop()
        await view.close()
    assert found["street"] == "north" and found["can_reach_reporter"] is True
    assert set(found["labels"]) >= {"category", "street", "home", "leaf"} and len(found["labels"]["street"]) == 2
    assert found["next"]["at"] == ticket.next_due_at and found["next"]["does"] in ("move_up", "remind")
    assert "tok-1" not in str(found)
    assert found["child_clocks"][0]["deadline_at"] == ticket.children[0].deadline_at
