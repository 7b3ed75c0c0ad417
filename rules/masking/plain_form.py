"""Texts as they are compared (DESIGN 12): plain digits, dashes and blanks for numbers, small letters for names."""

import unicodedata

NUMERALS = "零〇一二三四五六七八九幺"
_VALUES = "001234567891"
_DASHES = "‐‑‒–—―−﹣－ー·•・‧﹒．⋅_"
_BLANKS = "\t\u3164\uffa0\u115f\u1160"


class _Plain(dict[int, str]):
    """Code point -> the plain sign in its place: digits of all scripts and in circles, dashes, blanks for nothing."""

    def __missing__(self, point: int) -> str:
        if len(self) > 5000:
            self.clear()
        char = chr(point)
        kind, digit = unicodedata.category(char), unicodedata.digit(char, None)
        wide = chr(point - 0xFEE0) if 0xFF01 <= point <= 0xFF5E else char
        if digit is not None:
            found = str(digit)
        elif char in _DASHES or kind == "Pd":
            found = "-"
        else:
            found = " " if char in _BLANKS or kind in ("Cf", "Mn", "Zs", "Zl", "Zp") else wide
        self[point] = found
        return found


PLAIN = _Plain()
SPOKEN: dict[int, int | str] = {ord(word): value for word, value in zip(NUMERALS, _VALUES, strict=True)}


class _Letters(dict[int, str]):
    """Code point -> one sign as names are compared: plain, small, without accent; what shows nothing becomes nought."""

    def __missing__(self, point: int) -> str:
        if len(self) > 5000:
            self.clear()
        first = unicodedata.normalize("NFKD", chr(point)).casefold()[:1]
        is_seen = unicodedata.category(chr(point)) not in ("Mn", "Cf")
        self[point] = found = first if first and is_seen else "\0"
        return found


_LETTERS = _Letters()


def letters_of(text: str) -> tuple[str, list[int] | None]:
    """Bring a text into the form in which names are looked for; where each sign stood, unless all stand as before."""
    form = text.lower() if text.isascii() else text.translate(_LETTERS)
    if "\0" not in form:
        return form, None
    return form.replace("\0", ""), [place for place, sign in enumerate(form) if sign != "\0"]
