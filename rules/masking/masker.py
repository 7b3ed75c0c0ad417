"""Numbers and names of people in free text: found and replaced by a mark that says what stood there (DESIGN 12).

Text is compared in a plain form of the same length, so that full-width digits, odd dashes and characters
without width hide nothing. Not recognised, since they cannot be told from ordinary text: plates of the United States,
seven- and eight-digit numbers without an area code unless a word such as 电话 or "tel" stands before them, and names
other than the reporter's own.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from rules.masking.own_values import found_in, number_in
from rules.masking.patterns import DIGITS, MAILS, NAMED_ONES, PLATES, WORDS, numbers
from rules.masking.plain_form import NUMERALS, PLAIN, SPOKEN, letters_of
from topics.command import Command
from topics.vocabulary import Role

MARKS = {"phone": "〔电话〕", "id": "〔证件〕", "plate": "〔车牌〕", "mail": "〔邮箱〕", "own": "〔上报人〕"}
ENGLISH = {"phone": "〔phone〕", "id": "〔ID〕", "plate": "〔plate〕", "mail": "〔e-mail〕", "own": "〔reporter〕"}


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
    """Masks the texts of one city: whether ten bare digits are a telephone there. English text gets English marks."""

    def __init__(self, american: bool) -> None:
        """Compile once; texts are many."""
        self._numbers = numbers(american)

    def mask(self, text: str, own: Sequence[str] = (), longest: int = 4000) -> str:
        """Replace what points to a person, up to ``longest`` characters; nothing found: the same object comes back."""
        spans: list[tuple[int, int, str]] = []
        plain = text
        has_digits = DIGITS.search(text) is not None
        if has_digits or "@" in text or (not text.isascii() and ("＠" in text or WORDS.search(text) is not None)):
            plain = text.translate(PLAIN)
            spans += self._found(plain, has_digits)
            if sum(map(text.count, NUMERALS)) >= 7:
                spans += self._found(plain.translate(SPOKEN), True)
        form, places = letters_of(text) if own else ("", None)
        for value in own:
            spans += found_in(text, form, places, value)
            if has_digits:
                spans += number_in(plain, value)
        return self._replaced(text, spans)[:longest] if spans else text

    def _found(self, plain: str, has_digits: bool) -> list[tuple[int, int, str]]:
        """Each pattern is tried where its first sign may stand, and only in a text that has one."""
        spans = _spans(PLATES, plain)
        if "@" in plain:
            spans += _spans(MAILS, plain)
        return spans + _spans(self._numbers, plain) + _spans(NAMED_ONES, plain) if has_digits else spans

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


_KINDS = {"mail": "mail", "plate": "plate"} | dict.fromkeys(("phone", "named"), "phone")
_KINDS |= dict.fromkeys(("card", "paper", "former"), "id")


@lru_cache(maxsize=2)
def _masker(american: bool) -> Masker:
    return Masker(american)


def masker_for(timezone: str) -> Masker:
    """Give the masker of a city by its time zone: in America ten bare digits are a telephone."""
    return _masker(is_american(timezone))


def masked_command(command: Command, american: bool = False) -> Command:
    """Mask what somebody wrote into a command; no door is trusted to have done it. Nothing found: the same object.

    A reporter stands in no roster, so a door might name one by their telephone; a pack's person keeps its id.
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
