"""What of a text is looked up: words of letters and digits whole, Chinese in pairs of characters.

PostgreSQL's own trigrams find no word of two characters, and most Chinese words have two (垃圾, 井盖, 路灯). A run of
Chinese is cut into all its pairs, and its last character stands by itself, so that one character alone is found as the
beginning of a pair.
"""

import re
import unicodedata

_CHINESE = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af\U00020000-\U0003ffff"
_RUN = re.compile(rf"([{_CHINESE}]+)|([^\W_{_CHINESE}]+)")
LONGEST_WORD = 64
"""Characters of a word that are looked up; the rest is compared."""

PREFIX_FROM = 3
"""A word of the question of at least so many letters is found as a beginning too: fewer begin half of all words."""


def plain(text: str) -> str:
    """Bring a text into the form in which it is compared: one width, one case, one blank between words."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("\0", "").split())


BEGUN = 4
"""The beginning that each longer word is looked up by as well: to gather all words that begin so took 50 ms among a
million tickets."""


def _begun(word: str) -> str:
    """Ask for the words that begin so; whether the rest is there is compared."""
    if len(word) >= BEGUN:
        return f"'{word[:BEGUN]}~'"
    return f"'{word}'" + (":*" if len(word) >= PREFIX_FROM else "")


def _runs(words: str) -> list[tuple[bool, str]]:
    return [(bool(found[1]), found[0]) for found in _RUN.finditer(words)]


def grams(words: str) -> list[str]:
    """Give what a plain text is found by, each once, in order."""
    found: set[str] = set()
    for is_chinese, run in _runs(words):
        if is_chinese:
            found.update(run[n : n + 2] for n in range(len(run)))
        else:
            found.add(run[:LONGEST_WORD])
            if len(run) >= BEGUN:
                found.add(run[:BEGUN] + "~")
    return sorted(found)


def question(words: str) -> str:
    """Write the ``tsquery`` that finds all texts which may hold these plain words; empty: nothing to look up."""
    asked: dict[str, None] = {}
    lonely: dict[str, None] = {}
    for is_chinese, run in _runs(words):
        if is_chinese and len(run) == 1:
            lonely[f"'{run}':*"] = None
        elif is_chinese:
            asked |= dict.fromkeys([f"'{run[n : n + 2]}'" for n in range(len(run) - 1)])
        else:
            asked[_begun(run)] = None
    return " & ".join(asked or lonely)  # one character begins a great many pairs: beside others it is only compared
