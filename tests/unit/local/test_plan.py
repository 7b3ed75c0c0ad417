"""A folder remembers; what cannot be, or contradicts it, is refused before anything starts (DESIGN 9)."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from engine.cli.stack import up
from engine.client.publish_pack import prove
from engine.errors import GridwhistleError, InvalidRulePack, InvalidSettings, StackBusy, StackNotFound
from engine.local import folder as folders
from engine.local.folder import (
    StackFile,
    read_stack,
    redis_of,
    settings_for,
    settings_of,
    socket_of,
    take_folder,
    write_stack,
)
from engine.local.plan import PORT_BLOCK, Wanted, plan
from engine.server_addresses import shown_url
from engine.settings import Settings
from rules.rulepack.compiler import pack_ref
from tests.support.servers import free_ports


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set outside of the test."""
    for name in os.environ:
        if name.startswith("GRIDWHISTLE_") and name != "GRIDWHISTLE_CACHE_DIR":
            monkeypatch.delenv(name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A stack's folder."""
    return take_folder(tmp_path / "stack")


def wanted(data: Path, **more: Any) -> Wanted:
    """Ask for a stack on free ports."""
    return Wanted(data=data, **({"port_base": free_ports(PORT_BLOCK)} | more))


def settled(data: Path, **more: Any) -> StackFile:
    """A stack that has been up once."""
    stack = plan(wanted(data, **more), {})
    stack.settled, stack.in_force = True, pack_ref(prove(stack.pack))
    write_stack(data, stack)
    return stack


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such pack": ({"pack": "guanchng"}, "guanchng"),
    "no such folder": ({"pack": "./nowhere"}, "nowhere"),
    "no port": ({"kafka": "broker"}, "HOST:PORT"),
    "port too large": ({"kafka": "broker:70000"}, "HOST:PORT"),
    "one of two": ({"kafka": "a:1,b"}, "'b' must be HOST:PORT"),
    "no redis": ({"redis": "localhost:6379"}, "must be a URL"),
    "redis port": ({"redis": "redis://h:99999/0"}, "must be a URL"),
    "secret among arguments": ({"redis": "redis://:secret@h:1/0"}, "GRIDWHISTLE_REDIS_URL"),
    "clock": ({"clock": "yesterday"}, "START@SPEED"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_and_binds_nobody(case: str, data: Path) -> None:
    """The mend is said, nothing is written down, the secret is not repeated; a right one comes through afterwards."""
    asked, words = REFUSED[case]
    with pytest.raises(GridwhistleError, match=words) as refused:
        plan(wanted(data, **asked), {})
    assert "secret" not in str(refused.value)
    assert read_stack(data) is None
    assert plan(wanted(data), {}).pack == "guancheng"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port-base", "99999"],
        ["--port-base", "x"],
        ["--for", "-1"],
        ["--workers", "dispatch=0"],
        ["--workers", "x=1"],
    ],
)
def test_arguments_are_looked_at_before_the_folder(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused in words, and no folder is made."""
    from engine.cli import _single

    with pytest.raises((SystemExit, GridwhistleError)) as refused:
        _single(up)(args=["--data", str(tmp_path / "s"), *arguments], prog_name="gridwhistle up")
    assert getattr(refused.value, "code", 2) == 2
    assert not (tmp_path / "s").exists()


def test_a_taken_port_is_refused_by_name(data: Path) -> None:
    """For a new stack, and for one that was on it: it does not go somewhere else."""
    before = settled(data)
    for port in (before.port_base, before.port_base + 11):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            for asked in (Wanted(data=data), Wanted(data=data.parent / "other", port_base=before.port_base)):
                with pytest.raises(StackBusy, match=f"port {port} is taken by .*--port-base"):
                    plan(asked, {})


def test_a_folder_goes_on_exactly_as_it_was(data: Path) -> None:
    """Servers, prefix, numbers, ports and clock; nothing of it is asked again, and the environment does not matter."""
    environ = {
        "GRIDWHISTLE_PREFIX": "p.",
        "GRIDWHISTLE_PARTITIONS": "12",
        "GRIDWHISTLE_REPLICATION_FACTOR": "2",
        "GRIDWHISTLE_MIN_INSYNC_REPLICAS": "1",
    }
    stack = plan(
        wanted(
            data, kafka="broker:9092", redis="redis://r:1/0", clock="2018-01-01T00:00:00-08:00@3600", pack="los-angeles"
        ),
        environ,
    )
    stack.settled, stack.in_force = True, "los-angeles@1"
    write_stack(data, stack)
    again = plan(Wanted(data=data), {})
    for name in (
        "kafka",
        "redis_url",
        "prefix",
        "partitions",
        "replication_factor",
        "min_insync_replicas",
        "port_base",
        "clock",
        "pack",
        "own_kafka",
        "own_redis",
    ):
        assert getattr(again, name) == getattr(stack, name), name
    assert (again.prefix, again.partitions, again.replication_factor, again.own_kafka) == ("p.", 12, 2, False)


def test_each_own_server_by_itself(data: Path) -> None:
    """With a Redis of one's own the broker is still ours, of one replica; and the other way round."""
    redis_alone = plan(wanted(data, redis="redis://r:1/0"), {})
    assert (redis_alone.own_kafka, redis_alone.own_redis, redis_alone.replication_factor) == (True, False, 1)
    kafka_alone = plan(wanted(data, kafka="b:1"), {})
    assert (kafka_alone.own_kafka, kafka_alone.own_redis, kafka_alone.replication_factor) == (False, True, 3)


@pytest.mark.parametrize(
    "asked",
    [
        {"kafka": "b:1"},
        {"redis": "redis://r:1/0"},
        {"clock": "2018-01-01T00:00:00-08:00@3600"},
        {"pack": "los-angeles"},
    ],
)
def test_what_contradicts_a_folder_is_refused_with_the_mend(asked: dict[str, str], data: Path) -> None:
    """Before anything starts; and what it remembers stays."""
    before = settled(data)
    with pytest.raises(InvalidSettings, match=r"go on without|without --pack"):
        plan(Wanted(data=data, **asked), {})  # type: ignore[arg-type]
    assert read_stack(data) == before


def test_the_very_pack_in_force_may_be_named(data: Path, tmp_path: Path) -> None:
    """By its content, not its name: a law that was published meanwhile is the one in force."""
    stack = settled(data)
    assert plan(Wanted(data=data, pack="guancheng"), {}).in_force == stack.in_force
    law = tmp_path / "law"
    law.mkdir()
    (law / "pack.yaml").write_text("name: guancheng\nextends: guancheng\nmax_declines: 1\n")
    stack.in_force = pack_ref(prove(str(law)))
    write_stack(data, stack)
    assert plan(Wanted(data=data, pack=str(law)), {}).in_force == stack.in_force
    with pytest.raises(InvalidSettings, match=r"pack publish guancheng --data"):
        plan(Wanted(data=data, pack="guancheng"), {})


def test_a_relative_pack_is_found_from_another_directory(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its absolute path is written down."""
    (tmp_path / "law").mkdir()
    (tmp_path / "law" / "pack.yaml").write_text("name: guancheng\nextends: guancheng\nmax_declines: 1\n")
    monkeypatch.chdir(tmp_path)
    assert plan(wanted(data, pack="./law"), {}).pack == str(tmp_path / "law")
    with pytest.raises(InvalidRulePack):
        plan(wanted(data, pack="law/nothing"), {})


def test_a_first_start_that_failed_binds_nobody(data: Path) -> None:
    """Another pack, clock and broker may be named until one has come up."""
    write_stack(data, plan(wanted(data, pack="los-angeles", clock="2018-01-01T00:00:00-08:00@3600"), {}))
    stack = plan(wanted(data, pack="guancheng", kafka="b:1"), {})
    assert (stack.pack, stack.clock, stack.kafka) == ("guancheng", "", "b:1")


def test_a_folder_of_an_older_version_is_read(data: Path) -> None:
    """It names its servers in one word, and no pack in force: foreign ones stay foreign."""
    (data / "stack.json").write_text(
        '{"pack":"guancheng","kafka":"b:1","redis_url":"redis://r:1/0","own_servers":false,'
        '"processes":{"x":{"stage":"intake","pid":1,"port":2}}}'
    )
    again = plan(Wanted(data=data, port_base=free_ports(PORT_BLOCK)), {})
    assert (again.kafka, again.own_kafka, again.own_redis, again.replication_factor, again.settled) == (
        "b:1",
        False,
        False,
        3,
        True,
    )


def test_a_command_finds_no_stack_but_the_one_named(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped folder, one whose broker does not run, an environment that says otherwise: each is said, none reaches
    another's port."""
    for named in (tmp_path / "mistyped", data):
        with pytest.raises(StackNotFound, match="there is no stack in"):
            settings_of(named)
    assert not (tmp_path / "mistyped").exists()
    stack = settled(data)
    with pytest.raises(StackNotFound, match="does not run"):
        settings_of(data)
    monkeypatch.setattr(folders, "holder", lambda _: "somebody")
    assert settings_of(data).kafka == stack.kafka
    monkeypatch.setenv("GRIDWHISTLE_KAFKA", "elsewhere:1")
    with pytest.raises(InvalidSettings, match="GRIDWHISTLE_KAFKA"):
        settings_of(data)
    with pytest.raises(StackNotFound, match="there is no stack"):
        settings_of(tmp_path / "mistyped")
    monkeypatch.setenv("GRIDWHISTLE_DATA_DIR", str(tmp_path / "by hand"))
    assert settings_of(None).kafka == "elsewhere:1"


def test_the_folder_named_is_the_data_folder(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's stays out of it."""
    stack = settled(data)
    monkeypatch.setenv("GRIDWHISTLE_DATA_DIR", "/elsewhere")
    assert settings_for(data, stack).data_dir == data


def test_the_own_redis_has_a_password_and_a_socket_that_fits(data: Path, tmp_path: Path) -> None:
    """Made once for a folder; where the path is too long for a socket it is the loopback, with the password."""
    stack = settled(data)
    url = redis_of(data, stack)
    assert url.startswith("unix://") and url == redis_of(data, stack)
    deep = take_folder(tmp_path / ("d" * 100))
    assert socket_of(deep) is None
    assert redis_of(deep, stack).startswith("redis://:") and redis_of(deep, stack).endswith(
        f"@127.0.0.1:{stack.port_base + 2}/0"
    )
    assert (data / "redis.password").read_text() != (deep / "redis.password").read_text()


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@h:1/0",
        "redis://u:s3cret@h:1/0",
        "unix:///run/x.sock?db=0&password=s3cret",
        "unix:///x?password=s3cret&db=1",
        "rediss://h/0?Password=s3cret",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    """Neither by ``settings`` nor by an error that shows the model."""
    assert "s3cret" not in shown_url(url)
    assert "***" in shown_url(url)
    assert "s3cret" not in repr(Settings(redis_url=url))
    assert shown_url("redis://h:1/0") == "redis://h:1/0"
