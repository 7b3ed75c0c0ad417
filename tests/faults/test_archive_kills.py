"""The archive killed twenty times while it folds."""

import pytest

from engine.settings import Settings
from tests.kafka.test_archive import killed


@pytest.mark.long
async def test_twenty_kills_lose_and_double_nothing(stack_settings: Settings, database_url: str) -> None:
    """What stands in it is the log once, and the log makes the same again."""
    await killed(stack_settings.model_copy(update={"database_url": database_url}), 20)
