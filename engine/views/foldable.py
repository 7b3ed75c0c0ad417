"""A decision as projector and fan-out read it: what it changed, and of what happened the kinds alone.

Why it was decided and what each event says is two thirds of the reading, and no row shows it: it stays as it is
written, and fan-out reads of it what is told to departments. A member that this engine does not know is refused like
elsewhere, but within those.
"""

from typing import Any, cast

import msgspec

from topics.decision import Decision


class _Happened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event, its facts unread."""

    type: str
    ticket: str
    facts: msgspec.Raw = msgspec.Raw(b"{}")


_UNREAD: dict[str, Any] = {"why": msgspec.Raw, "events": tuple[_Happened, ...]}


def _field(field: msgspec.structs.FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    """One member of a decision, with the same default."""
    kind = _UNREAD.get(field.name, field.type)
    return (field.name, kind) if field.required else (field.name, kind, field.default)


_Foldable = msgspec.defstruct(
    "_Foldable",
    [_field(field) for field in msgspec.structs.fields(Decision)],
    frozen=True,
    kw_only=True,
    tag_field=Decision.__struct_config__.tag_field,
    tag=Decision.__struct_config__.tag,
    forbid_unknown_fields=True,
)
_read = msgspec.json.Decoder(_Foldable).decode


def read(value: bytes) -> Decision:
    """Read a decision of ours, as far as rows are made of it; ``facts_of`` gives what an event says.

    Raises:
        msgspec.MsgspecError, ValueError, RecursionError: It is none.
    """
    return cast(Decision, _read(value))
