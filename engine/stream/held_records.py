"""A record that could not be decided by our own fault, read back from where it lies and written once more
(docs/decisions/0012, 0026)."""

import hashlib
from typing import NamedTuple

from engine.errors import InvalidSettings
from engine.kafka.port import Log
from engine.kafka.read_to_end import record_at
from engine.stream.contracts import Out
from engine.stream.sending import send
from topics import codec
from topics.command import AGAIN, Command
from topics.ids import DecisionId
from topics.ticket import HeldCause


class Bytes(NamedTuple):
    """A held record as it lies on its topic."""

    state: str
    """``there``, ``aged away``, ``altered``; of a clock ``none``."""
    key: bytes | None = None
    value: bytes | None = None


async def bytes_of(log: Log, name: str, cause: HeldCause, seconds: float) -> Bytes:
    """Read a held record back from its position; it must be the very one.

    Raises:
        TimeoutError: It did not come in time.
    """
    if name.startswith("clock:"):
        return Bytes("none")
    topic, partition, offset = name.rsplit(":", 2)
    record = await record_at(log, topic, int(partition), int(offset), seconds)
    if record is None:
        return Bytes("aged away")
    is_same = hashlib.sha256(record.value or b"").hexdigest() == cause.sha256
    return Bytes("there", record.key, record.value) if is_same else Bytes("altered")


def demand_there(name: str, found: Bytes) -> None:
    """Say what to do where a held record is no longer as it was.

    Raises:
        InvalidSettings: It is not.
    """
    if found.state != "there":
        raise InvalidSettings(
            f"the bytes of {name} are {found.state}: retention or somebody has taken them. Report it again if it is"
            " still so, and let this one go ('gridwhistle held drop')"
        )


async def written_again(log: Log, name: str, found: Bytes, command: Command) -> DecisionId:
    """Write a held record to its topic once more, in a transaction as our stages do, beside the command of whoever asks
    for it; answers the decision that it will have.

    Whoever does so for the same partition at the same time fences the other: one of the two is written.
    """
    topic, partition, _ = name.rsplit(":", 2)
    writer = log.writer(f"held.p{partition}")
    out = Out(topic, int(partition), found.key, found.value, headers=((AGAIN, codec.encode(command)),))
    try:
        await writer.start()
        await writer.begin_transaction()
        [ack] = await send(writer, log.prefix, [out])
        sent = await ack
        await writer.commit_transaction()
    finally:
        await writer.let_go()
    return DecisionId(f"{topic}:{partition}:{sent.offset}")
