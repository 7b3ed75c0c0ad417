"""Reading one YAML file of a pack within bounds of bytes, nodes and depth, whoever wrote it (LAW 8, topics/bounds)."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from topics import bounds

_BASE: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENING, _CLOSING = (yaml.MappingStartEvent, yaml.SequenceStartEvent), (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class _Loader(_BASE):  # type: ignore[misc]
    """YAML in which a key may stand once: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:str":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value[:50]!r} stands twice; keep one", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


def load(path: Path) -> Any:
    """Read one file: the text is looked through event by event first, so that nothing hostile is ever built.

    Raises:
        OSError: It cannot be read.
        yaml.YAMLError: It is no file, no YAML, or beyond a bound; with the line.
    """
    text = text_of(path)
    try:
        _within(yaml.parse(text, Loader=_BASE))
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        raise
    except (
        ValueError,
        ArithmeticError,
        RecursionError,
        LookupError,
    ) as exc:  # 2026-99-99, a number of 5,000 digits, 0x
        raise yaml.YAMLError(f"holds a value that cannot be read: {str(exc)[:200]}; quote it if it is a text") from exc


def tree(path: Path) -> yaml.Node | None:
    """Where everything in a file stands, for messages; ``None`` for a file that ``load`` would refuse."""
    try:
        text = text_of(path)
        _within(yaml.parse(text, Loader=_BASE))
        return yaml.compose(text, Loader=_BASE)
    except (OSError, yaml.YAMLError, ValueError, ArithmeticError, RecursionError, LookupError):
        return None


def text_of(path: Path) -> str:
    """Read a file within its bound.

    Raises:
        OSError: It cannot be read.
        yaml.YAMLError: It is no file, too large, or no UTF-8.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise yaml.YAMLError("is no file")
    with path.open("rb") as file:
        data = file.read(bounds.PACK_FILE_BYTES + 1)
    if len(data) > bounds.PACK_FILE_BYTES:
        raise yaml.YAMLError(f"is larger than {bounds.PACK_FILE_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise yaml.YAMLError(f"is not UTF-8 at byte {exc.start}; save it as UTF-8") from exc


def _within(events: Iterator[Any]) -> None:
    """Refuse what would grow when it is built: too many nodes, too deep, aliases, merges."""
    depth = nodes = 0
    for event in events:
        if isinstance(event, _OPENING):
            depth += 1
        elif isinstance(event, _CLOSING):
            depth -= 1
            continue
        nodes += 1
        if depth > bounds.PACK_DEPTH:
            raise _beyond(event, f"is nested deeper than {bounds.PACK_DEPTH} levels")
        if nodes > bounds.PACK_NODES:
            raise _beyond(event, f"holds more than {bounds.PACK_NODES} values")
        if isinstance(event, yaml.AliasEvent):
            raise _beyond(event, f"the alias *{str(event.anchor)[:50]} is not read; write out what it stands for")
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            raise _beyond(event, "a merge (<<) is not read; write out what it stands for")


def _beyond(event: Any, text: str) -> yaml.YAMLError:
    return yaml.YAMLError(f"line {event.start_mark.line + 1}: {text}")
