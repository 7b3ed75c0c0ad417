"""Tells a record of ours that a newer engine wrote from one that is damaged: the mend is another
(``docs/decisions/0010-records-say-their-form.md``)."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from aiokafka import ConsumerRecord
from msgspec import inspect

from engine.errors import OwnRecordUnreadable, PartitionStops, StateFromNewer
from engine.kafka.fetched_batches import Loose
from engine.observability.json_logging import told
from topics import codec
from topics.registry import INTAKE_STATE
from topics.rejected import Seen
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Marker, Quota, Ticket
from topics.unreadable import UNREADABLE

T = TypeVar("T")

KINDS: dict[bytes, type[Any]] = {
    b"t:": Ticket,
    b"q:": Quota,
    b"n:": DayCounter,
    b"c:": CommandSeen,
    b"d:": Duties,
    b"h:": HeldCause,
    b"m:": Marker,
}
"""First two bytes of a key in a state topic -> what its value is."""

_NAME = re.compile(r"[A-Za-z_]{1,40}")
"""What a member of ours is called; any other is somebody's word, and is not repeated."""


def kind_of(topic: str, key: bytes | None) -> type[Any] | None:
    """Say what a record of a state topic must be; identities have no prefix."""
    return KINDS.get((key or b"")[:2], Seen if topic == INTAKE_STATE.name else None)


def why_newer(value: bytes | None, kind: type[Any] | None, exc: BaseException) -> str | None:
    """Say by what a newer engine shows in a record that could not be read; ``None``: it does not."""
    config = getattr(kind, "__struct_config__", None)
    if not isinstance(exc, msgspec.ValidationError) or config is None:
        return None
    try:
        form = msgspec.json.decode(value or b"", type=dict[str, Any]).get(config.tag_field)
    except UNREADABLE:
        return None
    if isinstance(form, int) and form > config.tag:
        return f"it is of form {form}, this engine knows forms up to {config.tag}"
    unknown = _unknown(msgspec.json.decode(value or b""), inspect.type_info(kind))
    return f"it has the member {unknown!r}, which this engine does not know" if unknown else None


def _unknown(value: Any, kind: inspect.Type) -> str | None:
    """Name a member that a kind of ours does not have, however deep it lies."""
    if isinstance(kind, inspect.UnionType):
        return next((name for one in kind.types if (name := _unknown(value, one))), None)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        known = {member.encode_name: member.type for member in kind.fields}
        own = (name for name in value if name not in known and name != kind.tag_field and _NAME.fullmatch(name))
        within = (_unknown(value[name], one) for name, one in known.items() if name in value)
        return next((name for name in (*(own if kind.forbid_unknown_fields else ()), *within) if name), None)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(value, list):
        return next((name for one in value if (name := _unknown(one, kind.item_type))), None)
    if isinstance(kind, inspect.DictType) and isinstance(value, dict):
        return next((name for one in value.values() if (name := _unknown(one, kind.value_type))), None)
    return None


def own_fault(
    where: str, topic: str, value: bytes | None, kind: type[Any] | None, exc: BaseException,
    partition: int | None = None, offset: int | None = None,
) -> PartitionStops:  # fmt: skip
    """Make the error of a record of ours that cannot be read: from a newer engine, or damaged; each with its mend."""
    newer = why_newer(value, kind, exc)
    if newer is None:
        return OwnRecordUnreadable(
            f"{where} is ours and cannot be read ({told(exc)}); restore {topic}",
            topic=topic,
            partition=partition,
            offset=offset,
        )
    return StateFromNewer(
        f"{where} was written by a newer engine: {newer}. Nothing was changed; run that engine or a later one again, an"
        " older one would lose what it does not know",
        topic=topic,
        partition=partition,
        offset=offset,
    )


def read_own(where: str, value: bytes, kind: type[T]) -> T:
    """Read a record that our stages wrote.

    Raises:
        StateFromNewer: A newer engine wrote it.
        OwnRecordUnreadable: It is damaged.
    """
    try:
        return codec.decode(value, kind)
    except (*UNREADABLE, ValueError) as exc:
        raise own_fault(where, where.partition("/")[0], value, kind, exc) from exc


def read_sieved(
    topic: str, record: ConsumerRecord, kind: type[T], strangers: Callable[[bytes], T] | None = None
) -> T | None:
    """Read a record of a logical topic that our stages alone write; ``None``: a stranger's that cannot be read, passed
    by as every stage does.

    ``strangers`` reads what is a stranger's, where more must be sure of it than its kind.

    Raises:
        StateFromNewer: A newer engine wrote it.
        OwnRecordUnreadable: It is ours, and damaged.
    """
    value = record.value or b""
    if type(record) is not Loose:
        return read_own(f"{topic}/{record.partition} offset {record.offset}", value, kind)
    try:
        return strangers(value) if strangers is not None else codec.decode(value, kind)
    except (*UNREADABLE, ValueError, KeyError):
        return None
