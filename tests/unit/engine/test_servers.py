"""Starting servers: what once kept one from starting does not again."""

import socket
from pathlib import Path

import pytest

from engine.errors import InvalidSettings, StackBusy
from engine.local import jars, servers


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    """One that begins with a dash is drawn again."""
    draws = iter([b"\xfb" + b"\x00" * 15, b"\x01" * 16])
    assert servers.cluster_id(lambda: next(draws)).startswith("AQEB")


def test_a_taken_port_names_the_port_and_its_holder() -> None:
    """The holder is this very process."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(StackBusy, match=rf"port {port} is taken by .*pid \d+"):
            servers.demand_free([port])


def test_a_jar_with_another_checksum_is_refused_by_name(tmp_path: Path) -> None:
    """Every jar is pinned; the first wrong one is named."""
    folder = tmp_path
    first = next(iter(jars.KAFKA.pins()))
    (folder / first).write_bytes(b"something else")
    with pytest.raises(InvalidSettings, match=first.replace(".", r"\.")):
        jars.verify(folder)


@pytest.mark.parametrize(("level", "wanted"), [(29, jars.KAFKA), (30, jars.KAFKA_BEFORE), (None, jars.KAFKA)])
def test_a_folder_is_run_by_the_kafka_that_can_read_it(tmp_path: Path, level: int | None, wanted: jars.Release) -> None:
    """What a later one has formatted no earlier one reads; one that is not formatted is made for ours."""
    if level is not None:
        (tmp_path / "data").mkdir()
        record = b"\x01\x0c\x00\x11metadata.version" + level.to_bytes(2, "big") + b"\x00"
        (tmp_path / "data" / "bootstrap.checkpoint").write_bytes(b"head" + record + b"rest")
    assert jars.release_of(tmp_path) == wanted
