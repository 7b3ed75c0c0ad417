"""What a reporter says of himself, looked for in texts: names, numbers, addresses (DESIGN 12)."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rules.masking.plain_form import PLAIN, letters_of

MOST_OWN, LONGEST_OWN, MOST_LOOKED_AT = 32, 64, 128
"""Values of a reporter that are looked for, characters of each, members looked at: a name, a street has fewer."""
NOBODY = frozenset({
    "匿名", "无", "未知", "不详", "先生", "女士", "市民", "居民", "群众", "男", "女", "是", "否",
    "anonymous", "none", "null", "unknown", "resident", "somebody", "male", "female", "yes", "no", "true", "false",
    "n/a",
})  # fmt: skip
"""What stands in a reporter's fields and names nobody."""


def own_values(reporter: Mapping[str, Any] | None) -> tuple[str, ...]:
    """List what a reporter says of himself, as texts to look for: names, numbers, addresses; the first few of them."""
    if not reporter:
        return ()
    found: list[str] = []
    waiting: list[Any] = [*islice(reporter.values(), MOST_LOOKED_AT)]
    for value in waiting:  # grows while it is walked, to a bound
        if isinstance(value, str):
            text = value[:LONGEST_OWN].strip()
        elif isinstance(value, int):
            text = str(value) if abs(value) < 10**30 else ""
        else:
            if isinstance(value, dict | list) and len(waiting) < MOST_LOOKED_AT:
                waiting += islice(value.values() if isinstance(value, dict) else value, MOST_OWN)
            continue
        if _tells(text):
            found.append(text)
            if len(found) == MOST_OWN:
                break
    return tuple(found)


def _tells(text: str) -> bool:
    """Whether a value is long enough to point to somebody: two Chinese characters, three letters, five digits."""
    if not text.isascii():
        return len(text) >= 2 and text not in NOBODY
    return len(text) >= (5 if text.isdigit() else 3) and text.lower() not in NOBODY


def found_in(text: str, form: str, places: list[int] | None, value: str) -> Iterator[tuple[int, int, str]]:
    """Find a value of the reporter in a text, in any case and accents; a word in small letters is one: will, mark."""
    wanted, _ = letters_of(value)
    is_word = wanted.isascii() and wanted.isalpha() and not value.islower()
    start = form.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        first = start if places is None else places[start]
        last = end if places is None else places[end] if end < len(places) else len(text)
        if not _splits_word(form, start, end) and not (is_word and text[first:last].islower()):
            yield first, last, "own"
        start = form.find(wanted, end)


def number_in(plain: str, value: str) -> Iterator[tuple[int, int, str]]:
    """Find a number of the reporter however it is spaced."""
    digits = value if value.isascii() and value.isdigit() else "".join(_DIGIT.findall(value.translate(PLAIN)))
    if len(digits) >= 7 and not _LETTER.search(value):
        for run in _RUN.finditer(plain):
            at = "".join(_DIGIT.findall(run.group())).find(digits)
            if at >= 0:
                places = [place for place in range(run.start(), run.end()) if plain[place].isdecimal()]
                yield places[at], places[at + len(digits) - 1] + 1, "own"


_DIGIT, _LETTER = re.compile("[0-9]"), re.compile(r"[^\W\d_]")
_RUN = re.compile(r"[0-9](?:[ ._()\[\]【】-]{0,3}[0-9]){6,}+")
"""However long: of numbers one behind the other a part would be cut in two."""


def _splits_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin or numeric value is only a part of a longer word: Ann of Annual, 12345 of 112345."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_is_latin(before) and _is_latin(text[start])) or (_is_latin(after) and _is_latin(text[end - 1]))


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
