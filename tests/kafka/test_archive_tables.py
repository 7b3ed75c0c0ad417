"""The archive on a real PostgreSQL: what is folded, found, dropped and made anew."""

import itertools
import random
import uuid
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from engine.archive.fold import Read, instant, sure
from engine.archive.search import Asked, search, statement
from engine.archive.store import Archive, PositionMoved
from engine.archive.tables import METADATA
from engine.errors import InvalidSettings, StateFromNewer
from engine.settings import Settings
from rules.law.compiled import Law
from tests.support.busy_days import busy_days
from tests.support.town import ref_of, town
from topics.codec import decode, encode
from topics.decision import Change, Decision
from topics.ids import DecisionId, HomeCode
from topics.pack import PackBundle
from topics.ticket import Ticket
from topics.ticket_words import TicketTask
from topics.vocabulary import Status

DAY = 86_400_000
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
REF = ref_of(town())
LAWS = {REF: Law(REF, decode(encode(town()), PackBundle))}


@cache
def told() -> tuple[Read, ...]:
    """Two days of a town as its log has them."""
    entries = busy_days(7, 40, 48).entries["tickets.decisions"]
    return tuple(
        Read(partition=0, position=n, value=entry.value or b"", decision=decode(entry.value or b"", Decision))
        for n, entry in enumerate(entries)
    )


@pytest.fixture
async def archive(database_url: str) -> AsyncIterator[Archive]:
    """One of its own."""
    settings = Settings(database_url=database_url, prefix=f"t{uuid.uuid4().hex[:8]}.")
    found = Archive(settings)
    await found.fit()
    try:
        yield found
    finally:
        await found.drop()
        await found.close()


async def fold_all(archive: Archive, reads: tuple[Read, ...], cuts: random.Random) -> None:
    """Fold everything, cut into batches anyhow."""
    at = 0
    while at < len(reads):
        n = cuts.randint(1, 60)
        await archive.write(0, reads[at : at + n], LAWS, at, min(at + n, len(reads)))
        at = min(at + n, len(reads))


def made(name: str, words: str, at: int, **fields: Any) -> Read:
    """A decision that left one ticket with these words."""
    image: dict[str, Any] = {"category": "bins", "leaf": "east-1", "address": None} | fields
    ticket = Ticket(
        id=name, version=1, identity=f"app:{name}", home=image.pop("home", "east"),
        status=Status(image.pop("status", "offered")), received_at=at, occurred_at=at, pack=REF, channel="app",
        person=image.pop("person", "residents-1"), duty="residents", task=TicketTask.ACCEPT, text=words, **image,
    )  # fmt: skip
    decision = Decision(
        id=DecisionId(f"incidents:0:{name}"), at=at, cause="incident", reason="reported", home=HomeCode(ticket.home),
        ticket=name,
        changes=(Change(name, 1, msgspec.Raw(encode(ticket))),),
    )  # fmt: skip
    return Read(partition=0, position=0, value=encode(decision), decision=decision)


async def test_the_migrations_make_the_tables_that_the_code_knows(archive: Archive) -> None:
    """Column by column and index by index; parts of months are none of ours to compare."""
    async with archive.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), METADATA)
        )
    assert [one for one in differences if one[0] != "remove_table"] == []


async def test_batches_do_not_show_and_what_comes_twice_counts_once(archive: Archive, database_url: str) -> None:
    """However the log is cut, and whatever of it is folded a second time: one digest."""
    await fold_all(archive, told(), random.Random(1))
    first, counts = await archive.digest(), await archive.counts()
    assert counts["decisions"] == len({read.decision.id for read in told()}) > 300
    assert counts["tickets"] == len({change.ticket for read in told() for change in read.decision.changes}) >= 40
    assert counts["breaches"] > 10
    end = len(told())
    assert await archive.write(0, told(), LAWS, end, end + 1) == 0
    assert await archive.digest() == first
    other = Archive(Settings(database_url=database_url, prefix="again" + uuid.uuid4().hex[:6] + "."))
    await other.fit()
    try:
        await fold_all(other, told(), random.Random(2))
        assert await other.digest() == first
        await other.write(0, [made("east-20260302-999", "one more", told()[-1].decision.at)], LAWS, end, end + 1)
        assert await other.digest() != first
    finally:
        await other.drop()
        await other.close()


async def test_a_position_that_moved_leaves_nothing_behind(archive: Archive) -> None:
    """Whoever was fenced off writes nothing: rows and position come together or not at all."""
    await archive.write(0, told()[:5], LAWS, 0, 5)
    before = await archive.digest()
    with pytest.raises(PositionMoved):
        await archive.write(0, told()[5:9], LAWS, 4, 9)
    with pytest.raises(PositionMoved):
        await archive.write(0, told()[:5], LAWS, 0, 5)
    assert await archive.digest() == before
    assert await archive.positions() == {0: 5}


async def test_a_history_is_the_very_records_of_the_log(archive: Archive) -> None:
    """Byte by byte, in order, for each ticket; with the roster's changes where they are asked for."""
    await fold_all(archive, told(), random.Random(3))
    for name in sorted({change.ticket for read in told() for change in read.decision.changes}):
        mine = [
            read.value for read in told()
            if read.decision.ticket == name or any(change.ticket == name for change in read.decision.changes)
        ]  # fmt: skip
        assert await archive.history(name) == mine
        last = next(c.after for r in reversed(told()) for c in r.decision.changes if c.ticket == name and c.after)
        assert decode(await archive.image(name) or b"", Ticket) == decode(bytes(last), Ticket)
    duties = [read.value for read in told() if read.decision.reason == "duty_set"]
    assert duties and await archive.history("nobody-20260302-1", rosters_of=0) == duties
    assert await archive.history("nobody-20260302-1") == []


async def test_what_is_forgotten_stays_in_the_archive(archive: Archive) -> None:
    """Its state is dropped after 35 days, its image here stays."""
    read = made("east-20260302-1", "井盖松动", sure_at := told()[0].decision.at)
    gone = Decision(
        id=DecisionId("clock:x"), at=sure_at + 35 * DAY, cause="clock", reason="forgotten", home=HomeCode("east"),
        ticket="east-20260302-1",
        changes=(Change("east-20260302-1", 2),),
    )  # fmt: skip
    await archive.write(0, [read, Read(partition=0, position=1, value=encode(gone), decision=gone)], LAWS, 0, 2)
    assert decode(await archive.image("east-20260302-1") or b"", Ticket).text == "井盖松动"
    assert len(await archive.history("east-20260302-1")) == 2


async def test_old_months_are_dropped_whole_and_open_tickets_stay(archive: Archive) -> None:
    """Retention is a drop of parts; a ticket that is still open, or was changed since, keeps its month."""
    at = told()[0].decision.at
    ended = made("east-20260302-1", "over", at, status="closed")
    await archive.write(0, [ended], LAWS, 0, 1)
    opened = made("east-20260502-2", "still open", at + 61 * DAY)
    await archive.write(0, [opened], LAWS, 1, 2)
    late = made("east-20280302-3", "much later", at + 900 * DAY)
    await archive.write(0, [late], LAWS, 2, 3)
    assert await archive.image("east-20260302-1") is None
    assert await archive.history("east-20260302-1") == []
    assert await archive.image("east-20260502-2") is not None
    assert await archive.image("east-20280302-3") is not None


async def test_an_archive_of_a_newer_engine_is_refused(archive: Archive, database_url: str) -> None:
    """Its step is named, and nothing is changed."""
    async with archive.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    other = Archive(Settings(database_url=database_url, prefix=archive.schema.removesuffix("archive")))
    with pytest.raises(StateFromNewer, match="9999"):
        await other.fit()
    await other.close()


WORDS = (
    "和平路路灯不亮",
    "和平里垃圾满溢 Bins overflowing",
    "Broken lamp, 12号楼3单元",
    "井盖松动，靠近和平路口",
    "noise at night",
)


@pytest.fixture
async def filled(archive: Archive) -> Archive:
    """A few tickets with words, a minute apart."""
    at = told()[0].decision.at
    reads = [
        made(f"east-20260302-{n}", words, at + n * 60_000, address=f"Jianguo Road {n}",
             category=("bins", "lift")[n % 2], status=("offered", "closed")[n // 3],
             person=f"residents-{n % 2 + 1}", home=("east", "west")[n % 2], leaf=("east-1", "west-1")[n % 2])
        for n, words in enumerate(WORDS)
    ]  # fmt: skip
    await archive.write(0, reads, LAWS, 0, 1)
    return archive


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (Asked(words="路灯"), [0]),
        (Asked(words="和平"), [3, 1, 0]),
        (Asked(words="和平路"), [3, 0]),
        (Asked(words="灯"), [0]),
        (Asked(words="overflow"), [1]),
        (Asked(words="OVERFLOWING　垃圾"), [1]),
        (Asked(words="12号楼"), [2]),
        (Asked(words="jianguo 3"), [3, 2]),
            (Asked(words="jianguo 4"), [4]),
        (Asked(words="路灯 noise"), []),
        (Asked(words="灯路"), []),
        (Asked(words="east-20260302-2"), [2]),
        (Asked(words="app:east-20260302-4"), [4]),
        (Asked(categories=("lift",)), [3, 1]),
        (Asked(categories=("lift", "bins"), states=("closed",)), [4, 3]),
        (Asked(states=("open",)), [2, 1, 0]),
        (Asked(place="west"), [3, 1]),
        (Asked(place="east/east-1"), [4, 2, 0]),
        (Asked(place="west/east-1"), []),
        (Asked(place="eas"), []),
        (Asked(person="residents-2", words="井盖"), [3]),
        (Asked(is_breached=True), []),
        (Asked(words="%"), []),
        (Asked(words="' | 'x"), []),
    ],
)  # fmt: skip
async def test_what_is_asked_is_found(filled: Archive, asked: Asked, numbers: list[int]) -> None:
    """Words of two characters, of one, whole and begun ones, in any width; nothing by half a code."""
    found = (await search(filled, asked)).rows
    assert [int(row["id"].rsplit("-", 1)[1]) for row in found] == numbers


async def test_pages_follow_each_other_without_a_gap(filled: Archive) -> None:
    """By the key of the last one seen, so that what comes meanwhile moves nothing."""
    seen, cursor = [], None
    for _ in range(10):
        page = await search(filled, Asked(words="Jianguo"), limit=2, cursor=cursor)
        seen += [row["id"] for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [f"east-20260302-{n}" for n in (4, 3, 2, 1, 0)]
    with pytest.raises(InvalidSettings, match="cursor"):
        await search(filled, Asked(), cursor="nonsense")


async def test_two_characters_are_looked_up_in_the_index(archive: Archive) -> None:
    """Among some thousand tickets the plan for a rare word reads the index and no table through."""
    at, numbers = told()[0].decision.at, itertools.count()
    reads = [made(f"east-20260302-{next(numbers)}", f"路灯不亮 number {n}", at + n) for n in range(1500)]
    reads += [made("east-20260302-9999", "下水道返味", at + 5000)]
    await archive.write(0, reads, LAWS, 0, 1)
    async with archive.engine.connect() as connection:
        await connection.execute(text("ANALYZE tickets"))
        for asked in (
            Asked(words="水道"),
            Asked(words="返"),
            Asked(person="nobody"),
            Asked(place="west", words="路灯"),
        ):
            query = statement(asked, 50).compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
            plan = "\n".join(
                row[0] for row in (await connection.exec_driver_sql(f"EXPLAIN {str(query).replace('%', '%%')}")).all()
            )
            assert "grams_tags_idx" in plan or "tickets_202603_grams" in plan, plan
            assert "Seq Scan on tickets_202603" not in plan, plan
    assert [row["id"] for row in (await search(archive, Asked(words="水道"))).rows] == ["east-20260302-9999"]


async def test_moments_come_back_as_they_went(archive: Archive) -> None:
    """To the millisecond, through PostgreSQL."""
    at = told()[0].decision.at + 123
    await archive.write(0, [made("east-20260302-1", "x", at)], LAWS, 0, 1)
    assert (await search(archive, Asked())).rows[0]["received_at"] == at == instant(sure(at))


async def test_characters_that_postgresql_does_not_take_stop_nothing(archive: Archive) -> None:
    """A NUL in what somebody wrote is shown as a mark in the image, and kept as it is in the record."""
    read = made("east-20260302-1", "a\0b", told()[0].decision.at)
    await archive.write(0, [read], LAWS, 0, 1)
    assert await archive.history("east-20260302-1") == [read.value]
    assert decode(await archive.image("east-20260302-1") or b"", Ticket).text == "a\ufffdb"
