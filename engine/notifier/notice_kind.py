"""Notices to people as targets of the sending loop: what waits for one recipient becomes one message, held in their
quiet hours and no oftener than they want."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import text

from engine.database.schema import again_at_deadlock, answering
from engine.doors.store import Doors
from engine.notifier.address_book import Books, Person
from engine.notifier.http import Poster
from engine.notifier.notice_words import text as worded
from engine.notifier.port import Sender
from engine.notifier.ways import way_to

log = logging.getLogger(__name__)

KIND = "notice:"
GATHER_SECONDS = 10.0
"""What is not urgent waits so long for more that goes with it."""
URGENT_SECONDS = 5.0
"""Between two messages to one, however urgent."""
MOST_ITEMS = 20
RECIPIENTS = 200
"""In one round."""

WAITING = """
    SELECT n.recipient, n.age, n.is_urgent, n.zone, d.since, c.now, n.seq FROM (
        SELECT recipient, extract(epoch FROM now() - min(made_at))::float AS age, bool_or(is_urgent) AS is_urgent,
            min(zone) AS zone, min(seq) AS seq
        FROM notices WHERE message IS NULL GROUP BY recipient
        ORDER BY bool_or(is_urgent) DESC, min(seq) > :after DESC, min(seq) LIMIT :most) n
    LEFT JOIN LATERAL (
        SELECT extract(epoch FROM now() - made_at)::float AS since FROM deliveries
        WHERE target = 'notice:' || n.recipient ORDER BY seq DESC LIMIT 1) d ON true
    CROSS JOIN (SELECT at + greatest(now() - made_at, interval '0') AS now FROM notices ORDER BY seq DESC LIMIT 1) c
    ORDER BY n.is_urgent DESC, n.seq > :after DESC, n.seq"""
"""Who waits for something, what is urgent first, then in turns: at night hundreds wait for their morning, and nobody
may have to wait behind them. How long, when they were last told something, and engine time as the newest notice has it
(the wall's pace from there on: a clock that runs faster is later, never earlier)."""

TAKE = """
    SELECT seq, body FROM notices WHERE recipient = :recipient AND message IS NULL AND (is_urgent OR NOT :urgent)
    ORDER BY seq LIMIT :most FOR UPDATE SKIP LOCKED"""


ANEW = """
    UPDATE targets SET state = 'active', why = '', failures = 0, failing_since = NULL, next_at = now()
    WHERE id LIKE 'notice:%' AND (state <> 'active' OR failures > 0)"""


class Waits(NamedTuple):
    """One recipient for whom something waits."""

    recipient: str
    age: float
    is_urgent: bool
    zone: str
    since: float | None
    """Seconds since the last message; ``None``: there was none."""
    now: datetime
    seq: int
    """Of the first that waits."""


class NoticeKind:
    """Notices, for the sending loop."""

    prefix = KIND

    def __init__(
        self,
        doors: Doors,
        books: Books,
        folder: Path,
        *,
        poster: Poster,
        gather: float = GATHER_SECONDS,
        alarm: Callable[[str], None] = lambda kind: None,
    ):
        """``folder`` is where mailboxes are."""
        self._alarm = alarm
        self._doors, self._books, self._folder, self._poster = doors, books, folder, poster
        self._gather, self._said, self._version = gather, "", 0
        self._after = 0
        """Up to where those were looked at for whom something waits, where they are more than one round takes."""

    async def spread(self) -> int:
        """Make one message of all that waits for each recipient whose time it is; answers 0: nobody asks for more."""
        book = self._books.look()
        if self._version != self._books.version:
            self._version = self._books.version
            await self._begin_anew()
        if self._books.fault != self._said:
            self._said = self._books.fault
            if self._said:
                self._alarm("address_book")
                log.error("the one before holds: %s", self._said)
            else:
                log.info("the address book is read")
        async with answering(), self._doors.asking.connect() as connection:
            given = {"most": RECIPIENTS, "after": self._after}
            found = [Waits(**row._mapping) for row in await connection.execute(text(WAITING), given)]
        self._after = found[-1].seq if len(found) == RECIPIENTS else 0
        for one in found:
            person = book.of(one.recipient)
            is_quiet = person.is_quiet(one.now.astimezone(ZoneInfo(one.zone)))
            if self._is_time(one, person, is_quiet):
                await self._gathered(one, person, is_quiet)
        return 0

    @again_at_deadlock
    async def _begin_anew(self) -> None:
        """Try everybody again of whom one had given up: the address book is another, or the notifier was started."""
        async with answering(), self._doors.engine.begin() as connection:
            await connection.execute(text(ANEW))

    def _is_time(self, one: Waits, person: Person, is_quiet: bool) -> bool:
        between = min(URGENT_SECONDS, person.every_seconds) if one.is_urgent else person.every_seconds
        if one.since is not None and 0 <= one.since < between:
            return False
        return one.is_urgent or (not is_quiet and not 0 <= one.age < self._gather)

    @again_at_deadlock
    async def _gathered(self, one: Waits, person: Person, is_quiet: bool) -> None:
        """Write one message; its id is that of its last item, so that nothing goes into two."""
        async with answering(), self._doors.engine.begin() as connection:
            asked = {"recipient": one.recipient, "urgent": is_quiet, "most": MOST_ITEMS}
            rows = (await connection.execute(text(TAKE), asked)).all()
            if not rows:
                return
            items: list[dict[str, Any]] = [msgspec.json.decode(row.body) for row in rows]
            name, target, seq = f"{KIND}{one.recipient}:{rows[-1].seq}", KIND + one.recipient, rows[-1].seq
            body = {
                "id": name,
                "recipient": one.recipient,
                "text": worded(items, one.zone, person.language),
                "items": items,
            }
            given = {"id": name, "target": target, "seq": seq, "body": msgspec.json.encode(body).decode()}
            await connection.execute(text("INSERT INTO targets (id) VALUES (:target) ON CONFLICT DO NOTHING"), given)
            await connection.execute(
                text(
                    "INSERT INTO deliveries (target, id, seq, line, kind, body)"
                    " VALUES (:target, :id, :seq, '', 'notice', :body)"
                ),
                given,
            )
            await connection.execute(
                text("UPDATE notices SET message = :id WHERE seq = ANY(:seqs)"),
                {"id": name, "seqs": [row.seq for row in rows]},
            )

    async def open(self, target: str) -> Sender | None:
        """Find the way to a recipient, as the address book has it now."""
        recipient, book = target.removeprefix(KIND), self._books.look()
        return way_to(book, recipient, book.of(recipient), folder=self._folder, poster=self._poster)

    async def close(self) -> None:
        """Let the connections go."""
        await self._poster.close()
