"""What must be kept is kept, and what must not is not: 180 days of log at least (Cybersecurity Law 21), three years of
who looked at whom (PIPL 56), thirty days of what people sent in clear."""

import pytest

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
