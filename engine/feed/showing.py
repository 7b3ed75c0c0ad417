"""What is shown of a value that nobody has looked at: its shape for whoever must find it, never a name or a number
(DESIGN 12)."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from rules.masking.masker import masker_for
from rules.masking.plain_form import NUMERALS
from rules.rulepack.shape import worded

WORD = 12
"""Longest word that is shown whole: statuses and channels are short."""

NUMERAL_WORDS = 3
"""So many written numerals in a word may be a number that is spoken."""

_DATE = re.compile(r"(19|20)\d\d[-/.年]\d{1,2}[-/.月]|\d{4}-\d\d-\d\d(T\d\d:|$)")


def masked(text: str, most: int = 40) -> str:
    """Show of a value what helps to find it, and nothing that could be somebody's name or number."""
    text = text[:most] + ("…" if len(text) > most else "")
    digits, is_date = sum(char.isdigit() for char in text), _DATE.match(unicodedata.normalize("NFKC", text)) is not None
    shown, letters, numbers = [], 0, 0
    for char in text:
        if char.isdigit():
            numbers += 1
            shown.append(char if digits < 7 or numbers <= 2 or (is_date and numbers <= 14) else "*")
        elif char.isalpha():
            letters += 1
            shown.append(char if letters <= 1 or char in "年月日时分秒上下午" else "*")
        else:
            shown.append(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}")
    return "".join(shown)


def shown_word(word: str, timezone: str, own: Sequence[str] = ()) -> str:
    """Show a word that a map does not list: whole where it can be nobody's name or number, else its shape.

    ``own``: what the row's reporter says of himself.
    """
    numerals = sum(char in NUMERALS or char.isnumeric() for char in word)
    is_word = (
        len(word) <= WORD and not any(char.isspace() or char.isdigit() for char in word) and numerals < NUMERAL_WORDS
    )
    return word if is_word and masker_for(timezone).mask(word, own) == word else masked(word)


def mend_of(error: Any, root: type[BaseModel]) -> str:
    """What the door's model found, in words: what is wrong, and the mend; a value in it is masked."""
    kind, found = error["type"], error["input"]
    if kind.startswith(("datetime", "timezone")):
        return "is no time that an incident can have; write one like 2026-03-05T08:05:00+08:00"
    if kind == "string_too_long":
        return f"has {len(found)} characters; at most {error['ctx']['max_length']}, shorten it"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    return worded({**error, "input": _outlined(found)}, root)


def fault_of(error: Any, root: type[BaseModel]) -> str:
    """The same with the value before it, where the mend does not have it."""
    value = f"{_outlined(error['input'])!r} " if error["type"].startswith(("datetime", "timezone")) else ""
    return value + mend_of(error, root)


def _outlined(found: Any) -> str:
    return (
        "an object" if isinstance(found, dict) else "a list" if isinstance(found, list | tuple) else masked(str(found))
    )
