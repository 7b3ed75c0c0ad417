"""From the outbox to deliveries: each webhook's next events, those its filter takes, with its cursor in one
transaction."""

from typing import Any

from sqlalchemy import text

from engine.database.schema import answering
from engine.doors.filters import judged, kept
from engine.doors.outbox import HOLD
from engine.doors.store import Doors
from engine.doors.webhooks import KIND

AT_ONCE = 500
"""Events looked at in one transaction."""
MOST_WAITING = 2_000
"""Deliveries that wait for one target; further events stay in the outbox until some have gone."""

BEHIND = """
    SELECT w.id FROM webhooks w JOIN targets t ON t.id = 'webhook:' || w.id
    WHERE t.state = 'active'
      AND EXISTS (SELECT FROM department_events e WHERE e.department = w.department AND e.seq > w.cursor)
      AND (SELECT count(*) FROM (SELECT FROM deliveries d WHERE d.target = t.id AND d.state = 'waiting'
                                 LIMIT :most) AS waiting) < :most"""

PUT = """
    INSERT INTO deliveries (target, id, seq, line, kind) VALUES (:target, :id, :seq, :ticket, :kind)
    ON CONFLICT (target, id) DO NOTHING"""


async def spread(doors: Doors) -> int:
    """Bring every webhook that is behind a step forward; answers how many events were looked at."""
    async with answering(), doors.asking.connect() as connection:
        behind = list((await connection.execute(text(BEHIND), {"most": MOST_WAITING})).scalars())
    looked = 0
    for name in behind:
        looked += await _step(doors, name)
    return looked


async def _step(doors: Doors, name: str) -> int:
    """Take one's next events; whoever else is at it already does it."""
    async with answering(), doors.engine.begin() as connection:
        locked = await connection.execute(
            text("SELECT department, filter, since, cursor FROM webhooks WHERE id = :id FOR UPDATE SKIP LOCKED"),
            {"id": name},
        )
        webhook = locked.first()
        if webhook is None:
            return 0
        await connection.execute(HOLD)
        found = await connection.execute(
            text(
                "SELECT seq, id, ticket, kind, body, at >= :since AS is_new FROM department_events"
                " WHERE department = :department AND seq > :cursor ORDER BY seq LIMIT :most"
            ),
            {**webhook._mapping, "most": AT_ONCE},
        )
        events = found.all()
        if not events:
            return 0
        answers = await judged(kept(webhook.filter), [one.body for one in events])
        rows: list[dict[str, Any]] = [
            {"target": KIND + name, "id": one.id, "seq": one.seq, "ticket": one.ticket, "kind": one.kind}
            for one, is_wanted in zip(events, answers, strict=False)
            if one.is_new and is_wanted
        ]
        if rows:
            await connection.execute(text(PUT), rows)
        await connection.execute(
            text("UPDATE webhooks SET cursor = :cursor WHERE id = :id"),
            {"id": name, "cursor": events[len(answers) - 1].seq},
        )
        return len(answers)
