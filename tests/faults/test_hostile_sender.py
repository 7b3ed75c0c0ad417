"""Somebody who sends the worst he can keeps nobody waiting: the short form of ``python -m tests.bench.hostile_sender``
(60 s of each)."""

from engine.settings import Settings
from tests.bench.hostile_sender import measure

SECONDS = 12.0
"""Of calm, and of attack."""


async def test_honest_reports_wait_no_more_than_twice_as_long_beside_a_hostile_sender(stack_settings: Settings) -> None:
    """50 honest reports a second beside 100 of the worst kinds: each has its task, and their 99th percentile at most
    doubles."""
    assert await measure(stack_settings, SECONDS) == 0
