"""A department's webhook as a target: its events, signed by Standard Webhooks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from sqlalchemy import text
from standardwebhooks import Webhook

from engine.database.schema import answering
from engine.doors.deliveries import Message
from engine.doors.spreading import spread
from engine.doors.store import Doors
from engine.doors.webhooks import KIND, SECRETS
from engine.notifier.http import Poster
from engine.notifier.port import Answer, Sender

TYPE = "org.gridwhistle.task.{}.v1"
_PLAIN = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


def headers_of(message: Message, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Name a message, say what it is (CloudEvents, binary mode), and sign it with every secret that holds.

    ``now`` is when it is sent, in UTC: a signature is good for five minutes.
    """
    name = quote(message.id, safe=_PLAIN)  # a header is ASCII; ids are, but for names that a pack may write otherwise
    signed = " ".join(Webhook(secret).sign(name, now, message.body) for secret in secrets)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signed,
        "ce-specversion": "1.0",
        "ce-source": "gridwhistle",
        "ce-id": name,
        "ce-type": TYPE.format(message.kind),
    }


class SignedPost:
    """The way to one webhook, with the address and secrets of now."""

    def __init__(self, poster: Poster, url: str, secrets: Sequence[str]) -> None:
        """Keep them."""
        self._poster, self._url, self._secrets = poster, url, secrets

    async def send(self, message: Message) -> Answer:
        """Sign and post it."""
        headers = headers_of(message, self._secrets, datetime.now(UTC))
        return await self._poster.post(self._url, message.body.encode(), headers)


class WebhookKind:
    """Webhooks of departments, for the sending loop."""

    prefix = KIND

    def __init__(self, doors: Doors, poster: Poster) -> None:
        """Stand on their connections."""
        self._doors, self._poster = doors, poster

    async def spread(self) -> int:
        """Make deliveries of the outbox's new events."""
        return await spread(self._doors)

    async def open(self, target: str) -> Sender | None:
        """Read address and secrets."""
        given = {"id": target.removeprefix(KIND), "most": SECRETS}
        async with answering(), self._doors.engine.connect() as connection:
            url = await connection.scalar(text("SELECT url FROM webhooks WHERE id = :id"), given)
            found = await connection.execute(
                text(
                    "SELECT secret FROM webhook_secrets WHERE webhook = :id AND (until IS NULL OR until > now())"
                    " ORDER BY made_at DESC LIMIT :most"
                ),
                given,
            )
            secrets = list(found.scalars())
        return None if url is None or not secrets else SignedPost(self._poster, url, secrets)

    async def close(self) -> None:
        """Let the connections go."""
        await self._poster.close()
