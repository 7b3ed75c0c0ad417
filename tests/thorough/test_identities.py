"""What intake remembers of an identity: right for the window, gone after it, and small."""

import random
import tracemalloc
from hashlib import blake2b

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.stages.identities import KEPT_SECONDS, Identities

DAY = 86_400_000
A_DAY = 300
WINDOW = KEPT_SECONDS * 1000


def key(n: int) -> bytes:
    """The hash of an identity."""
    return blake2b(b"source:%d" % n, digest_size=16).digest()


@example([("add", 0, 0), ("remove", 0, 0), ("add", 0, 0), ("ask", 0, 0)])
@example([("add", 0, 0), ("add", 0, 36 * DAY), ("ask", 0, 0)])
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "ask", "forget", "remove"]), st.integers(0, 40), st.integers(0, 12 * DAY)),
        max_size=120,
    )
)
def test_it_answers_as_a_plain_dictionary_would(steps: list[tuple[str, int, int]]) -> None:
    """Whatever comes, in whatever order, over whatever time: the oracle is a dictionary of times that forgets nothing
    by itself."""
    ours, at = Identities(), 1_700_000_000_000
    oracle: dict[int, tuple[int, int]] = {}
    for offset, (what, n, later) in enumerate(steps):
        at += later - later % 1000
        standing = oracle.get(n) if n in oracle and at - oracle[n][1] <= WINDOW else None
        assert ours.first(key(n), at) == (standing[0] if standing else None)
        if what == "add" and standing is None:
            ours.add(key(n), offset, at)
            oracle[n] = (offset, at)
        elif what == "remove":
            ours.remove(key(n))
            oracle.pop(n, None)
        elif what == "forget":
            expired = {key(m) for m, (_, since) in oracle.items() if at - since > WINDOW}
            assert set(ours.forget(at, most=600)) <= expired


def test_a_hundred_thousand_a_day_for_forty_days_stay_flat() -> None:
    """After the window memory grows no more: what is older goes as fast as new ones come. At full speed, one of
    333; the bench of the same name has them all."""
    ours, at, sizes = Identities(), 1_700_000_000_000, []
    tracemalloc.start()
    for day in range(75):
        for n in range(A_DAY):
            at += DAY // A_DAY
            ours.forget(at)
            ours.add(key(day * A_DAY + n), n, at)
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(ours) <= A_DAY * 36.5
    assert max(sizes[37:]) <= 1.35 * min(sizes[37:])
    assert max(sizes) / (A_DAY * 35) < 64, "bytes for each identity in the window"
    draw = random.Random(1)
    assert all(ours.first(key(74 * A_DAY + draw.randrange(A_DAY)), at) is not None for _ in range(100))
    assert ours.first(key(draw.randrange(A_DAY)), at) is None


def test_what_is_forgotten_is_named_once_and_never_what_came_again() -> None:
    """The state topic gets one tombstone for each, and none for an identity that was taken anew after the window."""
    ours, at = Identities(), 1_700_000_000_000
    for n in range(100):
        ours.add(key(n), n, at)
    later = at + WINDOW + DAY
    ours.add(key(7), 700, later)
    gone = [one for _ in range(3 * 256) for one in ours.forget(later, most=64)]
    assert sorted(gone) == sorted(key(n) for n in range(100) if n != 7)
    assert ours.first(key(7), later) == 700


def test_the_long_run_notices_memory_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bench in small: flat as it is, and not where nothing is ever forgotten."""
    from tests.bench.identities import intake_days, is_flat

    def run() -> bool:
        tracemalloc.start()
        try:
            return is_flat(list(intake_days(200, 60, lambda: tracemalloc.get_traced_memory()[0])), grows=1.35)
        finally:
            tracemalloc.stop()

    assert run()
    monkeypatch.setattr(Identities, "forget", lambda self, at: [])
    assert not run()
