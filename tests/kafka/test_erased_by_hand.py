"""A reporter forgotten at a terminal, on a real broker, Redis and PostgreSQL: their keys and pictures go, and nobody
else's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiokafka import AIOKafkaProducer

from engine.client.publish_pack import publish
from engine.doors import photos
from engine.doors.store import Doors
from engine.errors import InvalidSettings
from engine.people import by_hand
from engine.security.same_person import known_by
from engine.security.vault import load_vault, make_master_key
from engine.settings import Settings
from tests.kafka.test_publish import prepared
from topics import codec
from topics.ids import murmur2
from topics.registry import VAULT
from topics.vocabulary import Role

NUMBER = "13800001234"
REPORTS = {"one": NUMBER, "two": NUMBER, "other": "13900005678"}


@asynccontextmanager
async def intake(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Write as intake does, in a transaction: what lies in the vault by anybody else is none."""
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka, transactional_id=f"{settings.prefix}sealer"
    ) as writer:
        async with writer.transaction():
            yield writer


@pytest.fixture
async def doors(stack_settings: Settings, database_url: str, redis_url: str) -> AsyncIterator[Doors]:
    """A stack with a pack, a vault key and tables; three reports of two people lie sealed, each with a picture."""
    settings = await prepared(stack_settings.model_copy(update={"database_url": database_url, "redis_url": redis_url}))
    await publish(settings, "guancheng")
    make_master_key(settings.key_file)
    vault, found = load_vault(settings.key_file), Doors(settings)
    await found.fit()
    async with intake(settings) as writer:
        for name, number in REPORTS.items():
            token = vault.token(name)
            sealed = vault.seal(token, codec.encode({"reporter": {"phone": number}}), known_by(number))
            place = (murmur2(token.encode()) & 0x7FFFFFFF) % settings.partitions
            topic = settings.prefix + VAULT.name
            await writer.send(topic, codec.encode(sealed), key=token.encode(), partition=place)
            row = {"ticket": name, "name": "0" * 64, "kind": "image/png", "content": b"x", "token": token}
            assert await photos.put(found, row | {"sender": "person:desk:desk-1"})
    try:
        yield found
    finally:
        await found.schema.drop(found.engine)
        await found.close()


async def test_who_is_forgotten_at_a_terminal_takes_keys_and_pictures_along(
    doors: Doors, stack_settings: Settings, database_url: str, redis_url: str
) -> None:
    """Of all reports of that number; a second time there is nothing; it is noted as asked and done by two."""
    settings = stack_settings.model_copy(update={"database_url": database_url, "redis_url": redis_url})
    people = {role: (await by_hand.Acting.of(settings))._bundle.roster for role in (Role.CHIEF, Role.CENTRE)}
    chief, centre = (
        f"{role}:{next(one.person for one in roster if one.role == role)}" for role, roster in people.items()
    )
    erase = partial(by_hand.erase, settings, ticket=None, acting=chief, second=centre, reason="asked in writing")
    done = await erase(number="138 0000 1234")
    assert done._asdict() == {"reports": 2, "rejected": 0, "photos": 2}
    assert await photos.one(doors, "one", "0" * 64) is None and await photos.one(doors, "two", "0" * 64) is None
    assert await photos.one(doors, "other", "0" * 64) == ("image/png", b"x")
    with pytest.raises(InvalidSettings, match="nothing lies sealed"):
        await erase(number=NUMBER)
    entries = await by_hand.audited(settings)
    assert [(one.what, one.who.rpartition(":")[0]) for one in entries] == [
        ("erase_asked", f"cli:{chief}"), ("erase_done", f"cli:{centre}"),
    ]  # fmt: skip
    assert entries[1].count == 4 and NUMBER not in str(entries)
