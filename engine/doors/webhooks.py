"""Webhooks of departments as rows: who subscribes to what, in which state, signed with which secrets."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.database.schema import again_at_deadlock, answering
from engine.doors.outbox import HOLD
from engine.doors.store import Doors
from engine.errors import InvalidSettings

MOST = 20
"""Webhooks of one department."""
SECRETS = 3
"""That sign at the same time, the newest first."""
_WHY = {"active": "", "paused": "asked"}
KIND = "webhook:"
"""Begins the name of a webhook among all targets."""

_ALONE = text("SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' webhooks of ' || :department))")
"""Of two who count and then add, the second counts after the first has added."""
_SHOWN = """
    SELECT w.id, w.department, w.url, w.filter, w.since, t.state, t.why, t.failures, t.failing_since,
        w.made_by, w.made_at, w.changed_by, w.changed_at,
        (SELECT count(*) FROM deliveries d WHERE d.target = t.id AND d.state = 'waiting') AS waiting,
        (SELECT count(*) FROM department_events e WHERE e.department = w.department AND e.seq > w.cursor) AS ahead
    FROM webhooks w JOIN targets t ON t.id = 'webhook:' || w.id WHERE w.department = :department"""


class Subscription(NamedTuple):
    """What a new webhook is to be."""

    department: str
    url: str
    filter: str
    since: datetime
    """Engine time: what happened before is not sent."""
    has_past: bool
    """Whether ``since`` was asked for; else nothing that is there already is looked at."""


def drawn() -> str:
    """Draw a secret as Standard Webhooks writes them: 192 bits."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


class Webhooks:
    """The webhooks of one stack."""

    def __init__(self, doors: Doors) -> None:
        """Stand on its connections."""
        self.doors = doors

    async def add(self, wanted: Subscription, who: str) -> tuple[str, str]:
        """Make one; answers its id and its secret, which is shown this once.

        Raises:
            InvalidSettings: The department has as many as it may.
        """
        name, secret = f"wh_{secrets.token_hex(8)}", drawn()
        async with answering(), self.doors.engine.begin() as connection:
            await connection.execute(_ALONE, {"department": wanted.department})
            asked = text("SELECT count(*) FROM webhooks WHERE department = :department")
            if int(await connection.scalar(asked, {"department": wanted.department}) or 0) >= MOST:
                raise InvalidSettings(f"a department has at most {MOST} webhooks; delete one that is not used")
            cursor = await _cursor(connection, wanted.department, wanted.since if wanted.has_past else None)
            row = {"id": name, "who": who, "cursor": cursor, **wanted._asdict()}
            await connection.execute(
                text(
                    "INSERT INTO webhooks VALUES (:id, :department, :url, :filter, :since, :cursor, :who, now(), :who,"
                    " now())"
                ),
                row,
            )
            await connection.execute(text("INSERT INTO targets (id) VALUES (:id)"), {"id": KIND + name})
            await _keep(connection, name, secret)
        return name, secret

    async def of_department(self, department: str) -> list[dict[str, Any]]:
        """List a department's, the oldest first."""
        async with answering(), self.doors.engine.connect() as connection:
            found = await connection.execute(text(f"{_SHOWN} ORDER BY w.made_at, w.id"), {"department": department})
            return [dict(row._mapping) for row in found]

    async def one(self, department: str, name: str) -> dict[str, Any] | None:
        """Show one, where it is that department's."""
        async with answering(), self.doors.engine.connect() as connection:
            given = {"department": department, "id": name}
            row = (await connection.execute(text(f"{_SHOWN} AND w.id = :id"), given)).first()
            return None if row is None else dict(row._mapping)

    @again_at_deadlock
    async def change(self, name: str, who: str, state: str | None = None, **fields: str) -> None:
        """Pause one, let it go on, or give it another address or filter: from there its failures count anew."""
        changed = "".join(f"{field} = :{field}, " for field in ("url", "filter") if field in fields)
        async with answering(), self.doors.engine.begin() as connection:
            await connection.execute(
                text(f"UPDATE webhooks SET {changed}changed_by = :who, changed_at = now() WHERE id = :id"),
                {"id": name, "who": who, **fields},
            )
            await connection.execute(
                text(
                    "UPDATE targets SET failures = 0, failing_since = NULL, next_at = now(),"
                    " state = coalesce(CAST(:state AS text), state), why = coalesce(CAST(:why AS text), why)"
                    " WHERE id = :id"
                ),
                {"id": KIND + name, "state": state, "why": None if state is None else _WHY[state]},
            )
            await connection.execute(
                text("UPDATE deliveries SET next_at = now() WHERE target = :id AND state = 'waiting'"),
                {"id": KIND + name},
            )

    @again_at_deadlock
    async def rotate(self, name: str, who: str, overlap_seconds: int) -> str:
        """Give it a new secret; the former ones sign beside it until their time is out."""
        secret = drawn()
        async with answering(), self.doors.engine.begin() as connection:
            given = {"id": name, "who": who, "overlap": overlap_seconds, "kept": SECRETS - 1}
            for statement in (
                "UPDATE webhooks SET changed_by = :who, changed_at = now() WHERE id = :id",
                "UPDATE webhook_secrets SET until = least(until, now() + :overlap * interval '1 second')"
                " WHERE webhook = :id",
                "DELETE FROM webhook_secrets WHERE webhook = :id AND (until <= now() OR secret NOT IN (SELECT secret"
                " FROM webhook_secrets WHERE webhook = :id ORDER BY made_at DESC LIMIT :kept))",
            ):
                await connection.execute(text(statement), given)
            await _keep(connection, name, secret)
        return secret

    @again_at_deadlock
    async def remove(self, name: str) -> None:
        """Delete one with all that waits for it."""
        async with answering(), self.doors.engine.begin() as connection:
            for statement in (
                "SELECT FROM webhooks WHERE id = :id FOR UPDATE",
                "DELETE FROM webhook_secrets WHERE webhook = :id",
                "DELETE FROM webhooks WHERE id = :id",
                "DELETE FROM targets WHERE id = 'webhook:' || :id",
                "DELETE FROM deliveries WHERE target = 'webhook:' || :id",
            ):
                await connection.execute(text(statement), {"id": name})

    @again_at_deadlock
    async def leave(self, departments: Sequence[str]) -> list[tuple[str, str]]:
        """Let the webhooks of all other departments rest, whatever waits for them kept; answers department and id of
        each that did not rest before."""
        resting = text(
            "UPDATE targets t SET state = 'paused', why = 'department_left' FROM webhooks w WHERE t.id = 'webhook:' ||"
            " w.id AND t.state = 'active' AND w.department <> ALL(:departments) RETURNING w.department, w.id"
        )
        async with answering(), self.doors.engine.begin() as connection:
            found = await connection.execute(resting, {"departments": list(departments)})
            return [(row.department, row.id) for row in found]

    async def test(self, department: str, name: str, body: str, message: str) -> None:
        """Let a message that is no event be sent, beside all lines."""
        async with answering(), self.doors.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO deliveries (target, id, seq, line, kind, body) SELECT 'webhook:' || w.id, :message,"
                    " w.cursor, :message, 'test', :body FROM webhooks w WHERE w.id = :id AND w.department = :department"
                ),
                {"id": name, "department": department, "message": message, "body": body},
            )

    @again_at_deadlock
    async def send(self, name: str, department: str, event: str) -> int:
        """Let one event be sent that the filter did not take, or that came before the webhook; whether there is one."""
        async with answering(), self.doors.engine.begin() as connection:
            await connection.execute(HOLD)
            done = await connection.execute(
                text(
                    "INSERT INTO deliveries (target, id, seq, line, kind) SELECT :target, e.id, e.seq, e.ticket, e.kind"
                    " FROM department_events e WHERE e.id = :event AND e.department = :department"
                    " ON CONFLICT (target, id) DO NOTHING"
                ),
                {"target": KIND + name, "event": event, "department": department},
            )
            return done.rowcount

    @again_at_deadlock
    async def rewind(self, name: str, department: str, since: datetime) -> int:
        """Let everything from a moment on be looked at, and sent, once more; answers how many deliveries that are there
        already."""
        async with answering(), self.doors.engine.begin() as connection:
            given = {"id": name, "since": since, "department": department}
            locked = text("SELECT cursor FROM webhooks WHERE id = :id FOR UPDATE")
            stands = int(await connection.scalar(locked, given) or 0)
            cursor = min(stands, await _cursor(connection, department, since))
            await connection.execute(
                text("UPDATE webhooks SET cursor = :cursor, since = least(since, :since) WHERE id = :id"),
                {**given, "cursor": cursor},
            )
            await connection.execute(text("SELECT FROM targets WHERE id = 'webhook:' || :id FOR UPDATE"), given)
            again = (
                "UPDATE deliveries SET state = 'waiting', next_at = now(), tries = 0 WHERE target = 'webhook:' || :id"
                " AND body IS NULL AND seq > :cursor"
            )
            return (await connection.execute(text(again), {**given, "cursor": cursor})).rowcount


async def _keep(connection: AsyncConnection, webhook: str, secret: str) -> None:
    await connection.execute(
        text("INSERT INTO webhook_secrets VALUES (:id, :secret, clock_timestamp(), NULL)"),
        {"id": webhook, "secret": secret},
    )


async def _cursor(connection: AsyncConnection, department: str, since: datetime | None) -> int:
    """Find the number behind which to look: before the first event from a moment on, else behind all there are."""
    first = None
    if since is not None:
        asked = "SELECT min(seq) FROM department_events WHERE department = :department AND at >= :since"
        first = await connection.scalar(text(asked), {"department": department, "since": since})
    if first is not None:
        return int(first) - 1
    return int(await connection.scalar(text("SELECT coalesce(max(seq), 0) FROM department_events")) or 0)
