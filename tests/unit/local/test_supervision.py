"""The supervision outlives what its children say, and what the disk does."""

import asyncio
import errno
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DependencyDown
from engine.local import childlog, servers
from engine.local.childlog import LINE_BYTES, ChildLog, bounded_lines
from engine.local.supervisor import Child, Supervisor, python_command


class Chunks:
    """Bytes that come in pieces."""

    def __init__(self, *chunks: bytes) -> None:
        """Keep them."""
        self.chunks = list(chunks)

    async def read(self, size: int, /) -> bytes:
        """Give the next piece."""
        return self.chunks.pop(0) if self.chunks else b""


async def lines(*chunks: bytes) -> list[bytes]:
    """All lines of these pieces."""
    return [line async for line in bounded_lines(Chunks(*chunks))]


async def test_a_line_is_cut_and_the_next_ones_are_read() -> None:
    """However long it is, and wherever the pieces end."""
    assert await lines(b"a\nb", b"c\n", b"\n", b"end") == [b"a", b"bc", b"", b"end"]
    long, *rest = await lines(*[b"x" * 50_000] * 40, b"\nafter\n")
    assert long == b"x" * LINE_BYTES + b" [%d bytes cut]" % (2_000_000 - LINE_BYTES)
    assert rest == [b"after"]


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    """A supervisor whose children are ended in the end."""
    (tmp_path / "run").mkdir()
    (tmp_path / "logs").mkdir()
    found = Supervisor(lambda: None)
    yield found
    await found.stop(patience=1.0)


def child(folder: Path, code: str, **more: Any) -> Child:
    """A child that runs some Python."""
    return Child("c-1", "c", [sys.executable, "-c", code], environ=dict(os.environ), folder=folder, **more)


async def until(holds: Any, within: float = 10) -> None:
    """Wait until it holds."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_a_line_of_three_mebibytes_ends_nothing(supervisor: Supervisor, tmp_path: Path) -> None:
    """The child goes on being read, and is started again when it ends."""
    found = child(tmp_path, "print('x' * 3 * 2**20); print('after', flush=True); import time; time.sleep(0.1)")
    supervisor.add(found)
    await until(lambda: found.starts >= 2)
    assert "after" in found.log.path.read_text()
    assert found.log.path.stat().st_size < 300_000


async def test_a_full_disk_ends_nothing_and_is_told_afterwards(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the log nor the note of the pids; the child runs on, and the lines that are missing are counted."""
    full = True

    def put(self: ChildLog, text: str, real: Any = ChildLog._put) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, text)

    def note() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ChildLog, "_put", put)
    found = child(tmp_path, "import time, sys; print('hello', flush=True); time.sleep(0.1)")
    supervisor._on_restart = note
    supervisor.add(found)
    await until(lambda: found.starts >= 3)
    full = False
    await until(
        lambda: found.log.path.exists() and "lines before this one could not be written" in found.log.path.read_text()
    )


async def test_who_listens_to_a_child_cannot_end_it(supervisor: Supervisor, tmp_path: Path) -> None:
    """A closed terminal raises at every line."""

    def gone(_: str) -> None:
        raise BrokenPipeError

    found = child(tmp_path, "print('a'); print('b', flush=True); import time; time.sleep(60)", on_line=gone)
    supervisor.add(found)
    await until(lambda: "b" in found.log.last)
    assert found.starts == 1


async def test_a_program_that_is_not_there_is_tried_again(supervisor: Supervisor, tmp_path: Path) -> None:
    """Growing pauses, no end of the supervision; once it is there, it runs."""
    program = tmp_path / "program"
    found = Child("c-1", "c", [str(program)], environ=dict(os.environ), folder=tmp_path)
    supervisor.add(found)
    await until(lambda: found.code == -1)
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    await until(lambda: found.process is not None and found.process.returncode is None)


async def test_a_child_that_said_why_ends_the_wait_at_once(supervisor: Supervisor, tmp_path: Path) -> None:
    """Code 2 is a refusal with its reason: it is handed on, in less than the wait."""
    supervisor.add(child(tmp_path, "import sys; print('no such thing; mend it', flush=True); sys.exit(2)"))
    began = time.monotonic()
    with pytest.raises(DependencyDown, match=r"(?s)c-1 ended with 2:.*no such thing; mend it"):
        await supervisor.until_ready(60)
    assert time.monotonic() - began < 10


def test_nothing_is_looked_through_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker needs seconds until it takes connections; whose port it is matters from then on."""
    looked = list[int]()

    def listens(pid: int, port: int) -> bool:
        looked.append(pid)
        return True

    monkeypatch.setattr(servers, "listens", listens)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert not servers.answers(7, port) and looked == []
        free.listen()
        assert servers.answers(7, port) and looked == [7]


async def test_a_child_that_is_ended_is_not_said_to_start_again(supervisor: Supervisor, tmp_path: Path) -> None:
    """The last line in its log is its own."""
    one = child(
        tmp_path,
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print('here', flush=True);"
        " time.sleep(60)",
    )
    supervisor.add(one)
    await until(lambda: "here" in one.log.last)
    await supervisor.stop("c-1")
    assert (tmp_path / "logs" / "c-1.log").read_text() == "here\n"


async def test_a_trace_does_not_push_the_reason_out(supervisor: Supervisor, tmp_path: Path) -> None:
    """Of what a server of Java says, the reason is shown; its 20 lines of trace stand in the log."""
    said = (
        "print('Caused by: Address already in use'); [print('\\tat java.base/x.y(Z.java:1)') for _ in range(18)];"
        " print('\\t... 18 more'); raise SystemExit(2)"
    )
    supervisor.add(child(tmp_path, said))
    with pytest.raises(DependencyDown) as ended:
        await supervisor.until_ready(30)
    assert "Address already in use" in str(ended.value) and "java.base" not in str(ended.value)
    assert "java.base" in (tmp_path / "logs" / "c-1.log").read_text()


async def test_a_child_that_never_becomes_ready_says_its_last_words(supervisor: Supervisor, tmp_path: Path) -> None:
    """Crashing again and again ends the wait; hanging ends it in time."""
    supervisor.add(child(tmp_path, "print('still at it', flush=True); import time; time.sleep(60)"))
    with pytest.raises(DependencyDown, match=r"(?s)not ready after 1 s:.*c-1: still at it"):
        await supervisor.until_ready(1)
    await supervisor.stop(patience=1.0)
    supervisor.add(child(tmp_path, "raise SystemExit(1)"))
    with pytest.raises(DependencyDown, match="c-1 ended with 1"):
        await supervisor.until_ready(60)


def test_logs_are_bounded_in_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and three before it; the newest lines are in the file, the oldest have gone."""
    monkeypatch.setattr(childlog, "LOG_BYTES", 1000)
    log = ChildLog(tmp_path / "a.log")
    for number in range(1000):
        log.write(f"line {number}")
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2", "a.log.3"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    assert "line 999" in (tmp_path / "a.log").read_text()


async def test_a_hostile_file_in_the_folder_is_not_imported(tmp_path: Path) -> None:
    """Stages start with -P: whatever is called like a module of ours or of the library stays where it lies."""
    for name in ("engine.py", "json.py", "typer.py", "asyncio.py"):
        (tmp_path / name).write_text("open('touched', 'w').close(); raise SystemExit(77)")
    process = await asyncio.create_subprocess_exec(
        *python_command("--version"), cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert (process.returncode, out.startswith(b"gridwhistle"), (tmp_path / "touched").exists()) == (0, True, False)


async def test_whoever_was_ready_is_asked_again_at_the_end_alone(supervisor: Supervisor, tmp_path: Path) -> None:
    """A look at a server costs 12 ms: while others start it was taken twenty times a second."""
    asked: list[str] = []

    def ready_at(name: str, look: int) -> Callable[[int], bool]:
        def answers(pid: int) -> bool:
            asked.append(name)
            return asked.count(name) >= look

        return answers

    for name, look in (("quick", 1), ("slow", 5)):
        supervisor.add(Child(name, "c", ["sleep", "60"], folder=tmp_path, answers=ready_at(name, look)))
    await supervisor.until_ready(60)
    assert asked.count("slow") >= 5 and asked.count("quick") == 2
