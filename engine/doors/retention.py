"""What departments were told goes with its age: bounded pieces, so that nobody waits."""

from sqlalchemy import text

from engine.database.schema import answering
from engine.doors.store import Doors

AT_ONCE = 5_000
OWN_DAYS = 30
"""Messages that are no event of the log, tests and notices, are kept so long once they are through."""

FLOOR = """
    UPDATE kept SET since = greatest(since, newest.at - :days * interval '1 day')
    FROM (SELECT max(at) AS at FROM department_events) AS newest WHERE newest.at IS NOT NULL"""

EVENTS = """
    DELETE FROM department_events WHERE seq IN (
        SELECT seq FROM department_events WHERE at < (SELECT since FROM kept) LIMIT :most)"""

DELIVERIES = """
    DELETE FROM deliveries d WHERE (d.body IS NULL AND NOT EXISTS (SELECT FROM department_events e WHERE e.seq = d.seq))
        OR (d.body IS NOT NULL AND d.state <> 'waiting' AND d.last_at < now() - :days * interval '1 day')"""

LEASES = "DELETE FROM leases l WHERE NOT EXISTS (SELECT FROM department_events e WHERE e.seq = l.seq)"

NOTICES = "DELETE FROM notices WHERE made_at < now() - :days * interval '1 day'"
HANDOVERS = "DELETE FROM handovers WHERE ended_at < now() - :days * interval '1 day'"
HANDOVER_DAYS = 400
"""A year of shifts and some weeks. One that nobody has acknowledged stays."""


async def tidy(doors: Doors, days: int) -> int:
    """Drop events that are ``days`` of engine time older than the newest, and deliveries whose event is gone.

    Returns:
        How many events went.
    """
    gone = 0
    async with answering():
        async with doors.engine.begin() as connection:
            await connection.execute(text(FLOOR), {"days": days})
        while True:
            async with doors.engine.begin() as connection:
                found = (await connection.execute(text(EVENTS), {"most": AT_ONCE})).rowcount
            gone += found
            if found < AT_ONCE:
                break
        async with doors.engine.begin() as connection:
            await connection.execute(text(DELIVERIES), {"days": OWN_DAYS})
            await connection.execute(text(LEASES))
            await connection.execute(text(NOTICES), {"days": OWN_DAYS})
            await connection.execute(text(HANDOVERS), {"days": HANDOVER_DAYS})
    return gone
