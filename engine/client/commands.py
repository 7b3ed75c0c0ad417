"""The door for commands: stamps engine time, finds the partition, waits for the decision."""

import uuid
from typing import Any

from engine.client.command_batches import give_many
from engine.errors import InvalidSettings
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import load_clock
from engine.settings import Settings
from engine.views.redis_view import RedisView
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import folded, home_of, partition_of
from topics.vocabulary import CommandKind, Role


def actor_of(text: str, org: str | None = None) -> Actor:
    """Read ``ROLE:PERSON``; a department's is ``department:<code>:<person>``, or its code alone as role.

    Raises:
        InvalidSettings: It has another form, or the role is none.
    """
    role, _, person = text.partition(":")
    if role == Role.DEPARTMENT and ":" in person:
        org, _, person = person.partition(":")
    if role not in set(Role) or not person:
        raise InvalidSettings(
            f"--as {text!r} must be ROLE:PERSON, e.g. specialist:specialist-tawan-11; roles are {', '.join(Role)}; for"
            " a department department:CODE:PERSON"
        )
    return Actor(Role(role), person, org)


async def ticket_named(settings: Settings, name: str) -> str:
    """Turn ``<source>:<id>`` into its ticket's id by the projection; a ticket's id stays.

    Raises:
        InvalidSettings: Nothing of that name is known yet.
    """
    name = folded(name)
    if ":" not in name:
        try:
            home_of(name)
        except ValueError as exc:
            raise InvalidSettings(str(exc)) from exc
        return name
    view = RedisView(settings)
    try:
        found = await view.ticket_of(name)
    finally:
        await view.close()
    if found is None:
        raise InvalidSettings(f"no ticket of {name} is known yet; wait a moment, or see 'gridwhistle tail decisions'")
    return found


async def give(
    settings: Settings,
    kind: CommandKind,
    ticket: str,
    actor: Actor,
    command_id: str | None,
    fields: dict[str, Any],
    within: float = 15.0,
) -> Decision | None:
    """Send one command and wait for its decision; ``None`` when it is not decided within so many seconds.

    The command stays sent then: its decision will come, and the same id returns it.
    """
    at = engine_now(await load_clock(settings))
    command = Command(
        id=command_id or str(uuid.uuid4()), kind=kind, actor=actor, accepted_at=at, ticket=ticket, **fields
    )
    decided = [
        one
        async for one in give_many(settings, [(partition_of(home_of(ticket), settings.partitions), command)], within)
    ]
    return decided[0] if decided else None
