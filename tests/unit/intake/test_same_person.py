"""What a reporter is known again by: one form, however it was written, and nothing of who merely looks alike."""

import pytest

from engine.security.same_person import MOST, all_known_by, known_by
from engine.security.vault import Vault
from topics.rejected import Sealed


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("13800001234", ["13800001234"]), ("138 0000 1234", ["13800001234"]), ("138-0000-1234", ["13800001234"]),
        ("+86 138 0000 1234", ["13800001234"]), ("008613800001234", ["13800001234"]),
        ("8613800001234", ["13800001234"]),
        ("１３８００００１２３４", ["13800001234"]), ("手机：138 0000 1234", ["13800001234"]),
        ("(213) 555-0123", ["2135550123"]), ("+1 213 555 0123", ["2135550123"]), ("0371-67891234", ["037167891234"]),
        ("41010519900307123x", ["41010519900307123X"]), ("Wang.Wu@Example.com", ["wang.wu@example.com"]),
        ("13800001234 / 13900005678", ["13800001234", "13900005678"]), ("王小五", []), ("12345", []), ("", []),
        ("13800001234 13900005678", ["13800001234", "13900005678"]), ("13800001234 4号楼", ["13800001234"]),
        ("13800001234-0371-67891234", ["13800001234", "037167891234"]),
        ('{"mail":"Wang.Wu@Example.com","n":1}', ["wang.wu@example.com"]),
        ("138 0013 8000 139 0013 8000", ["13800138000", "13900138000"]),
        ("138-0013-8000 139-0013-8000", ["13800138000", "13900138000"]),
        ("+86 138 0013 8000 +86 (139) 0013 8000", ["13800138000", "13900138000"]),
        ("１３８　００１３　８０００　１３９－００１３－８０００", ["13800138000", "13900138000"]),
        ("0531 8888 6666 0531-88887777", ["053188886666", "053188887777"]),
        ("138 0013 8000 0531 8888 6666", ["13800138000", "053188886666"]),
        ("138 0013 8000 4号楼", ["13800138000"]), ("138_0013_8000", ["13800138000"]),
        ("【138】00138000", ["13800138000"]), ("1380 013 8000", ["13800138000"]),
        ("110105 19491231 002x", ["11010519491231002X"]), ("1101 0519 4912 3100 2X", ["11010519491231002X"]),
        ("110105 19491231 002X 138 0013 8000", ["11010519491231002X", "13800138000"]),
        ("6222 0213 8001 3800 000", ["6222021380013800000"]), ("1388 0013 8000 1234", ["1388001380001234"]),
        ("mail:wang.wu@example.com", ["wang.wu@example.com"]), ("+86 13800001234", ["13800001234"]),
    ],
)  # fmt: skip
def test_one_number_is_one_form(written: str, known: list[str]) -> None:
    """By a country's code, spaces, brackets, width, or a word before it."""
    assert known_by(written) == known


def test_a_hostile_text_is_looked_through_once() -> None:
    """An original of 100,000 letters without a blank, which anybody may send, keeps no erasure waiting."""
    assert known_by("a" * 65 + "@example.com") == [] and known_by("a" * 64 + "@example.com") != []
    assert known_by("a" * 10**5 + " @") == known_by("@" + "a" * 10**5) == known_by("a@" * 50_000) == []


def test_of_one_reporter_the_first_few_count_once() -> None:
    """Whoever sends a thousand numbers costs eight hashes."""
    assert all_known_by(["13800001234", "138 0000 1234", "王小五"]) == ("13800001234",)
    assert len(all_known_by([f"139{n:08d}" for n in range(1000)])) == MOST


def test_a_hash_is_of_its_key_and_no_number() -> None:
    """Another master key has others; by a new one what the former sealed is found; the entry opens as before."""
    old, new = Vault(b"o" * 32), Vault(b"n" * 32, [b"o" * 32])
    entry = old.seal("v-1", b"{}", ["13800001234"])
    assert entry.people == (old.hashed("13800001234"),) and "1380000" not in str(entry)
    assert old.hashed("13800001234") != new.hashed("13800001234") and len(entry.people[0]) == 32
    assert new.hashed_by_all("13800001234") == [new.hashed("13800001234"), old.hashed("13800001234")]
    assert new.open("v-1", entry) == b"{}" and Sealed(entry.wrapped_key, entry.sealed).people == ()
