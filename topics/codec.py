"""How records that only we write become bytes and back: JSON by msgspec, one encoder for all."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

encode = msgspec.json.Encoder(order="deterministic").encode
"""Value -> UTF-8 JSON; maps with sorted keys, so that equal values are equal bytes."""

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def decoder(kind: Any) -> Callable[[bytes], Any]:
    """Make the reader of one kind, for where a look-up per record would count."""
    return msgspec.json.Decoder(kind).decode


def decode(data: bytes, kind: type[T]) -> T:
    """Read one record of a known kind.

    Raises:
        msgspec.DecodeError: The bytes are no JSON, or (``ValidationError``) do not fit the kind; names the field.
        UnicodeDecodeError, RecursionError: Text that is not UTF-8, or nested too deep: ``topics.unreadable``.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder.decode(data)  # type: ignore[no-any-return]


def form_of(kind: Any) -> bytes:
    """Sum up all that a reader of a kind must know: members however deep, their types, values and defaults.

    Of two engines that answer the same each reads what the other writes, and loses nothing of it.
    """
    said = _undescribed(msgspec.json.schema(kind))
    return hashlib.sha256(encode(said)).hexdigest()[:32].encode()


def _undescribed(said: Any) -> Any:
    """Leave out what is said to people: a docstring may change."""
    if isinstance(said, dict):
        return {name: _undescribed(one) for name, one in said.items() if name != "description"}
    return [_undescribed(one) for one in said] if isinstance(said, list) else said
