"""Bytes that nobody can read raise three kinds of error, and whoever reads bytes of others knows all three."""

import ast
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from engine.client.subscriber import _read
from engine.errors import GridwhistleError
from engine.kafka.send_journal import read_journal
from engine.local.folder import read_stack
from engine.replay.record_diff import sides
from engine.security.list_file import ListFile
from engine.security.private_files import write_whole
from tests.support import trees
from topics.unreadable import UNREADABLE

BYTES = {
    "no JSON": b"{",
    "no UTF-8": b'{"pack": "\xd6\xd0"}',
    "no UTF-8 in a list": b'[{"pack": "\xd6\xd0"}]',
    "nested": b'{"x": ' + b"[" * 100_000,
    "nested lists": b'[{"x": ' + b"[" * 100_000,
    "zeros": b"\0" * 100,
}


class Kind(msgspec.Struct):
    """Something kept in a file."""

    pack: str


def kept(path: Path) -> None:
    """Keys of the gateway and its accounts lie in such a file."""
    ListFile(path, Kind, "keys").all()


def of_a_stack(path: Path) -> None:
    """Its folder is named."""
    write_whole(path.parent / "stack.json", path.read_bytes())
    read_stack(path.parent)


def journalled(path: Path) -> None:
    """A torn last line is no fault, so another follows."""
    path.write_bytes(path.read_bytes() + b"\n")
    list(read_journal(path))


@pytest.mark.parametrize("read", [kept, of_a_stack, journalled])
@pytest.mark.parametrize("case", BYTES)
def test_a_file_that_was_damaged_is_named(read: Callable[[Path], None], case: str, tmp_path: Path) -> None:
    """A page in GBK, a disk's zeros: said in a line, with the file."""
    write_whole(tmp_path / "file", BYTES[case])
    with pytest.raises(GridwhistleError, match=str(tmp_path)):
        read(tmp_path / "file")


@pytest.mark.parametrize("case", BYTES)
def test_what_a_stranger_answers_is_no_fault_of_ours(case: str) -> None:
    """Another server at the gateway's address; two records of which one is none."""
    assert "gateway" in _read(BYTES[case])["detail"]
    assert sides(BYTES[case], b"{}")


def test_nobody_knows_one_of_them_alone() -> None:
    """Half of all readers knew of one or two, and audit, keys and commands ended with a trace at a byte of GBK."""
    alone = [
        f"{trees.name(path)}:{node.lineno}"
        for path in trees.paths(*trees.PRODUCT)
        if trees.name(path) not in ("topics/unreadable.py", "topics/hostile_json.py")
        for node in trees.nodes(path)
        if (isinstance(node, ast.ExceptHandler) and node.type is not None and _names_msgspec(node.type))
        or (isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress") and _names_msgspec(node))
    ]
    assert alone == []
    assert issubclass(UNREADABLE[0], msgspec.MsgspecError)


def _names_msgspec(node: ast.AST) -> bool:
    """Of values that are read already (``msgspec.convert``) there is one kind alone, ``ValidationError``."""
    return any(word in ast.unparse(node) for word in ("msgspec.DecodeError", "msgspec.MsgspecError"))
