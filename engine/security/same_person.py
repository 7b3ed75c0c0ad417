"""What a reporter is known again by: numbers and mail addresses, brought into one form however they were written."""

import re
from collections.abc import Iterable

from rules.masking.plain_form import PLAIN

MOST = 8
"""Of one reporter: two telephones, a card and a mail address are four."""
_DIGIT = re.compile("[0-9]")
_CARD = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_RUN = re.compile(r"\+?[ (]{0,2}[0-9](?:[ .()-]{0,3}[0-9]){6,19}")
_MOBILE = re.compile(r"(?<![0-9+])1[3-9][0-9]{9}(?![0-9])")
"""Written in one piece it is a number by itself, whatever digits stand beside it."""
_BETWEEN = re.compile("[^0-9+]")
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
    for run in _RUN.findall(plain):
        number = _BETWEEN.sub("", run)
        found.append(number if len(number) == 11 else _AMERICA.sub("", _CHINA.sub("", number)).lstrip("+"))
    return found


def all_known_by(own: Iterable[str]) -> tuple[str, ...]:
    """Give what a reporter is known again by, of all he says of himself; a name alone is nobody's in particular."""
    found: list[str] = []
    for value in own:
        found += known_by(value)
    return tuple(dict.fromkeys(found))[:MOST] if len(found) > 1 else tuple(found)
