"""How records that only we write become bytes and back: JSON by msgspec, one encoder for all."""

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
