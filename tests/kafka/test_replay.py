"""A real stack's own log, decided once more: every decision identical; then told under a pack with other limits."""

import asyncio
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from engine.kafka.log_snapshot import Log
from engine.replay.checkpoint import Checkpoints
from engine.replay.recorded_history import by_partition
from engine.replay.state_at import Standing
from engine.replay.verify import laws_of
from engine.settings import Settings
from rules.rulepack.loader import PACKS
from tests.support.morning import INCIDENTS, a_morning, decided
from tests.support.rig import Rig
from topics import codec
from topics.decision import Decision
from topics.registry import DECISIONS


def replay(rig: Rig, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    return cli(rig, "replay", *words)


def cli(rig: Rig, *words: str) -> subprocess.CompletedProcess[str]:
    """Run any command on this stack."""
    command = [sys.executable, "-m", "engine.cli", *words]
    return subprocess.run(command, env=rig.environment(), capture_output=True, text=True, timeout=120, check=False)


def patient(folder: Path) -> Path:
    """The shipped pack with hours where it gives minutes: to accept, to check, to report in."""
    target = folder / "patient"
    shutil.copytree(PACKS / "guancheng", target)
    text = (target / "pack.yaml").read_text(encoding="utf-8")
    (target / "pack.yaml").write_text(text.replace(" minute", " urgent_hour"), encoding="utf-8")
    return target


@pytest.mark.alone(
    reason="at 600 times the speed a second that a worker is late is ten minutes, and few tickets may move by it"
)
async def test_a_real_log_comes_out_byte_by_byte_and_can_be_told_otherwise(
    stack_settings: Settings, tmp_path: Path
) -> None:
    """Exit 0 and all N identical; under a more patient pack less is missed; and what retention takes is a gap, exit
    2."""
    rig = Rig(stack_settings)
    try:
        log = await a_morning(rig)
        count = len(log.of(DECISIONS.name))
        again = await asyncio.to_thread(replay, rig)
        assert (again.returncode, again.stderr) == (0, "")
        assert again.stdout == f"replayed: all {count} decisions of 3 partitions identical, byte by byte\n"
        explained = await asyncio.to_thread(cli, rig, "explain", "--all", "--json")
        found = json.loads(explained.stdout)
        assert (explained.returncode, found["decisions"], found["disagree"]) == (0, count, 0) and found[
            "worked_out"
        ] > 200
        await told_otherwise(rig, tmp_path)
        await cut(rig.settings)
        gap = await asyncio.to_thread(replay, rig)
        assert (gap.returncode, gap.stdout) == (2, "")
        assert (
            "the decisions do not begin at the beginning: tickets.decisions of partition 1 begins at offset 5"
            in gap.stderr
        )
        await from_the_middle(rig, log, tmp_path)
    finally:
        rig.close()


async def from_the_middle(rig: Rig, log: Log, folder: Path) -> None:
    """With a checkpoint the same bytes come out, although retention has taken everything before it; without one it is a
    gap."""
    moments = sorted(codec.decode(entry.value or b"", Decision).at for entry in log.of(DECISIONS.name))
    middle = moments[len(moments) // 2]
    since = datetime.fromtimestamp(middle / 1000, UTC).isoformat()
    gap = await asyncio.to_thread(replay, rig, "--from", since)
    assert (gap.returncode, gap.stdout) == (2, "") and "begins at offset 5" in gap.stderr
    made = {p: Standing(laws_of(log), p) for p in range(rig.settings.partitions)}
    kept = Checkpoints(rig.settings.data_dir / "checkpoints", rig.settings.prefix, rig.settings.partitions)
    for partition, standing in made.items():
        standing.take_until(by_partition(log.of(DECISIONS.name))[partition], middle, 0)
        kept.save("2026-03-02", standing.checkpoint(rig.settings.prefix, rig.settings.partitions))
    await cut_to(
        rig.settings,
        {
            TopicPartition(rig.settings.prefix + t, p): n
            for p, s in made.items()
            for t, n in {DECISIONS.name: s.offset, **s.positions}.items()
        },
    )
    again = await asyncio.to_thread(replay, rig, "--from", since)
    assert (again.returncode, again.stderr) == (0, "")
    count = sum(at >= middle for at in moments)
    assert again.stdout.endswith(
        f" on: all {count} decisions of 3 partitions identical, byte by byte\n"
    ) and count < len(moments)
    done = await asyncio.to_thread(replay, rig, "--from", since, "--pack", str(folder / "patient"), "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, found["since"], found["tickets_before"], found["held"]) == (0, middle, INCIDENTS, [])
    assert found["stood"] == INCIDENTS - sum(d.at >= middle for d in decided(log, "incident"))


async def told_otherwise(rig: Rig, folder: Path) -> None:
    """The summary for people, and every row as CSV."""
    path = folder / "rows.csv"
    done = await asyncio.to_thread(replay, rig, "--pack", str(patient(folder)), "--csv", str(path), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["tickets_before"], found["tickets_after"], found["held"]) == (INCIDENTS, INCIDENTS, [])
    assert found["breaches_vanish"] > 0
    assert len(found["rows"]) == len(path.read_text(encoding="utf-8").splitlines()) - 1 > 0
    assert 5 <= len(found["summary"]) <= 10
    await under_its_own_law(rig)


async def under_its_own_law(rig: Rig) -> None:
    """Only what a late worker did a few engine minutes after it was due may differ."""
    done = await asyncio.to_thread(replay, rig, "--pack", "guancheng", "--json")
    found = json.loads(done.stdout)
    assert found["pack"] in found["recorded_packs"]
    assert found["no_longer_fits"] == [] and found["newly_done"] == 0
    assert found["moved"]["any"] <= INCIDENTS // 20
    assert all(row["count_before"] == row["count_after"] for row in found["split"].values())
    words = await asyncio.to_thread(replay, rig, "--pack", "guancheng")
    assert words.returncode == 0 and words.stdout.startswith("300 tickets from 2026-03-02 ")


async def cut(settings: Settings) -> None:
    """Retention takes the first decisions of a partition."""
    await cut_to(settings, {TopicPartition(settings.prefix + DECISIONS.name, 1): 5})


async def cut_to(settings: Settings, offsets: dict[TopicPartition, int]) -> None:
    """Retention takes what lies before these offsets."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    await admin.delete_records({tp: RecordsToDelete(before_offset=offset) for tp, offset in offsets.items() if offset})
    await admin.close()
