"""A file says what its page says: the columns of exports and the console's words are the same."""

from engine.gateway.export_words import WORDS
from engine.gateway.exports import EXPORTS
from engine.gateway.scores import RATES
from tests.contract.test_console_words import catalogue


def test_a_file_has_the_page_s_words() -> None:
    """In both languages; every rate and every way of putting together has one."""
    for place, lang in enumerate(("zh", "en")):
        words = catalogue(lang)
        shown = {key: pair[place] for key, pair in WORDS.items() if not key.startswith("export.")}
        assert shown == {key: words[key] for key in shown}
    assert {f"rate.{name}" for name in RATES} | {f"score_by.{by}" for by in EXPORTS["rates"]} <= set(WORDS)
