"""One form of what people write, so that addresses and words are compared alike: NFKC, case folded (LAW 2, 3)."""

import unicodedata


def plain(text: str) -> str:
    """Make full-width signs plain and fold the case."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()
