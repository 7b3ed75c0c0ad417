"""What must be kept is kept, and what must not is not: 180 days of log at least (Cybersecurity Law 21), three years of
who looked at whom (PIPL 56), thirty days of what people sent in clear."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from engine import doors
from engine.archive import months
from engine.archive.tables import METADATA as ARCHIVE
from engine.doors import retention as doors_retention
from engine.doors.tables import METADATA as DOORS
from engine.errors import InvalidSettings
from engine.kafka.topic_admin import _differences, configuration, made_as
from engine.settings import Settings, load_settings
from topics.registry import AUDIT, CHECKPOINTS, DECISIONS, RAW, TOPICS, VAULT, Delete, TopicSpec, department_topics

DAY_MS = 86_400_000
SETTINGS = Settings(replication_factor=1, min_insync_replicas=1)
LOGS = [spec for spec in TOPICS if isinstance(spec.clean_up, Delete) and spec is not RAW]


def days(spec: TopicSpec) -> int:
    """How long a topic keeps its records."""
    assert isinstance(spec.clean_up, Delete)
    return spec.clean_up.days


def test_logs_are_kept_for_half_a_year_and_deeds_for_three() -> None:
    """All but what came in clear, and what a department is told, which its own decision holds too."""
    assert {spec.name: days(spec) for spec in LOGS if days(spec) < 180} == {}
    assert len(LOGS) >= 6 and min(days(AUDIT), days(CHECKPOINTS)) >= 3 * 365
    assert days(RAW) == 30 and [days(spec) for spec in department_topics("cg")] == [30, 30]


@pytest.mark.parametrize("spec", [*LOGS, RAW], ids=lambda spec: spec.name)
def test_a_topic_that_keeps_less_or_more_is_refused(spec: TopicSpec) -> None:
    """A day less loses the log, a day more keeps people; a stage does not start on it and says the mend."""
    whole = made_as(SETTINGS, spec)
    partitions = [{"replicas": [1]}] * (spec.partitions or SETTINGS.partitions)
    assert _differences(SETTINGS, spec, partitions, whole) == []
    for other in (days(spec) - 1, days(spec) + 1):
        (fault,) = _differences(SETTINGS, spec, partitions, whole | {"retention.ms": str(other * DAY_MS)})
        assert "retention.ms" in fault and "alter the topic" in fault
    (fault,) = _differences(SETTINGS, spec, partitions, whole | {"retention.bytes": "1000"})
    assert "a limit in bytes" in fault


def test_the_archive_keeps_no_less_than_the_log() -> None:
    """Nor does a setting make it."""
    assert Settings().archive_days >= days(DECISIONS) >= 180
    with pytest.raises(InvalidSettings, match="ARCHIVE_DAYS"):
        load_settings({"GRIDWHISTLE_ARCHIVE_DAYS": "179"})
    load_settings({"GRIDWHISTLE_ARCHIVE_DAYS": "180"})


def test_keys_that_were_destroyed_leave_the_disks_within_a_day() -> None:
    """The vault's topic is made so; one from before is not refused for it, since nothing is lost by it."""
    assert made_as(SETTINGS, VAULT)["max.compaction.lag.ms"] == str(DAY_MS)
    assert "max.compaction.lag.ms" not in configuration(SETTINGS, VAULT)


def test_every_table_says_how_long_its_rows_stay() -> None:
    """Whoever adds a table says so, and sees that it is done; no rule is of a table that is gone."""
    for module in pkgutil.iter_modules(doors.__path__):
        if module.name != "migrations":
            importlib.import_module(f"{doors.__name__}.{module.name}")  # wherever a table is declared
    assert set(doors_retention.RULES) == {table.name for table in DOORS.tables.values()}
    assert set(months.RULES) == {table.name for table in ARCHIVE.tables.values()}


def test_every_key_that_the_gateway_keeps_in_redis_ends_or_is_bounded() -> None:
    """Each is written with its end in the same call, or is a list that has one."""
    written = re.compile(r"redis\.(?:set|hset|lpush|rpush|sadd|zadd|xadd|incr)\(((?:[^()]|\([^()]*\))*)\)")
    found = {
        (path.stem, call)
        for path in Path("engine/gateway").glob("*.py")
        for call in written.findall(path.read_text(encoding="utf-8"))
    }
    assert len(found) >= 5 and {name for name, call in found if "ex=" not in call} == set()
