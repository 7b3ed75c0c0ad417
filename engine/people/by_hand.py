"""People's data at a terminal: whoever has the master key there is named by the roster, and audited as anybody."""

import os
import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.kafka.broker_time import engine_now
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.reference import Reference
from engine.people.audit_log import AuditLog, Send
from engine.people.erasure import Forgotten, forget
from engine.people.vault_index import VaultIndex
from engine.security.same_person import known_by
from engine.security.vault import load_vault
from engine.views.redis_view import RedisView
from rules.masking.masker import masker_for
from topics import codec
from topics.audit import AuditEntry, Deed, Purpose
from topics.ticket import Ticket
from topics.vocabulary import Role

if TYPE_CHECKING:
    from engine.settings import Settings

MAY_ERASE = (Role.CHIEF, Role.CENTRE)
SHORTEST = 4
"""Characters of a reason."""


@asynccontextmanager
async def sending(settings: "Settings") -> AsyncIterator[Send]:
    """Connect, for as long as something is to be written."""
    producer = clients.sender(settings)
    await producer.start()

    async def send(topic: str, partition: int, key: bytes, value: bytes | None) -> int:
        ack = await producer.send_and_wait(settings.prefix + topic, value, key=key, partition=partition)
        return int(ack.offset)

    try:
        yield send
    finally:
        await producer.stop()


class Acting:
    """People of the roster as a command names them."""

    def __init__(self, reference: Reference) -> None:
        """Keep the law in force."""
        self._reference, self._bundle = reference, reference.in_force()

    @classmethod
    async def of(cls, settings: "Settings") -> "Acting":
        """Read the law in force."""
        reference = Reference(settings)
        await reference.refresh()
        return cls(reference)

    def demand(self, option: str, acting: str, roles: Collection[str]) -> None:
        """Refuse whoever does not stand on the roster in one of these roles.

        Raises:
            InvalidSettings: They do not.
        """
        role, _, person = acting.partition(":")
        if role not in roles:
            raise InvalidSettings(f"{option} {acting}: this is for {', '.join(roles)} alone; write ROLE:PERSON")
        if not any(entry.person == person and entry.role == role for entry in self._bundle.roster):
            raise InvalidSettings(f"{option} {acting}: {person!r} is not on the roster as {role}")

    def entry(self, acting: str, what: Deed, text: str, **more: object) -> AuditEntry:
        """Make an entry; numbers in the reason are masked."""
        assert self._reference.clock is not None
        return AuditEntry(
            id=str(uuid.uuid4()),
            at=engine_now(self._reference.clock),
            who=f"cli:{acting}:{os.getuid()}",
            what=what,
            text=masker_for(self._bundle.timezone).mask(text.strip(), longest=500),
            **more,  # type: ignore[arg-type]
        )


async def erase(
    settings: "Settings", *, ticket: str | None, number: str | None, acting: str, second: str, reason: str
) -> Forgotten:
    """Forget a reporter, by two people of the roster.

    Raises:
        InvalidSettings: They may not, or are one; no reason; nothing lies sealed.
    """
    people = await Acting.of(settings)
    people.demand("--as", acting, MAY_ERASE)
    people.demand("--and", second, MAY_ERASE)
    if acting.partition(":")[2] == second.partition(":")[2]:
        raise InvalidSettings("--and: a second person agrees; this is the first one")
    if len(reason.strip()) < SHORTEST:
        raise InvalidSettings("--reason: say in words why")
    log, vault = KafkaLog(settings), load_vault(settings.key_file)
    index = VaultIndex(log, settings.partitions)
    try:
        if ticket is not None:
            tokens = await index.same_people(await _tokens(settings, ticket))
        else:
            hashes = [one for name in known_by(number or "") for one in vault.hashed_by_all(name)]
            tokens = await index.of_hashes(hashes)
        if not tokens:
            raise InvalidSettings("nothing lies sealed of them: there never was, or it is forgotten")
        async with sending(settings) as send:
            audit, purpose, found = AuditLog(log, send), Purpose.REQUEST_OF_PERSON, tuple(sorted(tokens))
            asked = people.entry(acting, Deed.ERASE_ASKED, reason, ticket=ticket, purpose=purpose, tokens=found)
            await audit.append(asked)
            drop, partitions = partial(_drop_photos, settings), settings.partitions
            done = await forget(log, index, vault, tokens=found, partitions=partitions, send=send, drop_photos=drop)
            told = people.entry(second, Deed.ERASE_DONE, "", ticket=ticket, of=asked.id, count=sum(done))
            await audit.append(told)
            return done
    finally:
        index.close()


async def _drop_photos(settings: "Settings", tokens: Sequence[str]) -> int:
    """Drop the pictures of these reporters' tickets; a stack without a database has none."""
    if not settings.database_url:
        return 0
    from engine.doors.photos import forget as drop
    from engine.doors.store import Doors

    doors = Doors(settings)
    try:
        return await drop(doors, tokens) if await doors.schema.is_there(doors.engine) else 0
    finally:
        await doors.close()


async def _tokens(settings: "Settings", ticket: str) -> list[str]:
    """Give the token of a ticket, live or out of the archive."""
    view = RedisView(settings)
    try:
        image = (await view.images(ticket)).get(ticket)
    finally:
        await view.close()
    if image is None and settings.database_url:
        from engine.archive.store import Archive

        archive = Archive(settings)
        try:
            image = await archive.image(ticket) if await archive.is_there() else None
        finally:
            await archive.close()
    if image is None:
        raise InvalidSettings(f"no ticket {ticket!r} is known")
    token = codec.decode(image, Ticket).token
    return [token] if token is not None else []


async def audited(settings: "Settings") -> list[AuditEntry]:
    """Read the whole audit, oldest first."""
    return await AuditLog(KafkaLog(settings), _nothing, latest=None).entries()


async def _nothing(topic: str, partition: int, key: bytes, value: bytes | None) -> int:
    raise AssertionError("who reads appends nothing")
