"""The ways to people: a mailbox folder, a signed webhook, robots of WeCom and DingTalk, mail. Each sends one message
under one id, and says what came of it."""

import asyncio
import base64
import hashlib
import hmac
import smtplib
import ssl
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from engine.doors.deliveries import Message
from engine.notifier.address_book import NONE, Book, Hook, Mail, Person, Robot
from engine.notifier.http import Poster
from engine.notifier.port import Answer, Sender
from engine.notifier.signed import headers_of
from engine.security.private_files import make_folder, write_whole
from topics.unreadable import UNREADABLE

SMTP_SECONDS = 15
KEPT = 100
"""Messages of one mailbox; the oldest go."""
ROBOT_CHARS = 600
"""Of a robot's text: WeCom takes 2,048 bytes, and a Chinese character has three."""


class Mailbox:
    """One file for a message in a folder of the recipient's own; sent again, it is the same file."""

    def __init__(self, folder: Path, recipient: str) -> None:
        """Make nothing yet."""
        self._folder = folder / quote(recipient, safe="")

    async def send(self, message: Message) -> Answer:
        """Write it whole."""
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as exc:
            return Answer(is_taken=False, said=f"it cannot be written: {exc.strerror}")
        return Answer(is_taken=True, said="written")

    def _write(self, message: Message) -> None:
        make_folder(self._folder)
        new = self._folder / f"{message.id.rpartition(':')[2].zfill(18)}.json"
        write_whole(new, message.body.encode())
        # those written first go, whatever their numbers: a database that was put back numbers lower than before
        others = sorted((one for one in self._folder.glob("*.json") if one != new), key=_written_at)
        for old in others[: 1 - KEPT]:
            old.unlink(missing_ok=True)


def _written_at(file: Path) -> tuple[int, str]:
    return file.stat().st_mtime_ns, file.name


class Shown:
    """Nothing is sent: the gateway shows it (``/v1/notices``)."""

    async def send(self, message: Message) -> Answer:
        """There is nothing to do."""
        return Answer(is_taken=True, said="shown by the gateway")


class SignedHook:
    """A generic webhook; the id is in ``webhook-id``, so that a repeat can be told."""

    def __init__(self, way: Hook, to: str, poster: Poster) -> None:
        """Read the secret when it is needed: it may change."""
        self._way, self._to, self._poster = way, to, poster

    async def send(self, message: Message) -> Answer:
        """Sign and post it."""
        try:
            secret = self._way.secret_file.read_text(encoding="ascii").strip()
            body = msgspec.json.encode(msgspec.json.decode(message.body) | {"to": self._to}).decode()
            headers = headers_of(message._replace(body=body, kind="notice"), [secret], datetime.now(UTC))
        except (OSError, ValueError) as exc:
            return Answer(is_taken=False, said=f"its secret cannot be used: {type(exc).__name__}")
        headers["ce-type"] = "org.gridwhistle.notice.v1"
        return await self._poster.post(self._way.url, body.encode(), headers)


class GroupRobot:
    """A robot of a group; it knows no ids, so what was not answered may stand there twice."""

    def __init__(self, way: Robot, to: str, poster: Poster) -> None:
        """``to`` is a telephone number that is called up in the group, or nothing."""
        self._way, self._to, self._poster = way, to, poster

    async def send(self, message: Message) -> Answer:
        """Post it; what counts is ``errcode``, not the status."""
        said: str = msgspec.json.decode(message.body)["text"][:ROBOT_CHARS]
        try:
            url = self._signed(self._way.url)
        except (OSError, ValueError) as exc:
            return Answer(is_taken=False, said=f"its secret cannot be used: {type(exc).__name__}")
        body = msgspec.json.encode(self._body(said))
        answer = await self._poster.post(url, body, {"content-type": "application/json; charset=utf-8"})
        if not answer.is_taken:
            return answer
        try:
            code = msgspec.json.decode(answer.said).get("errcode")
        except (*UNREADABLE, AttributeError):
            code = None
        return answer if code == 0 else answer._replace(is_taken=False)

    def _body(self, said: str) -> dict[str, Any]:
        """Write it as each of the two wants it (their pages on group robots)."""
        if self._way.kind == "wecom":
            mention = {"mentioned_mobile_list": [self._to]} if self._to else {}
            return {"msgtype": "text", "text": {"content": said} | mention}
        at = {"at": {"atMobiles": [self._to], "isAtAll": False}} if self._to else {}
        return {"msgtype": "text", "text": {"content": said}} | at

    def _signed(self, url: str) -> str:
        if self._way.secret_file is None:
            return url
        secret, stamp = self._way.secret_file.read_text(encoding="ascii").strip(), str(int(time.time() * 1000))
        digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        return f"{url}&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"


class MailTo:
    """Mail; ``Message-ID`` is the message's own, so a repeat is one mail to most readers."""

    def __init__(self, way: Mail, to: str) -> None:
        """Nothing is connected yet."""
        self._way, self._to = way, to

    async def send(self, message: Message) -> Answer:
        """Hand it to the mail server, on a thread: the standard library's client knows no loop."""
        try:
            await asyncio.to_thread(self._send, self._mail(message))
        except smtplib.SMTPResponseException as exc:
            return Answer(is_taken=False, said=f"the mail server answers {exc.smtp_code}", status=exc.smtp_code)
        except (smtplib.SMTPException, OSError, ValueError) as exc:
            return Answer(is_taken=False, said=f"the mail server does not take it ({type(exc).__name__})")
        return Answer(is_taken=True, said="handed to the mail server", status=250)

    def _mail(self, message: Message) -> EmailMessage:
        said: str = msgspec.json.decode(message.body)["text"]
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._way.sender, self._to, said.partition("\n")[0][:100]
        mail["Message-ID"] = f"<{hashlib.sha256(message.id.encode()).hexdigest()[:32]}@gridwhistle>"
        mail.set_content(said)
        return mail

    def _send(self, mail: EmailMessage) -> None:
        host, _, port = self._way.server.rpartition(":")
        context = ssl.create_default_context()
        if self._way.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, int(port), timeout=SMTP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, int(port), timeout=SMTP_SECONDS)
        with server:
            if self._way.tls == "starttls":
                server.starttls(context=context)
            if self._way.password_file is not None:
                server.login(self._way.user, self._way.password_file.read_text(encoding="utf-8").strip())
            server.send_message(mail)


def way_to(book: Book, recipient: str, person: Person, *, folder: Path, poster: Poster) -> Sender:
    """Give the way to somebody."""
    way = book.ways.get(person.way)
    if person.way == NONE:
        return Shown()
    if isinstance(way, Hook):
        return SignedHook(way, person.to, poster)
    if isinstance(way, Robot):
        return GroupRobot(way, person.to, poster)
    return MailTo(way, person.to) if isinstance(way, Mail) else Mailbox(folder, recipient)
