"""A folder's path as its servers are told it: each reads its own file of settings in its own way."""

import os
from pathlib import Path

from engine.errors import InvalidSettings


def demand_nameable(folder: Path) -> None:
    """Refuse a path that Kafka and PostgreSQL would part in two at a comma, or that no file of settings can hold.

    Raises:
        InvalidSettings: Names the sign.
    """
    unfit = next((sign for sign in str(folder) if sign == "," or not sign.isprintable()), None)
    if unfit is not None:
        raise InvalidSettings(
            f"the path {str(folder)!a} holds {unfit!a}, with which its servers cannot be told where it is; choose"
            " another --data, or name that folder otherwise"
        )


def in_utf8() -> dict[str, str]:
    """Give our environment to a server, with files named in UTF-8 as we name them: in the locale C, Java cannot open a
    folder whose name is Chinese."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}


def java_property(value: object) -> str:
    """Write a value as Java reads its files of properties: in Latin-1, a backslash begins an escape."""
    text = str(value).replace("\\", "\\\\")
    units = memoryview(text.encode("utf-16-le")).cast("H")
    return "".join(chr(unit) if unit < 0x80 else f"\\u{unit:04x}" for unit in units)


def valkey_word(path: Path) -> str:
    """Write a path as Valkey reads a word within quotes."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
