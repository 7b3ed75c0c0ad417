"""What a reporter is known again by: numbers and mail addresses, brought into one form however they were written."""

import re
from collections.abc import Iterable

from rules.masking.masker import is_citizen_number
from rules.masking.plain_form import PLAIN

MOST = 8
"""Of one reporter: two telephones, a card and a mail address are four."""
_DIGIT = re.compile("[0-9]")
_CARD = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_GAP = r"[ ._()\[\]【】-]{0,3}"
_RUN = re.compile(rf"\+?[ (]{{0,2}}[0-9](?:{_GAP}[0-9]){{6,19}}")
_LONG_RUN = re.compile(rf"\+?[ (]{{0,2}}[0-9](?:{_GAP}[0-9]){{6,63}}(?:{_GAP}[Xx](?![0-9A-Za-z]))?")
_ONE = (
    rf"(?:(?P<card>[1-8][0-9]{{3}}(?:{_GAP}[0-9]){{13}}{_GAP}[0-9Xx])"
    rf"|(?:(?:\+|00)?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
    rf"|0[0-9]{{2,3}}{_GAP}[1-9][0-9]{{2,3}}{_GAP}[0-9]{{4}})(?![0-9])"
)
_IN_GROUPS, _SEVERAL = (
    re.compile(_ONE),
    re.compile(rf"[ (]{{0,2}}(?:{_ONE.replace('?P<card>', '?:')}{_GAP})+(?:[0-9]{{1,4}})?"),
)
"""As people write them: cards, mobile and land numbers. What is made of these alone is these, one beside the other, and
perhaps the number of a door behind them; anything else is one number, whatever stands between its digits."""
_MOBILE = re.compile(r"(?<![0-9+])1[3-9][0-9]{9}(?![0-9])")
"""Written in one piece it is a number by itself, whatever digits stand beside it."""
_BETWEEN, _SIGNS_OF_CARD = re.compile("[^0-9+]"), re.compile("[^0-9Xx]")
_SIGN = r"""[^\s@<>,;:"\\(){}\[\]]"""
_MAIL = re.compile(rf"(?<!{_SIGN}){_SIGN}{{1,64}}@{_SIGN}{{1,255}}\.{_SIGN}{{1,255}}")
"""Of an original that was turned away nothing of what stands around it in JSON; no longer than RFC 5321 (4.5.3.1) has
it, and begun at a word's beginning alone: 20,000 letters without a blank took 8 seconds."""
_CHINA, _AMERICA = re.compile("(?:00|[+])?86(?=1[3-9][0-9]{9}$)"), re.compile("(?:00|[+])1(?=[2-9][0-9]{9}$)")


def known_by(text: str) -> list[str]:
    """Give every number and mail address in a value, each in its one form."""
    if len(text) == 11 and text.isascii() and text.isdigit():  # nearly all of them
        return [text]
    plain = text if text.isascii() else text.translate(PLAIN)
    if "@" not in plain and _DIGIT.search(plain) is None:
        return []
    found = [mail.lower() for mail in _MAIL.findall(plain)] if "@" in plain else []
    if len(plain) >= 18 and (cards := _CARD.findall(plain)):
        found += [card.upper() for card in cards]
        plain = _CARD.sub(" ", plain)
    if len(plain) > 11 and (mobiles := _MOBILE.findall(plain)):
        found += mobiles
        plain = _MOBILE.sub("/", plain)
    for run in _LONG_RUN.findall(plain):
        found += _numbers_in(run)
    return found


def _numbers_in(run: str) -> list[str]:
    """Read a run of digits: the numbers it is made of, else one number."""
    if _SEVERAL.fullmatch(run):
        ones = list(_IN_GROUPS.finditer(run))
        cards = [_SIGNS_OF_CARD.sub("", one["card"]).upper() for one in ones if one["card"]]
        if all(map(is_citizen_number, cards)):
            return [*cards, *(_plain(one.group()) for one in ones if not one["card"])]
    return [_plain(one) for one in _RUN.findall(run)]


def _plain(run: str) -> str:
    number = _BETWEEN.sub("", run)
    return number if len(number) == 11 else _AMERICA.sub("", _CHINA.sub("", number)).lstrip("+")


def all_known_by(own: Iterable[str]) -> tuple[str, ...]:
    """Give what a reporter is known again by, of all he says of himself; a name alone is nobody's in particular."""
    found: list[str] = []
    for value in own:
        found += known_by(value)
    return tuple(dict.fromkeys(found))[:MOST] if len(found) > 1 else tuple(found)
