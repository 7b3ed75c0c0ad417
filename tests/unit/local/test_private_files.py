"""What lies in a stack's folder is its owner's alone, and never somewhere else by way of a link."""

import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.chain.signing import load_signing_key, make_signing_key
from engine.errors import InvalidSettings, StackNotFound
from engine.kafka.send_journal import Journal, JournalEntry
from engine.local.childlog import ChildLog
from engine.local.folder import StackFile, password_of, read_stack, take_folder, write_stack
from engine.local.lock import held, holder
from engine.local.reset import clear
from engine.security.private_files import make_folder, opener, read_whole, write_whole
from engine.security.vault import load_master_key, make_master_key


@pytest.fixture(autouse=True)
def wide_open() -> Iterator[None]:
    """A umask that would let everybody in."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.lstat().st_mode)


def stack() -> StackFile:
    """Any stack."""
    return StackFile("guancheng", "127.0.0.1:1", "redis://127.0.0.1:3/0")


def journal(path: Path) -> None:
    """Write one entry."""
    with Journal(path) as found:
        found.add(JournalEntry(id="i", kind="incident", topic="t", partition=0, offset=0, sha256=""))


def log(path: Path) -> None:
    """Write one line, and look that it was written."""
    found = ChildLog(path)
    found.write("line")
    if found.lost:
        raise InvalidSettings("refused")


def entered(folder: Path) -> object:
    """Hold a folder, and give what keeps holding it."""
    holding = held(folder, "test")
    holding.__enter__()
    return holding


def logged(folder: Path) -> None:
    """A log in a folder of its own."""
    make_folder(folder / "logs")
    log(folder / "logs/a.log")


def plainly(folder: Path) -> None:
    """A file of bytes in a folder of its own."""
    make_folder(folder / "faust")
    write_whole(folder / "faust/x", b"x")


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "stack.json": ("stack.json", lambda folder: write_stack(folder, stack())),
    "key": ("master.key", lambda folder: make_master_key(folder / "master.key")),
    "chain": ("chain.key", lambda folder: make_signing_key(folder / "chain.key")),
    "password": ("redis.password", password_of),
    "journal": ("journals/a.jsonl", lambda folder: journal(folder / "journals/a.jsonl")),
    "log": ("logs/a.log", logged),
    "lock": ("lock", lambda folder: entered(folder)),
    "plain": ("faust/x", plainly),
}


@pytest.mark.parametrize("what", WRITERS)
def test_every_file_is_its_owners_alone(what: str, tmp_path: Path) -> None:
    """0600 and 0700, whatever the umask; a folder that was open is closed."""
    folder = tmp_path / "deep" / "stack"
    take_folder(folder)
    folder.chmod(0o755)
    take_folder(folder)
    name, write = WRITERS[what]
    hold = write(folder)
    assert (folder / name).exists(), hold
    assert {mode(path) for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert {mode(path) for path in (folder.parent, folder, *folder.rglob("*")) if path.is_dir()} == {0o700}


@pytest.mark.parametrize("what", [what for what in WRITERS if what not in ("stack.json", "plain")])
def test_no_link_is_followed(what: str, tmp_path: Path) -> None:
    """A link that stands where we write leads nowhere: what it points to is neither written nor read."""
    folder, victim = tmp_path / "stack", tmp_path / "victim"
    take_folder(folder)
    victim.write_bytes(b"precious")
    name, write = WRITERS[what]
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(victim)
    if what in ("key", "chain"):
        write(folder)
        with pytest.raises(InvalidSettings, match="symbolic link"):
            (load_master_key if what == "key" else load_signing_key)(folder / name)
    else:
        with pytest.raises(InvalidSettings, match=r"symbolic link|refused"):
            write(folder)
    assert victim.read_bytes() == b"precious"
    assert mode(victim) == 0o666


def test_a_file_written_whole_takes_a_links_place(tmp_path: Path) -> None:
    """``stack.json`` is replaced, and the scratch file beside it is never written through a link."""
    folder, victim = take_folder(tmp_path / "stack"), tmp_path / "victim"
    victim.write_bytes(b"precious")
    (folder / "stack.json").symlink_to(victim)
    with pytest.raises(InvalidSettings, match="symbolic link"):
        read_stack(folder)
    write_stack(folder, stack())
    (folder / "stack.json.new").symlink_to(victim)
    with pytest.raises(InvalidSettings, match="symbolic link"):
        write_stack(folder, stack())
    assert victim.read_bytes() == b"precious"
    assert read_stack(folder) is not None


def test_a_pipe_is_no_file_of_ours(tmp_path: Path) -> None:
    """Opening it does not wait for a writer."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidSettings, match="not a file"), open(tmp_path / "pipe", "rb", opener=opener):
        pass


def test_a_folder_that_is_a_link_or_anothers_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are refused with the mend; a full folder that no stack made as well, and none of its modes changes."""
    real = tmp_path / "real"
    real.mkdir(0o755)
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(InvalidSettings, match="symbolic link"):
        take_folder(tmp_path / "link")
    (real / "thesis.tex").write_text("years of work")
    with pytest.raises(InvalidSettings, match=r"no stack's folder and is not empty \(thesis.tex"):
        take_folder(real)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidSettings, match="not a folder"):
        take_folder(tmp_path / "file")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(InvalidSettings, match="belongs to user"):
        take_folder(real)
    assert mode(real) == 0o755


def test_reset_deletes_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    """A stranger's file stays, and what a link points to as well."""
    folder, outside = take_folder(tmp_path / "stack"), tmp_path / "outside"
    outside.mkdir()
    (outside / "data").write_text("precious")
    write_stack(folder, stack())
    make_folder(folder / "kafka")
    write_whole(folder / "kafka" / "log", b"1")
    (folder / "kafka" / "elsewhere").symlink_to(outside)
    (folder / "logs").symlink_to(outside)
    (folder / "notes.txt").write_text("mine")
    assert clear(folder) == ["notes.txt"]
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert (outside / "data").read_text() == "precious"


@pytest.mark.parametrize("name", ["logs", "run", "kafka", "postgres"])
def test_a_folder_with_data_of_anothers_program_is_not_taken(name: str, tmp_path: Path) -> None:
    """Its name was taken for one of ours, and ``reset`` deleted it."""
    make_folder(tmp_path / "project" / name)
    write_whole(tmp_path / "project" / name / "data", b"precious")
    with pytest.raises(InvalidSettings, match=f"is not empty \\({name} …\\)"):
        take_folder(tmp_path / "project")
    with pytest.raises(StackNotFound):
        clear(tmp_path / "project")
    assert (tmp_path / "project" / name / "data").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["master.key", "gateway.keys", ".gridwhistle.new", "audit.signed-off.json.new"])
def test_a_folder_with_keys_or_what_a_kill_left_is_taken(name: str, tmp_path: Path) -> None:
    """A key is brought to a new folder; a first start may be killed while it marks its own."""
    make_folder(tmp_path / "stack")
    write_whole(tmp_path / "stack" / name, b"x")
    assert clear(take_folder(tmp_path / "stack")) == []


def test_a_full_disk_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is there whole or not at all, and no scrap stays beside it."""
    write_whole(tmp_path / "a", b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a", b"after")
    assert read_whole(tmp_path / "a") == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_who_looks_whether_a_folder_is_held_does_not_hold_it(tmp_path: Path) -> None:
    """Nor does a lock stand on a file that is no longer there under its name."""
    with held(tmp_path, "one"):
        assert "one" in str(holder(tmp_path))
    assert holder(tmp_path) is None
    assert not (tmp_path / "lock").exists()


@pytest.mark.parametrize("make", [make_master_key, make_signing_key, lambda path: password_of(path.parent, path.name)])
def test_a_secret_is_made_whole_or_not_at_all(make: Any, tmp_path: Path) -> None:
    """What a kill left empty is made anew, for nothing was ever kept under it (an empty password would let everybody
    in); what is there stays; nothing else is left behind."""
    path = tmp_path / "secret"
    path.touch(0o600)
    make(path)
    first = path.read_bytes()
    make(path)
    assert len(first) >= 32 and path.read_bytes() == first and list(tmp_path.iterdir()) == [path]
    assert mode(path) == 0o600


def test_of_many_who_make_a_secret_one_is_heard(tmp_path: Path) -> None:
    """All have the same."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: password_of(tmp_path, "secret"), range(32)))
    assert len(found) == 1 and len(found.pop()) == 48


@pytest.mark.parametrize("load", [load_master_key, load_signing_key])
@pytest.mark.parametrize("content", [b"", b"abc", b"\0" * 32, b"x" * 33])
def test_what_can_be_no_key_is_refused(load: Any, content: bytes, tmp_path: Path) -> None:
    """A disk gives zeros back for what it lost: sealed with them, everybody could read it."""
    write_whole(tmp_path / "key", content)
    with pytest.raises(InvalidSettings, match="restore it from your backup"):
        load(tmp_path / "key")
