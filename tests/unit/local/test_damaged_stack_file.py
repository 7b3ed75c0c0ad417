"""A stack.json that somebody wrote in is named, and ends nothing with a trace."""

from pathlib import Path

import pytest

from engine.errors import InvalidSettings
from engine.local.folder import StackFile, read_stack, take_folder, write_stack


@pytest.mark.parametrize("port", [-5, 0, 65_000, 10**9])
def test_a_port_that_cannot_be_is_said_with_the_file(port: int, tmp_path: Path) -> None:
    """It ended in a trace of the socket."""
    folder = take_folder(tmp_path / "stack")
    write_stack(folder, StackFile(pack="guancheng", kafka="x:1", redis_url="redis://x", port_base=port))
    with pytest.raises(InvalidSettings, match=r"stack\.json cannot be read: .*port_base"):
        read_stack(folder)
