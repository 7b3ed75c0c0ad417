"""One key for a prefix: a second one seals nothing, a new one that was accepted opens what the former sealed."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from engine.errors import InvalidSettings, SecondKey
from engine.security.vault import Vault, key_id, load_vault
from engine.stream.pinned_key import demand_same, why_second
from topics.ticket import Marker

OLD, NEW = b"o" * 32, b"n" * 32
BOTH, ALONE = Vault(NEW, [OLD]), Vault(NEW)


@pytest.mark.parametrize(
    ("pinned", "vault", "accepted", "refused"),
    [
        ([], ALONE, "", False),
        ([key_id(NEW)], ALONE, "", False),
        ([key_id(OLD)], ALONE, "", True),
        ([key_id(OLD)], ALONE, key_id(NEW), True),
        ([key_id(OLD)], BOTH, "", True),
        ([key_id(OLD)], BOTH, key_id(OLD), True),
        ([key_id(OLD)], BOTH, key_id(NEW), False),
        ([key_id(OLD), key_id(NEW)], BOTH, key_id(NEW), False),
    ],
    ids=[
        "first use",
        "the same",
        "a second",
        "accepted, and the former is gone",
        "not accepted",
        "another was accepted",
        "accepted",
        "half way",
    ],
)
def test_who_may_seal(pinned: list[str], vault: Vault, accepted: str, refused: bool) -> None:
    """Setting, both ids and the mend are named."""
    fault = why_second(pinned, vault, accepted)
    assert (fault is not None) == refused
    if fault is not None:
        for word in ("GRIDWHISTLE_MASTER_KEY_FILE", key_id(OLD), f"GRIDWHISTLE_ACCEPT_KEY={key_id(NEW)}"):
            assert word in fault
    marker = Marker(at=1, positions={}, vault_key=pinned[0] if pinned else None)
    if refused:
        with pytest.raises(SecondKey, match="intake.state/0"):
            demand_same(marker, vault, accepted, "intake.state/0")
    else:
        demand_same(marker, vault, accepted, "intake.state/0")


def test_what_the_former_key_sealed_stays_open(tmp_path: Path) -> None:
    """By the file beside the new one, under its id; the new one seals; a name that says another key is refused."""
    path, former = tmp_path / "master.key", Vault(OLD)
    entry = former.seal("v-1", b"13800138000")
    for name, key in ((path, NEW), (tmp_path / f"master.key.{key_id(OLD)}", OLD)):
        name.write_bytes(key)
        name.chmod(0o600)
    (tmp_path / "master.key.bak").write_bytes(b"whatever")
    vault = load_vault(path)
    assert (vault.open("v-1", entry), vault.id, vault.former) == (b"13800138000", key_id(NEW), frozenset({key_id(OLD)}))
    with pytest.raises(InvalidTag):
        former.open("v-2", vault.seal("v-2", b"x"))
    (tmp_path / f"master.key.{key_id(OLD)}").rename(tmp_path / f"master.key.{'0' * 16}")
    with pytest.raises(InvalidSettings, match=key_id(OLD)):
        load_vault(path)


def test_an_id_tells_nothing_of_its_key() -> None:
    """It is a keyed hash, and no part of the key."""
    assert key_id(OLD) != key_id(NEW) and len(key_id(OLD)) == 16
    assert key_id(OLD) not in OLD.hex()
