"""Servers that tests share: one broker and one Valkey for a run, a fresh prefix for each test."""

import itertools
import logging
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.law_form import law_form
from engine.settings import Settings
from tests.support import servers
from tests.support.hanging import pytest_runtest_makereport as pytest_runtest_makereport
from tests.support.log_lines import Lines

_numbers = itertools.count(1)

HERE = Path(__file__).parent

LONGEST = (
    "kafka/test_compiled.py",
    "kafka/test_folder_remembers.py",
    "browser",
    "kafka/test_small_town.py",
    "kafka/test_openings.py",
    "kafka/test_gateway.py",
    "scenario/test_readme.py",
    "kafka/test_aged.py",
    "kafka/test_hostile.py",
    "kafka/test_poison.py",
    "kafka/test_archive.py",
    "kafka/test_webhook_receivers.py",
    "kafka/test_held_again.py",
    "kafka/test_acl.py",
    "kafka/test_pinned.py",
)
"""What takes longest begins first: begun last, one file ran for two minutes with nothing beside it."""


def group_of(item: pytest.Item) -> str:
    """Name what is begun together: a file, or all that looks at a city in a browser."""
    path = item.path.relative_to(HERE)
    return path.parts[0] if path.parts[0] in LONGEST else path.as_posix()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """First the order in which tests are handed out; last, once those that are left out are gone, who must be alone."""
    put_in_order(items)
    leave_plain_out(items)
    yield
    demand_alone(config, items)


def put_in_order(items: list[pytest.Item]) -> None:
    """The longest first, as they are handed out."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(group_of(item), len(ranks)))


def leave_plain_out(items: list[pytest.Item]) -> None:
    """Where the law is compiled, what looks into its modules is left out and says why."""
    if law_form() == "compiled":
        for item in items:
            for mark in item.iter_markers("plain"):
                item.add_marker(pytest.mark.skip(reason=f"the law is compiled: {mark.kwargs['reason']}"))


def demand_alone(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What must be alone says why, and is refused where other tests run beside it."""
    for item in items:
        for mark in item.iter_markers("alone"):
            if not (mark.kwargs.keys() == {"reason"} and mark.kwargs["reason"] and not mark.args):
                raise pytest.UsageError(f"{item.nodeid}: alone needs a reason=... and nothing else")
            if hasattr(config, "workerinput"):
                raise pytest.UsageError(f"{item.nodeid} runs alone ({mark.kwargs['reason']}); leave it out, or -n 0")


@pytest.fixture(autouse=True)
def _log_lines_are_plain() -> Iterator[None]:
    """Whatever a test lets our packages say is a line of JSON with scalars and lists, in an operator's words."""
    lines, ours = Lines(), logging.getLogger("engine")
    ours.addHandler(lines)
    yield
    ours.removeHandler(lines)
    assert lines.amiss == []


@pytest.fixture(scope="session")
def kafka_address() -> Iterator[str]:
    """A real Apache Kafka, started by this run."""
    with servers.kafka() as address:
        yield address


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Valkey, started by this run."""
    with servers.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A real PostgreSQL, started by this run."""
    with servers.postgres() as url:
        yield url


@pytest.fixture
def stack_settings(kafka_address: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of a stack that nobody else has: its own prefix, three partitions."""
    prefix = f"t{next(_numbers)}-{uuid.uuid4().hex[:6]}."
    return Settings(
        kafka=kafka_address,
        redis_url=redis_url,
        prefix=prefix,
        partitions=3,
        replication_factor=1,
        min_insync_replicas=1,
        data_dir=tmp_path,
        session_timeout_seconds=3,
    )
