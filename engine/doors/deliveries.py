"""Messages to targets as rows: what is due, what came of it, what is sent again. Nothing here knows how one is sent.

Whoever changes both takes the target's row before its deliveries, and a webhook's own before its target's: two who took
them the other way about would wait for each other.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from engine.database.schema import again_at_deadlock, answering
from engine.doors.store import Doors, has_come

LONGEST_PAUSE = 12 * 3600
"""Seconds after which a message is tried again, at most."""
LONGEST_REST = 3600
"""Seconds for which a target is left alone, at most."""
_IS_DUE = has_come("d.next_at", "now()", LONGEST_PAUSE)
_MAY_BE_ASKED = has_come("t.next_at", "now()", LONGEST_REST)


class Message(NamedTuple):
    """One to be sent."""

    id: str
    line: str
    kind: str
    body: str
    attempts: int
    tries: int


class Target(NamedTuple):
    """Whoever is sent something, and how it goes."""

    id: str
    state: str
    failures: int
    failing_since: datetime | None
    rests: bool
    """It is left alone for now."""
    now: datetime
    """By the server's clock, which all senders share."""


HEADS = f"""
    SELECT d.id, d.line, d.kind, coalesce(d.body, e.body) AS body, d.attempts, d.tries
    FROM deliveries d LEFT JOIN department_events e ON e.seq = d.seq AND e.id = d.id
    WHERE d.target = :target AND d.state = 'waiting' AND {_IS_DUE} AND d.id <> ALL(:flying)
      AND NOT EXISTS (SELECT FROM deliveries x WHERE x.target = d.target AND x.line = d.line
                      AND x.state = 'waiting' AND (x.seq, x.id) < (d.seq, d.id))
    ORDER BY d.last_at NULLS FIRST, d.seq LIMIT :most"""
"""Of each line the first that waits, where its time has come; those tried least lately first, so that one which never
arrives does not stand before all others."""

DUE = f"""
    SELECT t.id FROM targets t WHERE t.state = 'active' AND {_MAY_BE_ASKED} AND EXISTS (
        SELECT FROM deliveries d WHERE d.target = t.id AND d.state = 'waiting' AND {_IS_DUE})
    ORDER BY t.next_at LIMIT :most"""

TARGET = f"""
    SELECT id, state, failures, failing_since, NOT {_MAY_BE_ASKED} AS rests, now() AS now FROM targets t
    WHERE id = :id"""

FIGURES = """
    SELECT (SELECT count(*) FROM deliveries WHERE state = 'waiting') AS waiting,
        (SELECT count(*) FROM targets WHERE why = 'failing'
            OR (state = 'active' AND failing_since < now() - :long * interval '1 second')) AS failing"""

SENT = """
    UPDATE deliveries SET state = 'sent', attempts = attempts + 1, last_at = now(), status = :status, answer = :answer
    WHERE target = :target AND id = :id AND state = 'waiting'"""

FAILED = """
    UPDATE deliveries SET state = :state, attempts = attempts + 1, tries = tries + :counts, last_at = now(),
        next_at = now() + :pause * interval '1 second', status = :status, answer = :answer
    WHERE target = :target AND id = :id AND state = 'waiting'"""


class Deliveries:
    """The rows of one stack."""

    def __init__(self, doors: Doors) -> None:
        """Stand on its connections."""
        self.doors = doors

    async def due(self, most: int) -> list[str]:
        """Name targets that something can be sent to now."""
        async with answering(), self.doors.asking.connect() as connection:
            return list((await connection.execute(text(DUE), {"most": most})).scalars())

    async def heads(self, target: str, flying: Collection[str], most: int) -> list[Message]:
        """Give what may be sent to a target now, beside what is under way."""
        given = {"target": target, "flying": list(flying), "most": most}
        async with answering(), self.doors.engine.connect() as connection:
            found = await connection.execute(text(HEADS), given)
            return [Message(**row._mapping) for row in found]

    async def target(self, name: str) -> Target | None:
        """Tell how it goes with one."""
        async with answering(), self.doors.engine.connect() as connection:
            row = (await connection.execute(text(TARGET), {"id": name})).first()
            return None if row is None else Target(**row._mapping)

    @again_at_deadlock
    async def sent(self, target: str, name: str, status: int | None, answer: str) -> None:
        """Note that one has arrived, and that its target takes what comes."""
        async with answering(), self.doors.engine.begin() as connection:
            given = {"target": target, "id": name, "status": status, "answer": answer}
            await connection.execute(
                text(
                    "UPDATE targets SET failures = 0, failing_since = NULL, next_at = now(),"
                    " why = CASE WHEN state = 'active' THEN '' ELSE why END WHERE id = :id AND failures > 0"
                ),
                {"id": target},
            )
            await connection.execute(text(SENT), given)

    @again_at_deadlock
    async def failed(self, target: str, name: str, answer: "tuple[int | None, str]", then: "Then") -> None:
        """Note that one has not arrived, and what follows for it and for its target."""
        row: dict[str, Any] = {"target": target, "id": name, "status": answer[0], "answer": answer[1]}
        row |= {"state": "given_up" if then.gives_up else "waiting", "counts": int(then.counts), "pause": then.pause}
        async with answering(), self.doors.engine.begin() as connection:
            await connection.execute(
                text(
                    "UPDATE targets SET failures = failures + 1, failing_since = least(failing_since, now()),"
                    " next_at = now() + :rest * interval '1 second',"
                    " state = CASE WHEN state = 'active' THEN :state ELSE state END,"
                    " why = CASE WHEN state = 'active' THEN :why ELSE why END WHERE id = :id"
                ),
                {"id": target, "rest": then.rest, "state": then.state, "why": then.why},
            )
            await connection.execute(text(FAILED), row)

    async def figures(self, long_seconds: float) -> dict[str, int]:
        """Count what waits, and the targets that have failed for long."""
        async with answering(), self.doors.engine.connect() as connection:
            row = (await connection.execute(text(FIGURES), {"long": long_seconds})).one()
            return dict(row._mapping)

    async def log(
        self, target: str, state: str | None = None, before: tuple[int, str] | None = None, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Tell what was sent to a target and what came of it, the latest first."""
        asked = (
            "SELECT id, seq, line, kind, state, attempts, made_at, next_at, last_at, status, answer FROM deliveries"
            " WHERE target = :target AND (CAST(:state AS text) IS NULL OR state = :state)"
            " AND (CAST(:seq AS bigint) IS NULL OR (seq, id) < (:seq, CAST(:id AS text)))"
            " ORDER BY seq DESC, id DESC LIMIT :limit"
        )
        seq, name = before or (None, None)
        given = {"target": target, "state": state, "seq": seq, "id": name, "limit": limit}
        async with answering(), self.doors.engine.connect() as connection:
            return [dict(row._mapping) for row in await connection.execute(text(asked), given)]

    @again_at_deadlock
    async def again(self, target: str, name: str | None = None) -> int:
        """Let one be sent again, or all that were given up or wait for their time; answers how many."""
        which = "id = :id" if name is not None else "state <> 'sent'"
        asked = (
            f"UPDATE deliveries SET state = 'waiting', next_at = now(), tries = 0 WHERE target = :target AND {which}"
        )
        async with answering(), self.doors.engine.begin() as connection:
            await connection.execute(text("UPDATE targets SET next_at = now() WHERE id = :id"), {"id": target})
            done = await connection.execute(text(asked), {"target": target, "id": name})
            return done.rowcount


class Then(NamedTuple):
    """What follows when one has not arrived."""

    pause: float
    """Seconds until this one is tried again."""
    rest: float
    """Seconds until anything is sent to its target again."""
    counts: bool
    """Whether it may lie in the message: its target took others."""
    gives_up: bool = False
    state: str = "active"
    why: str = ""
