"""A sound log, made anew for each test."""

import pytest

from engine.kafka.log_snapshot import Log
from tests.support.story import tell


@pytest.fixture
def log() -> Log:
    """Ten tickets split, nine closed by their source, one that misses its limit."""
    return tell()
