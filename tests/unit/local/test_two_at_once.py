"""Two stacks that start at one moment, in one folder or in two: one is told of the other, and neither fails later."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import StackBusy
from engine.local import plan as plans
from engine.local.folder import take_folder
from engine.local.plan import PORT_BLOCK, Wanted, plan
from engine.local.reserved import demand_reserved, is_reserved
from tests.support.servers import free_ports

ANOTHER = """
import sys
from engine.local.reserved import is_reserved
print(is_reserved(int(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def test_a_block_that_another_stack_is_about_to_take_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its servers listen seconds later; both found the ports free, and one ended with Kafka's own words."""
    base = free_ports(2 * PORT_BLOCK)
    monkeypatch.setattr(plans, "PORT_BASE", base)
    words = [sys.executable, "-c", ANOTHER, str(base)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        assert plan(Wanted(data=tmp_path / "new"), {}).port_base == base + PORT_BLOCK
        with pytest.raises(StackBusy, match=f"ports from {base} on.*--port-base"):
            demand_reserved(base)
    assert is_reserved(base)


def test_of_many_who_take_a_new_folder_none_trips_over_another(tmp_path: Path) -> None:
    """The lock comes later; until then each marks it."""
    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            folders = set(pool.map(take_folder, [tmp_path / str(n)] * 8))
            assert folders == {tmp_path / str(n)}
