"""Reads ``incidents.rejected``, opens an original for who may see it, and sends a mended one again (DESIGN 3, 12)."""

from typing import TYPE_CHECKING, Any, NamedTuple

from aiokafka import ConsumerRecord
from cryptography.exceptions import InvalidTag
from pydantic import ValidationError

from engine.errors import InvalidSettings, KeyNotHere
from engine.kafka import clients
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.newer_records import read_sieved
from engine.kafka.read_to_end import to_end
from engine.people.audit_log import AuditLog
from engine.people.by_hand import SHORTEST, Acting, sending
from engine.people.originals import MAY_REVEAL, Turned, named, unsealed
from engine.security.vault import load_vault
from topics import codec
from topics.audit import Deed
from topics.envelope import incident_message
from topics.hostile_json import EnvelopeFault, parse
from topics.ids import murmur2
from topics.incident import MAX_RECORD_BYTES, ReportedIncident
from topics.registry import RAW, REJECTED, VAULT
from topics.rejected import Rejected, Sealed
from topics.unreadable import UNREADABLE

if TYPE_CHECKING:
    from engine.settings import Settings


class Resent(NamedTuple):
    """Where a mended one was written, or what is wrong with it still."""

    faults: tuple[str, ...]
    position: str = ""


async def turned_away(settings: "Settings") -> list[Turned]:
    """Read all of ``incidents.rejected``, in order of time; records that cannot be read are passed over."""
    found = []
    for one in await _read(settings, REJECTED.name, range(settings.partitions)):
        try:
            found.append(Turned(codec.decode(one.value or b"", Rejected)))
        except UNREADABLE:
            continue  # not ours; nothing that stands on a topic may keep a command from working
    return sorted(found, key=lambda one: (one.rejected.at, one.rejected.id))


async def _read(settings: "Settings", topic: str, partitions: Any) -> list[ConsumerRecord]:
    return [record async for records in to_end(KafkaLog(settings), topic, partitions) for record in records]


async def _one(settings: "Settings", record: str) -> Turned:
    for one in reversed(await turned_away(settings)):
        if one.rejected.id == record:
            return one
    raise InvalidSettings(f"nothing was turned away as {record!r}; 'gridwhistle rejected list' names what was")


async def reveal(settings: "Settings", record: str, acting: str, purpose: str) -> Turned:
    """Open a rejection for somebody who may see it; that they did stands in the audit before this returns.

    Raises:
        InvalidSettings: The role or the person may not, no purpose is given, or there is no such record.
    """
    people = await Acting.of(settings)
    people.demand("--as", acting, MAY_REVEAL)
    if len(purpose.strip()) < SHORTEST:
        raise InvalidSettings("--purpose: say in words why the original must be seen")
    found = await _opened(settings, record)
    async with sending(settings) as send:
        await AuditLog(KafkaLog(settings), send).append(people.entry(acting, Deed.ORIGINAL, purpose, record=record))
    return found


async def _opened(settings: "Settings", record: str) -> Turned:
    """Find a rejection and unseal it."""
    one = await _one(settings, record)
    token = one.rejected.token
    if token is None and one.rejected.original is None:
        raise InvalidSettings(
            f"the original of {record} was not kept again; it lies at that position for as long as its topic keeps it"
        )
    if token is None:
        raise InvalidSettings(
            f"{record} is a repeat of {one.rejected.original}; its original is that record, and was not kept again"
        )
    partition = (murmur2(token.encode()) & 0x7FFFFFFF) % settings.partitions
    entry = None
    for kept in await _read(settings, VAULT.name, [partition]):
        if kept.key == token.encode():
            entry = None if kept.value is None else read_sieved(VAULT.name, kept, Sealed) or entry
    if entry is None:
        raise InvalidSettings(f"the original of {record} was forgotten: its key is destroyed")
    try:
        return unsealed(load_vault(settings.key_file), entry, one.rejected)
    except InvalidTag as error:
        raise KeyNotHere(
            f"the original of {record} cannot be opened with this folder's master key; name the folder it was sealed in"
            " with --data"
        ) from error


async def resend_mended(settings: "Settings", record: str, text: bytes, pack: str | None) -> Resent:
    """Check a mended original and send it under the identity it had; nothing is sent while it has faults."""
    one = await _opened(settings, record)
    source, name, data, faults = _mended(one, text, pack)
    if not faults:
        faults = _faults(data)
    if faults:
        return Resent(tuple(faults))
    key, value, headers = incident_message(source, name, data)
    if len(value) > MAX_RECORD_BYTES:
        return Resent((f"{len(value)} bytes; at most {MAX_RECORD_BYTES}",))
    partition = (murmur2(key) & 0x7FFFFFFF) % settings.partitions
    producer = clients.sender(settings)
    await producer.start()
    try:
        sent = await producer.send_and_wait(
            settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition
        )
    finally:
        await producer.stop()
    return Resent((), f"{RAW.name}:{partition}:{sent.offset}")


def _mended(one: Turned, text: bytes, pack: str | None) -> tuple[str, str, dict[str, Any], list[str]]:
    """Source, id and data of a mended original, and what keeps it from being one."""
    try:
        found = parse(text)
    except EnvelopeFault as error:
        return "", "", {}, [f"{error}"]
    if not isinstance(found, dict):
        return "", "", {}, ["is no JSON object"]
    source, name, data, fault = named(one, found)
    if not fault and set(data) == {"columns"}:
        return _row(source, name, data["columns"], pack)
    return source, name, data if not fault else {}, [fault] if fault else []


def _row(source: str, name: str, columns: Any, pack: str | None) -> tuple[str, str, dict[str, Any], list[str]]:
    """A row of a feed: its columns are mapped as its file's were."""
    from engine.feed.feedmap import folder_of_pack, load_feed_map
    from engine.feed.mapping import map_row
    from engine.feed.rows import Row

    if pack is None:
        return "", "", {}, ["it is a row of a feed: name the pack that maps its columns with --pack"]
    if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
        return "", "", {}, ["columns: names and texts, as 'rejected show' prints them"]
    row = map_row(load_feed_map(folder_of_pack(pack)), Row(1, columns))
    if (row.source, row.id) != (source, name):
        return "", "", {}, ["source and id must stay as they were; otherwise it is another report"]
    return row.source, row.id, row.data, [str(fault) for fault in row.faults]


def _faults(data: dict[str, Any]) -> list[str]:
    from engine.feed.showing import fault_of

    try:
        ReportedIncident.model_validate(data)
    except ValidationError as error:
        return [
            f"data.{'.'.join(map(str, one['loc']))}: {fault_of(one, ReportedIncident)}"
            for one in error.errors(include_url=False)
        ]
    return []
