"""A folder remembers (DESIGN 9): the law in force, its servers, its own password; and nothing is done where there is no
stack."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from engine.client.publish_pack import prove
from engine.kafka.reference import Reference
from engine.local.folder import read_stack, settings_for
from engine.local.plan import PORT_BLOCK
from engine.settings import Settings
from engine.stages import stages_of
from rules.rulepack.compiler import pack_ref
from tests.support.servers import free_ports
from tests.support.stacks import ENVIRON, both, run, status, up, wait
from topics.registry import COMMANDS


def law(folder: Path, declines: int) -> str:
    """A city's law in a folder; answers its name and hash."""
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(f"name: guancheng\nextends: guancheng\nmax_declines: {declines}\n")
    return pack_ref(prove(str(folder)))


def in_force(settings: Settings) -> tuple[str | None, int]:
    """The pack that the log says, and how many commands there are: a publication would add one for each partition."""

    async def look() -> tuple[str | None, int]:
        from engine.kafka.reference import read_partition

        reference = Reference(settings)
        await reference.refresh()
        counts = [
            len((await read_partition(settings, COMMANDS.name, partition))[0])
            for partition in range(settings.partitions)
        ]
        return reference.current, sum(counts)

    return asyncio.run(look())


def settings(data: Path) -> Settings:
    """Those of a folder's stack."""
    stack = read_stack(data)
    assert stack is not None
    return settings_for(data, stack, {})


def own(data: Path) -> tuple[int, int]:
    """The pids of both servers."""
    rows = {row["name"]: row for row in status(data)}
    return rows["kafka"]["pid"], rows["valkey"]["pid"]


def test_a_stack_of_ones_own(tmp_path: Path) -> None:
    """Mistakes first, then up, publish, down, up; then its servers are killed, and who has no business there is turned
    away."""
    data, base = tmp_path / "s", free_ports(PORT_BLOCK)
    first, second = law(tmp_path / "first", 1), law(tmp_path / "second", 2)

    typo = run("up", "--pack", "guanchng", "--port-base", str(base), data=data)
    assert typo.returncode == 2 and "guanchng" in typo.stderr and "Traceback" not in both(typo)
    assert not (data / "kafka").exists() and not (data / "stack.json").exists()

    with up(data, "--port-base", str(base), "--pack", "first", cwd=tmp_path):
        assert in_force(settings(data)) == (first, 6)
        done = run("pack", "publish", str(tmp_path / "second"), data=data)
        assert done.returncode == 0, both(done)
        assert second in run("status", data=data).stdout.splitlines()[0]
        assert run("down", data=data).returncode == 0

    _does_nothing_while_down(data, tmp_path)
    other = run("up", "--pack", str(tmp_path / "first"), data=data)
    assert other.returncode == 2 and second in other.stderr and "pack publish" in other.stderr, both(other)

    with up(data, cwd=Path("/")) as process:
        now = settings(data)
        assert in_force(now) == (second, 12), "an up without arguments publishes nothing"
        told = run("report", "--grid", "tawan-g1-m1", "--category", "bins_full", "--text", "overflowing", data=data)
        assert told.returncode == 0, both(told)
        assert f"by pack {second}" in run("explain", told.stdout.split()[0], data=data).stdout, (
            "a new ticket runs under the law in force"
        )
        _is_private(data, now)
        _mistyped(tmp_path, data, now)
        _servers_come_back(data)
        wait(lambda: "grid:tawan" in run("ticket", "list", data=data).stdout, 300, "the ticket is in the queue again")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    (data / "notes.txt").write_text("mine")
    assert "notes.txt" in run("reset", "--yes", data=data).stdout
    assert [path.name for path in data.iterdir()] == ["notes.txt"]


def _does_nothing_while_down(data: Path, folder: Path) -> None:
    """No command starts anything or falls over where no stack is up."""
    for command in (
        ["status"],
        ["ticket", "list"],
        ["project", "--rebuild"],
        ["pack", "publish", "first"],
        ["audit"],
        ["topics", "apply"],
    ):
        ended = run(*command, data=data, cwd=folder)
        assert ended.returncode in (1, 2) and "Traceback" not in both(ended), both(ended)


def _is_private(data: Path, now: Settings) -> None:
    """Nothing is open to others, no secret stands in arguments or on the screen, and Valkey asks for its password."""
    wide = [path for path in (data, *data.rglob("*")) if not path.is_symlink() and path.lstat().st_mode & 0o077]
    assert wide == []
    password = (data / "redis.password").read_text()
    told = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    assert not any(password in words for words in told)
    for command in ("settings", "doctor", "status"):
        assert password not in both(run(command, data=data)), command
    assert redis.from_url(now.redis_url).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.from_url(now.redis_url.replace(password, "guess").replace("password=guess", "")).ping()


def _mistyped(tmp_path: Path, data: Path, now: Settings) -> None:
    """A folder that is none, and one that once was on these very ports: both say so, and the running stack stays as it
    is."""
    before = in_force(now)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "stack.json").write_bytes((data / "stack.json").read_bytes())
    changes, looks = (
        (["project", "--rebuild"], ["pack", "publish", str(tmp_path / "first")]),
        (["ticket", "list"], ["settings"]),
    )
    for folder, commands in ((tmp_path / "mistyped", looks), (elsewhere, changes)):
        for command in commands:
            done = run(*command, data=folder)
            assert done.returncode == (0 if command == ["settings"] else 2), both(done)
    assert not (tmp_path / "mistyped").exists()
    assert in_force(now) == before


def _servers_come_back(data: Path) -> None:
    """Kafka and Valkey are watched like stages: each comes back under another pid, and status says what is so
    meanwhile."""
    kafka, valkey = own(data)
    os.kill(valkey, signal.SIGKILL)
    os.kill(kafka, signal.SIGKILL)
    assert {row["state"] for row in status(data) if row["name"] == "kafka"} <= {"ended", "opening"}
    wait(lambda: all(pid not in (kafka, valkey, None) for pid in own(data)), 300, "both have been started again")
    wait(lambda: {row["state"] for row in status(data)} == {"ready"}, 300, "all of it is ready again")


def by_hand(found: Settings) -> dict[str, str]:
    """The environment in which somebody starts on servers of their own."""
    mine = {
        "KAFKA": found.kafka,
        "REDIS_URL": found.redis_url,
        "PREFIX": found.prefix,
        "PARTITIONS": "3",
        "REPLICATION_FACTOR": "1",
        "MIN_INSYNC_REPLICAS": "1",
        "DATA_DIR": str(found.data_dir / "hand"),
    }
    return {f"GRIDWHISTLE_{name}": value for name, value in mine.items()}


def test_a_first_start_by_hand(stack_settings: Settings) -> None:
    """Topics, pack, five stages, on a broker and a Redis of somebody else; status and doctor see what is there."""
    environ: dict[str, Any] = by_hand(stack_settings)
    assert run("settings", **environ).returncode == 0
    for command in (["topics", "apply"], ["pack", "publish", "guancheng"], ["topics", "apply"]):
        done = run(*command, **environ)
        assert done.returncode == 0, both(done)
    missing = run("doctor", **environ)
    assert missing.returncode == 1 and "somebody runs intake: no process" in missing.stdout, both(missing)
    stages = {
        stage: subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "run", stage], env=ENVIRON | environ, stderr=subprocess.DEVNULL
        )
        for stage in stages_of(stack_settings)
    }
    try:
        wait(
            lambda: (
                {row["stage"] for row in status(**environ) if row["state"] == "ready"}
                == {"server", *stages_of(stack_settings)}
            ),
            300,
            "all stages are in their groups",
        )
        rows = status(**environ)
        assert {row["stage"]: row["pid"] for row in rows if row["stage"] != "server"} == {
            stage: process.pid for stage, process in stages.items()
        }
        head = run("status", **environ).stdout.splitlines()[0]
        assert stack_settings.kafka in head and "pack guancheng@" in head
        assert run("doctor", **environ).returncode == 0
        told = run("report", "--grid", "tawan-g1-m1", "--category", "bins_full", "--text", "overflowing", **environ)
        assert told.returncode == 0 and told.stdout.startswith("tawan-"), both(told)
        _no_second_stack(stack_settings, environ)
    finally:
        for process in stages.values():
            process.terminate()
        for process in stages.values():
            process.wait(60)


def _no_second_stack(found: Settings, environ: dict[str, Any]) -> None:
    """Another folder on this prefix has not its key; with the key, it may not bring another law."""
    second = found.data_dir / "second"
    second_environ = {name: value for name, value in environ.items() if not name.endswith("DATA_DIR")}
    no_key = run("up", "--port-base", str(free_ports(PORT_BLOCK)), data=second, **second_environ)
    assert no_key.returncode == 2 and "master key" in no_key.stderr, both(no_key)
    (second / "master.key").write_bytes((found.data_dir / "hand" / "master.key").read_bytes())
    (second / "master.key").chmod(0o600)
    law(found.data_dir / "law", 3)
    other_law = run(
        "up",
        "--pack",
        str(found.data_dir / "law"),
        "--port-base",
        str(free_ports(PORT_BLOCK)),
        data=second,
        **second_environ,
    )
    assert other_law.returncode == 2 and "the pack in force is guancheng@" in other_law.stderr, both(other_law)


def test_foreign_servers_are_remembered(stack_settings: Settings, tmp_path: Path) -> None:
    """``up`` with both, down, ``up`` without anything: the same broker, prefix and law; no server of our own is
    started."""
    data = tmp_path / "foreign"
    environ: dict[str, Any] = {
        name: value
        for name, value in by_hand(stack_settings).items()
        if name.split("_", 1)[1] not in ("KAFKA", "REDIS_URL", "DATA_DIR")
    }
    addresses = ("--kafka", stack_settings.kafka, "--redis", stack_settings.redis_url)
    nobody = run(
        "up", "--kafka", f"127.0.0.1:{free_ports(1)}", "--redis", stack_settings.redis_url, data=data, **environ
    )
    assert nobody.returncode == 2 and "does not answer" in nobody.stderr, both(nobody)
    with up(data, *addresses, "--port-base", str(free_ports(PORT_BLOCK)), **environ):
        before = in_force(stack_settings)
        assert {row["name"] for row in status(data) if row["stage"] == "server"} == {"kafka", "valkey", "postgres"}
        run("down", data=data)
    with up(data):
        assert in_force(stack_settings) == before
        assert settings(data).kafka == stack_settings.kafka and settings(data).prefix == stack_settings.prefix
        assert {row["state"] for row in status(data)} == {"ready"}
        assert not (data / "kafka").exists() and not (data / "valkey").exists()
    reset = run("reset", "--yes", data=data)
    assert f"topics {stack_settings.prefix}*" in reset.stdout and not data.exists()


def test_a_redis_of_ones_own_alone_and_a_stage_that_cannot_start(redis_url: str, tmp_path: Path) -> None:
    """``--redis`` alone comes up, with a broker of ours; a port that is taken for a stage ends ``up`` at once and says
    whose."""
    data, base = tmp_path / "r", free_ports(PORT_BLOCK)
    with up(data, "--redis", redis_url, "--port-base", str(base)):
        assert {row["state"] for row in status(data)} == {"ready"}
    impossible = run("up", data=data, GRIDWHISTLE_HTTP_BIND="203.0.113.1:9464", within=240)
    # whichever of the five is first
    assert impossible.returncode == 2 and "-1 ended with 2" in impossible.stderr, both(impossible)
    assert "203.0.113.1:" in impossible.stderr and "GRIDWHISTLE_HTTP_BIND" in impossible.stderr, both(impossible)
