"""Tests with servers run three files at a time: their ports lie apart, and what must be alone says why."""

from types import SimpleNamespace
from typing import Any

import pytest

from engine.local.plan import PORT_BASE
from tests.conftest import HERE, LONGEST, demand_alone, group_of, put_in_order
from tests.support.servers import own_ports


def test_processes_of_a_run_have_ports_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is another's, and none is one that ``up`` takes by itself."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    found: list[int] = []
    for number in range(3):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{number}")
        found += own_ports()
    assert len(found) == len(set(found)) > 15_000
    assert min(found) >= 10_000 and max(found) < PORT_BASE


def item(*args: str, **kwargs: str) -> Any:
    """A test with this mark."""
    return SimpleNamespace(nodeid="t", iter_markers=lambda name: [getattr(pytest.mark, name)(*args, **kwargs).mark])


def test_what_must_be_alone_has_a_reason_and_nobody_beside_it() -> None:
    """It is refused in a process that is one of several."""
    alone: Any = SimpleNamespace()
    beside: Any = SimpleNamespace(workerinput={})
    demand_alone(alone, [item(reason="measures")])
    for wrong in (item(), item(reason=""), item("measures")):
        with pytest.raises(pytest.UsageError, match="reason"):
            demand_alone(alone, [wrong])
    with pytest.raises(pytest.UsageError, match="measures"):
        demand_alone(beside, [item(reason="measures")])


def file(name: str) -> Any:
    """A test of this file."""
    return SimpleNamespace(path=HERE / name)


def test_the_longest_begin_first() -> None:
    """Begun last, one file ran for two minutes with nothing beside it."""
    names = ("kafka/test_x.py", "browser/test_b.py", "kafka/test_y.py", LONGEST[0], "browser/test_a.py")
    items = [file(name) for name in names]
    put_in_order(items)
    assert [group_of(one) for one in items] == [LONGEST[0], "browser", "browser", "kafka/test_x.py", "kafka/test_y.py"]
    assert [name for name in LONGEST if not (HERE / name).exists()] == []
