"""What a webhook's message says of itself."""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from engine.doors.deliveries import Message
from engine.doors.webhooks import drawn
from engine.notifier.signed import headers_of


def test_every_secret_that_holds_signs_and_no_other() -> None:
    """As the library of Standard Webhooks verifies it; another body, or another id, fails."""
    old, new, other = drawn(), drawn(), drawn()
    body = json.dumps({"text": "井盖松动"}, ensure_ascii=False)
    message = Message(id="commands:0:1#fire#fire/1", line="t", kind="dispatched", body=body, attempts=0, tries=0)
    headers = headers_of(message, [new, old], datetime.now(UTC))
    assert headers["webhook-id"] == headers["ce-id"] == message.id
    assert headers["ce-type"] == "org.gridwhistle.task.dispatched.v1"
    for secret in (old, new):
        Webhook(secret).verify(body.encode(), headers)
    for secret, said, named in ((other, body, {}), (new, body + " ", {}), (new, body, {"webhook-id": "another"})):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(said, headers | named)


def test_an_id_of_other_letters_is_written_so_that_a_header_takes_it() -> None:
    """A pack may name its homes otherwise; nothing of it can begin a line of its own."""
    message = Message(id="clock:东区-1:1\r\nx: y", line="t", kind="overdue", body="{}", attempts=0, tries=0)
    name = headers_of(message, [drawn()], datetime.now(UTC))["webhook-id"]
    assert name.isascii() and name.isprintable() and " " not in name and unquote(name) == message.id
