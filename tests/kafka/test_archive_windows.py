"""A search goes back through the archive no further than it must."""

from typing import Any

from sqlalchemy import event

from engine.archive.fold import sure
from engine.archive.search import Asked, search, written_cursor
from engine.archive.store import Archive
from tests.kafka.test_archive_tables import DAY, LAWS, made, told
from tests.kafka.test_archive_tables import archive as archive


async def test_older_weeks_are_looked_at_only_while_a_page_is_not_full(archive: Archive) -> None:
    """Whatever the looks, a search finds what one question to all of it would, and stops where its page is full."""
    at = told()[0].decision.at
    days = [0, 3, 29, 33, 90, 160, 161, 300, 380, 385, 390]
    reads = [made(f"east-{n}", "路灯不亮", at + day * DAY) for n, day in enumerate(days)]
    await archive.write(0, reads, LAWS, 0, 1)
    looks = list[str]()

    def look(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        looks.append(statement)

    event.listen(archive.engine.sync_engine, "before_cursor_execute", look)
    async with archive.engine.connect() as connection:
        assert await archive.newest.of(connection) == sure(at + 390 * DAY)
    for limit, most in ((2, 1), (3, 2), (4, 3), (11, 3)):
        looks.clear()
        page = await search(archive, Asked(words="路灯"), limit=limit)
        assert sum("words" in one for one in looks) == most
        seen = [row["id"] for row in page.rows]
        while page.cursor is not None:
            page = await search(archive, Asked(words="路灯"), limit=limit, cursor=page.cursor)
            seen += [row["id"] for row in page.rows]
        assert seen == [f"east-{n}" for n in reversed(range(len(days)))]
    for since, until, found in ((20, 999, 9), (-9, 100, 5), (-9, 1, 1), (385, 391, 2)):
        asked = Asked(words="路灯", since=at + since * DAY, until=at + until * DAY)
        assert len((await search(archive, asked)).rows) == found
    first = written_cursor(-62_135_596_800_000, "east")
    assert (await search(archive, Asked(words="路灯"), cursor=first)).rows == []  # before it there is no month
