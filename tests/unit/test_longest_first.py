"""What begins first because it takes longest is there."""

from tests.conftest import HERE, LONGEST


def test_what_begins_first_is_there() -> None:
    """A name of nothing would order nothing."""
    assert [name for name in LONGEST if not (HERE / name).exists()] == []
