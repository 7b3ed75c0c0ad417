"""The vault: what is sealed opens with its own token alone, and a key others may read is refused."""

import stat
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from engine.errors import InvalidSettings
from engine.security.vault import Vault, load_master_key, make_master_key

VAULT = Vault(b"k" * 32)


def test_what_is_sealed_opens_again_and_only_under_its_token() -> None:
    """Another token, another master key or a flipped bit opens nothing."""
    token = VAULT.token("incidents.raw:0:7")
    entry = VAULT.seal(token, b"secret")
    assert VAULT.open(token, entry) == b"secret"
    for vault, name in [(VAULT, VAULT.token("incidents.raw:0:8")), (Vault(b"x" * 32), token)]:
        with pytest.raises(InvalidTag):
            vault.open(name, entry)
    aside, text = VAULT.seal_aside(token, b"original")
    assert VAULT.open(token, aside, text) == b"original"
    with pytest.raises(InvalidTag):
        VAULT.open(token, aside, text[:-1] + bytes([text[-1] ^ 1]))


def test_each_record_has_a_key_of_its_own() -> None:
    """Two seals of the same data share nothing, so that one can be forgotten without the other."""
    token = VAULT.token("incidents.raw:0:7")
    first, second = VAULT.seal(token, b"secret"), VAULT.seal(token, b"secret")
    assert first.wrapped_key != second.wrapped_key
    assert first.sealed != second.sealed


def test_a_token_is_derived_and_says_nothing() -> None:
    """The same record has the same token, under another master key another one."""
    assert VAULT.token("incidents.raw:0:7") == VAULT.token("incidents.raw:0:7")
    assert VAULT.token("incidents.raw:0:7") != Vault(b"x" * 32).token("incidents.raw:0:7")
    assert len(VAULT.token("a")) == 26 and VAULT.token("a").startswith("v-")


def test_a_master_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """A second making leaves it; the mode is 0600."""
    path = tmp_path / "keys" / "master.key"
    make_master_key(path)
    key = load_master_key(path)
    make_master_key(path)
    assert load_master_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("fault", ["missing", "readable by others", "too short"])
def test_an_unsound_master_key_is_refused_with_the_mend(tmp_path: Path, fault: str) -> None:
    """The message says what to do, and never the key."""
    path = tmp_path / "master.key"
    if fault != "missing":
        path.write_bytes(b"k" * (32 if fault == "readable by others" else 7))
        path.chmod(0o644 if fault == "readable by others" else 0o600)
    with pytest.raises(InvalidSettings) as refused:
        load_master_key(path)
    assert {"missing": "gridwhistle up", "readable by others": "chmod 600", "too short": "restore"}[fault] in str(
        refused.value
    )
    assert "kkk" not in str(refused.value)
