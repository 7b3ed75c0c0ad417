"""What departments were told goes with its age: bounded pieces, so that nobody waits."""

from sqlalchemy import text

from engine.database.schema import again_at_deadlock, answering
from engine.doors.outbox import DROP
from engine.doors.store import Doors

AT_ONCE = 5_000
OWN_DAYS = 30
"""Messages that are no event of the log, tests and notices, are kept so long once they are through."""

FLOOR = """
    UPDATE kept SET since = greatest(since, newest.at - :days * interval '1 day')
    FROM (SELECT max(at) AS at FROM department_events) AS newest WHERE newest.at IS NOT NULL"""

EVENTS = """
    WITH gone AS (
        DELETE FROM department_events WHERE seq IN (
            SELECT seq FROM department_events WHERE at < (SELECT since FROM kept) LIMIT :most) RETURNING seq),
    messages AS (DELETE FROM deliveries d USING gone WHERE d.seq = gone.seq AND d.body IS NULL),
    handed_out AS (DELETE FROM leases l USING gone WHERE l.seq = gone.seq)
    SELECT count(*) FROM gone"""
"""In one statement: a message whose event has gone before it has no body, and holds its ticket's others up."""

BODILESS = """
    DELETE FROM deliveries d WHERE d.state = 'waiting' AND d.body IS NULL
        AND NOT EXISTS (SELECT FROM department_events e WHERE e.seq = d.seq AND e.id = d.id)"""
"""Such a one can come of a database that was put together of two, and of engines up to 0.3."""

DELIVERIES = """
    DELETE FROM deliveries WHERE body IS NOT NULL
        AND (CASE WHEN state = 'waiting' THEN made_at ELSE coalesce(last_at, made_at) END)
            < now() - :days * interval '1 day'"""
"""Also one that waits: for whoever could not be told in a month it is no news."""

NOTICES = "DELETE FROM notices WHERE made_at < now() - :days * interval '1 day'"
SECRETS = "DELETE FROM webhook_secrets WHERE until <= now()"
PHOTOS = """
    DELETE FROM photos
    WHERE made_at < now() - CASE WHEN named THEN :days ELSE :unnamed_days END * interval '1 day'"""
UNNAMED_DAYS = 2
"""A picture that was sent and that no command named: whoever took it thought better of it."""
HANDOVERS = "DELETE FROM handovers WHERE ended_at < now() - :days * interval '1 day'"
HANDOVER_DAYS = 400
"""A year of shifts and some weeks. One that nobody has acknowledged stays."""

RULES = {
    "department_events": "as long as the archive keeps decisions, by engine time (ARCHIVE_DAYS)",
    "kept": "one row",
    "deliveries": "with their event; what is no event of the log OWN_DAYS after it was made or sent",
    "leases": "with their event, or when they are acknowledged; at most leases.MOST_OPEN of a reader",
    "readers": "until dropped; at most pull.MOST_READERS of a department",
    "webhooks": "until deleted; at most webhooks.MOST of a department",
    "webhook_secrets": "the newest with its webhook, a former one until its overlap is over",
    "targets": "one for each webhook, with it, and one for each person and source that was ever told",
    "notices": "OWN_DAYS",
    "photos": "as long as the archive keeps decisions (ARCHIVE_DAYS), UNNAMED_DAYS where no command named them",
    "handovers": "HANDOVER_DAYS after they ended; until they are acknowledged",
}
"""Table -> how long its rows stay. Nothing grows for ever, and nothing goes that is still wanted."""


async def tidy(doors: Doors, days: int) -> int:
    """Drop events that are ``days`` of engine time older than the newest, and deliveries whose event is gone.

    Returns:
        How many events went.
    """
    await _by_itself(doors, FLOOR, days)
    gone = 0
    while True:
        found = await _events(doors)
        gone += found
        if found < AT_ONCE:
            break
    for statement, kept in (
        (BODILESS, 0), (DELIVERIES, OWN_DAYS), (SECRETS, 0), (NOTICES, OWN_DAYS), (PHOTOS, days),
        (HANDOVERS, HANDOVER_DAYS),
    ):  # fmt: skip
        await _by_itself(doors, statement, kept)  # what it has taken of one table waits for no other
    return gone


@again_at_deadlock
async def _events(doors: Doors) -> int:
    async with answering(), doors.engine.begin() as connection:
        await connection.execute(DROP)
        return int(await connection.scalar(text(EVENTS), {"most": AT_ONCE}) or 0)


@again_at_deadlock
async def _by_itself(doors: Doors, statement: str, days: int) -> None:
    async with answering(), doors.engine.begin() as connection:
        await connection.execute(text(statement), {"days": days, "unnamed_days": UNNAMED_DAYS})
