"""Numbers and names of people in free text: found and replaced by a mark that says what stood there (DESIGN 12).

Each pattern is linear: no part of it can match the same characters in two ways, and every repeat is bounded or
possessive. Text is compared in a plain form of the same length, so that full-width digits, odd dashes and characters
without width hide nothing. Not recognised, since they cannot be told from ordinary text: plates of the United States,
seven- and eight-digit numbers without an area code unless a word such as 电话 or "tel" stands before them, and names
other than the reporter's own.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from msgspec.structs import replace

from topics.command import Command
from topics.vocabulary import Role

MARKS = {"phone": "〔电话〕", "id": "〔证件〕", "plate": "〔车牌〕", "mail": "〔邮箱〕", "own": "〔上报人〕"}
ENGLISH = {"phone": "〔phone〕", "id": "〔ID〕", "plate": "〔plate〕", "mail": "〔e-mail〕", "own": "〔reporter〕"}

MOST_OWN, LONGEST_OWN, MOST_LOOKED_AT = 32, 64, 128
"""Values of a reporter that are looked for, characters of each, members looked at: a name, a number, a street has
fewer."""

NUMERALS = "零〇一二三四五六七八九幺"
_VALUES = "001234567891"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_DASHES = "‐‑‒–—―−﹣－ー·•・‧﹒．⋅_"
_BLANKS = "\t\u3164\uffa0\u115f\u1160"


class _Plain(dict[int, str]):
    """Code point -> the plain sign in its place: the digits of all scripts and in circles, dashes, and for what shows
    nothing a blank."""

    def __missing__(self, point: int) -> str:
        if len(self) > 5000:
            self.clear()
        char = chr(point)
        kind, digit = unicodedata.category(char), unicodedata.digit(char, None)
        wide = chr(point - 0xFEE0) if 0xFF01 <= point <= 0xFF5E else char
        self[point] = found = (
            str(digit)
            if digit is not None
            else (
                "-"
                if char in _DASHES or kind == "Pd"
                else " "
                if char in _BLANKS or kind in ("Cf", "Mn", "Zs", "Zl", "Zp")
                else wide
            )
        )
        return found


_PLAIN = _Plain()
_SPOKEN: dict[int, int | str] = {ord(word): value for word, value in zip(NUMERALS, _VALUES, strict=True)}

_SIGN = r"[\d²³¹⁰-⁹₀-₉①-⑨⑴-⑼⓪➀-➈❶-❾]"
_DIGITS = re.compile(rf"{_SIGN}(?:[\W_]{{0,3}}{_SIGN}){{6}}")
_WORDS = re.compile(rf"[{NUMERALS}](?:[\W_]{{0,2}}[{NUMERALS}0-9]){{6}}|[{_PROVINCES}][\W_]?[A-Za-zＡ-Ｚａ-ｚ]")
"""The cheap look first, 1 to 2 µs: seven digits near each other, an at sign, or in Chinese text a province before a
letter."""

_GAP = r"[ -]{0,3}"
_MOBILE = (
    rf"(?:(?:\+ ?)?(?:00)?86{_GAP})?1[3-9]\d(?:{_GAP}\d{{4}}{_GAP}\d{{4}}|{_GAP}\d{{3}}{_GAP}\d{{5}}|(?:["
    r" -]\d){8}|\.\d{4}\.\d{4})(?:[ /,;-]{1,3}1[3-9]\d{9}){0,3}"
)
_SPACED = r"1[ -][3-9](?:[ -]\d){9}"
_LAND = (
    rf"(?:\+?(?:00)?86{_GAP})?(?:\(0(?:10|2\d|[3-9]\d\d)\)|0(?:10|2\d|[3-9]\d\d)){_GAP}[1-9]\d{{2,3}}{_GAP}\d{{4}}"
    rf"(?:{_GAP}(?:转|ext\.?){_GAP}\d{{1,5}})?"
)
_LAND_ABROAD = rf"\+?(?:00)?86{_GAP}(?:\((?:10|2\d|[3-9]\d\d)\)|(?:10|2\d|[3-9]\d\d)){_GAP}[2-9]\d{{2,3}}{_GAP}\d{{4}}"
_AMERICAN = r"(?:\+?1[ .-]{1,2})?(?:\([2-9]\d\d\)[ .-]{0,2}|(?!400|800)[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
_ABROAD = r"\+\d{1,3}(?:[ -]{0,2}\d{2,4}){2,4}"
_NAMED = (
    r"(?:电话|手机|座机|致电|联系方式|联系人|[Tt]el(?:ephone)?|[Pp]hone|[Cc]ell|[Cc]all(?:"
    r" me)?)(?:号码|号|是|为|at|\.)?[ :-]{0,3}(?P<named>\d{3,4}[ -]?\d{4}|\d{7,12})"
)
_CITIZEN = r"[1-8]\d{5}[ -]?(?:18|19|20)\d\d[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx]"
_FORMER = r"[1-8]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
_PAPER = r"(?:身份证|证件)(?:号码|号)?(?:是|为)?[ :-]{0,3}(?P<paper>\d{14,17}[\dXx])"
_PLATE = (
    rf"[{_PROVINCES}][ -]?[A-HJ-NP-Za-hj-np-z]["
    r" -]{0,2}(?=[A-Za-z]{0,6}\d)"
    r"(?:[A-HJ-NP-Za-hj-np-z0-9]{6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])"
)
_MAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"


_MAILS = re.compile(rf"(?P<mail>{_MAIL})")
_PLATES = re.compile(rf"(?P<plate>(?:{_PLATE})(?![0-9A-Za-z]))")
_NAMED_ONES = re.compile(rf"(?=[电手座致联身证TtPpCc])(?:{_PAPER}|{_NAMED}(?![ -]{{0,2}}\d))")


def _numbers(american: bool) -> re.Pattern[str]:
    """One pattern for what begins with a digit, a plus or a bracket; what is longest and surest stands first."""
    phones = [_MOBILE, _SPACED, _LAND, _LAND_ABROAD, _AMERICAN, _ABROAD]
    if american:
        phones.append(r"(?:1[ .-]?)?[2-9]\d\d[2-9]\d{6}")
    alone, end = r"(?<![A-Za-z])", r"(?![0-9A-Za-z])(?!-\d)"
    return re.compile(
        rf"(?=[0-9(+])(?<![0-9])(?<!\d[-.])(?:{alone}(?:(?P<card>{_CITIZEN}(?![0-9A-Za-z]))|(?P<former>{_FORMER}{end}))"
        rf"|(?P<phone>(?<![A-Za-z][-.])(?:{'|'.join(phones)})(?![0-9])(?!-\d)))"
    )  # fmt: skip


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_citizen_number(text: str) -> bool:
    """Whether the check digit of an 18-digit identity card is right (GB 11643)."""
    digits = [char for char in text.upper() if char.isdigit() or char == "X"]
    if len(digits) != 18 or "X" in digits[:17]:
        return False
    return (
        "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) % 11]
        == digits[17]
    )


class Masker:
    """Masks the texts of one city: whether ten bare digits are a telephone there. A text without a Chinese sign gets
    English marks."""

    def __init__(self, american: bool) -> None:
        """Compile once; texts are many."""
        self._numbers = _numbers(american)

    def mask(self, text: str, own: Sequence[str] = (), longest: int = 4000) -> str:
        """Replace what points to a person; the same object comes back when there is nothing. Never longer than
        ``longest``."""
        spans: list[tuple[int, int, str]] = []
        plain = text
        has_digits = _DIGITS.search(text) is not None
        if has_digits or "@" in text or (not text.isascii() and ("＠" in text or _WORDS.search(text) is not None)):
            plain = text.translate(_PLAIN)
            spans += self._found(plain, has_digits)
            if sum(map(text.count, NUMERALS)) >= 7:
                spans += self._found(plain.translate(_SPOKEN), True)
        form, places = _form(text) if own else ("", None)
        for value in own:
            spans += _own(text, form, places, value)
            if has_digits:
                spans += _own_number(plain, value)
        return self._replaced(text, spans)[:longest] if spans else text

    def _found(self, plain: str, has_digits: bool) -> list[tuple[int, int, str]]:
        """Each pattern is tried where its first sign may stand, and only in a text that has one."""
        spans = _spans(_PLATES, plain)
        if "@" in plain:
            spans += _spans(_MAILS, plain)
        return spans + _spans(self._numbers, plain) + _spans(_NAMED_ONES, plain) if has_digits else spans

    def _replaced(self, text: str, spans: list[tuple[int, int, str]]) -> str:
        marks = ENGLISH if text.isascii() else MARKS
        parts: list[str] = []
        here = 0
        for start, end, kind in sorted(spans):
            if start >= here:
                parts += [text[here:start], marks[kind]]
            here = max(here, end)
        return "".join((*parts, text[here:]))


def _spans(pattern: re.Pattern[str], plain: str) -> list[tuple[int, int, str]]:
    found = ((one, one.lastgroup or "") for one in pattern.finditer(plain))
    return [
        (*one.span(kind), _KINDS[kind]) for one, kind in found if kind != "card" or is_citizen_number(one.group(kind))
    ]


_KINDS = {
    "mail": "mail",
    "card": "id",
    "paper": "id",
    "former": "id",
    "plate": "plate",
    "phone": "phone",
    "named": "phone",
}

NOBODY = frozenset(
    {
        "匿名",
        "无",
        "未知",
        "不详",
        "先生",
        "女士",
        "市民",
        "居民",
        "群众",
        "男",
        "女",
        "是",
        "否",
        "anonymous",
        "none",
        "null",
        "unknown",
        "resident",
        "somebody",
        "male",
        "female",
        "yes",
        "no",
        "true",
        "false",
        "n/a",
    }
)
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


class _Letters(dict[int, str]):
    """Code point -> one sign as names are compared: plain width, small, without accent; what shows nothing becomes
    nought."""

    def __missing__(self, point: int) -> str:
        if len(self) > 5000:
            self.clear()
        first = unicodedata.normalize("NFKD", chr(point)).casefold()[:1]
        is_seen = unicodedata.category(chr(point)) not in ("Mn", "Cf")
        self[point] = found = first if first and is_seen else "\0"
        return found


_LETTERS = _Letters()


def _form(text: str) -> tuple[str, list[int] | None]:
    """Bring a text into the form in which names are looked for, and say where each sign stood, unless all stand where
    they stood."""
    form = text.lower() if text.isascii() else text.translate(_LETTERS)
    if "\0" not in form:
        return form, None
    return form.replace("\0", ""), [place for place, sign in enumerate(form) if sign != "\0"]


def _own(text: str, form: str, places: list[int] | None, value: str) -> Iterator[tuple[int, int, str]]:
    """Find a value of the reporter in a text, in whatever case and accents; a single word in small letters is a word
    like any: will, may, mark."""
    wanted, _ = _form(value)
    is_word = wanted.isascii() and wanted.isalpha() and not value.islower()
    start = form.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        first = start if places is None else places[start]
        last = end if places is None else places[end] if end < len(places) else len(text)
        if not _splits_word(form, start, end) and not (is_word and text[first:last].islower()):
            yield first, last, "own"
        start = form.find(wanted, end)


def _own_number(plain: str, value: str) -> Iterator[tuple[int, int, str]]:
    """Find a number of the reporter however it is spaced."""
    digits = value if value.isascii() and value.isdigit() else "".join(_DIGIT.findall(value.translate(_PLAIN)))
    if len(digits) >= 7 and not _LETTER.search(value):
        for run in _RUN.finditer(plain):
            at = "".join(_DIGIT.findall(run.group())).find(digits)
            if at >= 0:
                places = [place for place in range(run.start(), run.end()) if plain[place].isdecimal()]
                yield places[at], places[at + len(digits) - 1] + 1, "own"


_DIGIT, _LETTER = re.compile("[0-9]"), re.compile(r"[^\W\d_]")
_RUN = re.compile(r"[0-9](?:[ .()-]{0,3}[0-9]){6,30}")


def _splits_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin or numeric value is only a part of a longer word: Ann of Annual, 12345 of 112345."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_is_latin(before) and _is_latin(text[start])) or (_is_latin(after) and _is_latin(text[end - 1]))


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


@lru_cache(maxsize=2)
def _masker(american: bool) -> Masker:
    return Masker(american)


def masker_for(timezone: str) -> Masker:
    """Give the masker of a city by its time zone: in America ten bare digits are a telephone."""
    return _masker(is_american(timezone))


def masked_command(command: Command, american: bool = False) -> Command:
    """Mask what somebody wrote into a command; the same object comes back when there is nothing. No door is trusted to
    have done it.

    A reporter stands in no roster, so a door might name one by their telephone; a pack's person keeps the id it has
    there.
    """
    reason, text, actor = command.reason, command.text, command.actor
    mask = _masker(american).mask
    said, told = reason and mask(reason), text and mask(text)
    named = masked_name(actor.person) if actor.role is Role.REPORTER else actor.person
    if said is reason and told is text and named is actor.person:
        return command
    return replace(
        command, reason=said, text=told, actor=actor if named is actor.person else replace(actor, person=named)
    )


def masked_name(person: str) -> str:
    """Mask what stands where a person's id should; of somebody a roster knows it is the id."""
    return _masker(False).mask(person, longest=100)


def is_american(timezone: str) -> bool:
    """Whether ten bare digits are a telephone in a city of this time zone."""
    return timezone.startswith(("America/", "Pacific/Honolulu", "US/"))
