"""The vault's key is pinned to the prefix: two keys side by side would leave part of what is sealed closed to each
(DESIGN 12)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag

from engine.errors import InvalidSettings, SecondKey
from engine.kafka.fetched_batches import Loose
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.reference import last_records
from engine.security.vault import Vault
from engine.stream.positions import MARKER
from topics import codec
from topics.registry import INTAKE_STATE, VAULT
from topics.rejected import Sealed
from topics.ticket import Marker
from topics.unreadable import UNREADABLE

if TYPE_CHECKING:
    from engine.settings import Settings

SETTING = "GRIDWHISTLE_MASTER_KEY_FILE"


def why_second(pinned: Iterable[str], vault: Vault, accepted: str) -> str | None:
    """Say why a key may not seal beside those that did; ``None``: it is the same, or was accepted and opens what they
    sealed."""
    others = sorted(set(pinned) - {vault.id})
    if not others or (accepted == vault.id and set(others) <= vault.former):
        return None
    return (
        f"{SETTING}: this prefix is sealed under the key {', '.join(others)}, the file holds {vault.id}; nothing was"
        " sealed. Bring the former key back; or, to change keys for good, keep it beside the new one as <key"
        f" file>.{others[0]} (0600), so that what it sealed stays open, and set GRIDWHISTLE_ACCEPT_KEY={vault.id}"
    )


async def demand_pinned_key(settings: "Settings", vault: Vault) -> None:
    """Refuse a second key before anything is sealed under it.

    Raises:
        InvalidSettings: Another key is pinned here, or what lies in the vault does not open; with the mend.
    """
    pinned = await _pinned(settings)
    fault = why_second(pinned, vault, settings.accept_key)
    if fault is None and not pinned:  # sealed by an engine that pinned nothing: the vault itself tells
        fault = await _closed(settings, vault)
    if fault is not None:
        raise InvalidSettings(fault)


async def _pinned(settings: "Settings") -> set[str]:
    last = await last_records(
        KafkaLog(settings),
        INTAKE_STATE.name,
        range(settings.partitions),
        lambda record: record.key == MARKER and type(record) is not Loose,
    )
    found = set()
    for _, record in last:
        try:
            found.add(codec.decode(record.value, Marker).vault_key)
        except UNREADABLE:
            continue  # of a newer engine, or damaged: the partition says so itself
    return {one for one in found if one is not None}


async def _closed(settings: "Settings", vault: Vault) -> str | None:
    last = await last_records(
        KafkaLog(settings), VAULT.name, range(settings.partitions), lambda record: type(record) is not Loose
    )
    for _, record in last:
        try:
            vault.unwrap((record.key or b"").decode(), codec.decode(record.value, Sealed))
        except InvalidTag:
            return (
                f"{SETTING}: what lies in the vault of this prefix does not open with the key {vault.id}; bring the key"
                " there from the folder that made it, or choose another prefix"
            )
        except UNREADABLE:
            continue
    return None


def demand_same(marker: Marker | None, vault: Vault | None, accepted: str, where: str) -> None:
    """See at an opening that a partition's marker names no other key: two processes may have started at once.

    Raises:
        SecondKey: It does.
    """
    if vault is None or marker is None or marker.vault_key is None:
        return
    if (fault := why_second([marker.vault_key], vault, accepted)) is not None:
        raise SecondKey(f"{where}: {fault}")
