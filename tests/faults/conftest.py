"""``--long``: the long forms as well, and a row for each in ``docs/results/reliability.md`` (``make faults``)."""

from collections.abc import Callable, Generator, Iterator

import pluggy
import pytest

from tests.faults.results import Row, machine, write
from tests.faults.trial import Trial

Tell = Callable[..., None]
PASSED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The switch of ``make faults``."""
    parser.addoption(
        "--long", action="store_true", help="run the long forms of the fault tests and write their results"
    )


def is_long(config: pytest.Config) -> bool:
    """Whether the long forms run."""
    return bool(config.getoption("--long", default=False))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """``make test`` has 25 minutes: the long forms are not among its tests at all."""
    if not is_long(config):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, "pluggy.Result[pytest.TestReport]", None]:
    """Keep how a test ended, for its row."""
    found = (yield).get_result()
    if call.when == "call":
        item.stash[PASSED] = found.passed


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long form."""
    return is_long(request.config)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Iterator[Tell]:
    """Write down what came of a fault; of a test that failed its row says so and nothing else."""
    rows: list[Row] = []
    name = request.node.name.removeprefix("test_").replace("_", " ")

    def told(trial: Trial, injected: str, alarms: str = "", judged: bool = True, **more: object) -> None:
        v = trial.verdict
        found = Row(
            name,
            seed=trial.seed,
            injected=injected,
            incidents=v.incidents,
            commands=v.commands,
            tickets=v.tickets,
            clocks=v.clocks,
            tasks=v.tasks,
            referred=v.referred,
            lost=len(v.lost),
            doubled=len(v.doubled),
            early=len(v.early),
            alarms=alarms,
            remarks=", ".join(f"{key.replace('_', ' ')} {value}" for key, value in more.items()),
        )
        if not judged:  # a figure that nobody took is none
            found.commands = found.clocks = found.tasks = found.referred = found.lost = found.doubled = found.early = (
                "–"
            )
        rows.append(found)
        print(found)

    yield told
    if is_long(request.config):
        write(
            rows[-1] if rows and request.node.stash.get(PASSED, False) else Row(name, remarks="**failed**"), machine()
        )
