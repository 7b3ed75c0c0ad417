"""Kafka's hash of a key, by a library: equal to what Kafka's own producers reckon, told here in Python."""

from hypothesis import given
from hypothesis import strategies as st

from topics.ids import murmur2

M, MASK = 0x5BD1E995, 0xFFFFFFFF


def reckoned(data: bytes) -> int:
    """32 bit murmur2 as the Java client has it: four bytes at a time, then the rest."""
    hashed = 0x9747B28C ^ len(data)
    whole = len(data) - len(data) % 4
    for start in range(0, whole, 4):
        part = int.from_bytes(data[start : start + 4], "little") * M & MASK
        hashed = (hashed * M & MASK) ^ ((part ^ part >> 24) * M & MASK)
    if rest := data[whole:]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * M & MASK
    hashed = (hashed ^ hashed >> 13) * M & MASK
    return hashed ^ hashed >> 15


@given(st.binary(max_size=300))
def test_a_key_has_the_hash_that_every_producer_gives_it(key: bytes) -> None:
    """Whatever its length and bytes."""
    assert murmur2(key) == reckoned(key)


def test_known_keys_have_kafkas_hashes() -> None:
    """Figures of Kafka's own tests (UtilsTest), signed there."""
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536}
    known |= {
        b"a-little-bit-longer-string": -1486304829,
        b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    }
    assert {key: murmur2(key) for key in known} == {key: value & MASK for key, value in known.items()}
