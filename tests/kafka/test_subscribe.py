"""``gridwhistle subscribe`` against a real gateway: each event to a program until that is content, in the order of its
ticket; Ctrl-C loses and doubles nothing."""

import asyncio
import json
import signal
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from engine.doors.pull import Pull
from tests.kafka.test_pull import tell
from tests.support.house import House, house
from tests.support.served import cli, key_of, served

HANDLE = """
import json, pathlib, sys
folder, line = pathlib.Path(sys.argv[1]), json.load(sys.stdin)
with (folder / "given").open("a") as given:
    given.write(json.dumps([line["event"]["ticket"], line["id"], line["attempt"]]) + "\\n")
if line["event"]["ticket"] == "b" and not (folder / "failed").exists():
    (folder / "failed").touch()
    sys.exit(3)
"""
HANGS = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
(folder / "begun").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
"""


def exec_of(folder: Path, code: str) -> str:
    """A program of one's own, as ``--exec`` takes it."""
    file = folder / "handle.py"
    file.write_text(code)
    return f"{sys.executable} {file} {folder}"


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


async def pull_of(here: House) -> Pull:
    """The department's door from inside, its tables made."""
    doors = await here.world.doors()
    return Pull(doors, "fire")


async def test_a_program_gets_each_event_until_it_is_content(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """A failure holds up its own ticket alone, and comes again; then nothing is left."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _), served(here) as address:
        pull, key = await pull_of(here), key_of(here, "fire")
        await pull.put("desk")
        await tell(await here.world.doors(), "a", "b", "a", "b", "c")
        command = ("subscribe", "--department", "fire", "--reader", "desk", "--gateway", address)
        process = await cli(*command, "--exec", exec_of(tmp_path, HANDLE), "--at-once", "2", key=key)
        given = tmp_path / "given"
        await until(lambda: given.exists() and len(given.read_text().splitlines()) == 6)
        process.send_signal(signal.SIGINT)
        out, said = await process.communicate()
        assert (process.returncode, out) == (0, b""), said
        assert b"exit code 3, attempt 1; it comes again" in said
        rows = [json.loads(line) for line in given.read_text().splitlines()]
        by_ticket = defaultdict(list)
        for ticket, name, attempt in rows:
            by_ticket[ticket].append((name, attempt))
        assert [attempt for _, attempt in by_ticket["b"]] == [1, 2, 1] and by_ticket["b"][0][0] == by_ticket["b"][1][0]
        assert len({name for _, name, _ in rows}) == 5 and [len(by_ticket[one]) for one in "ac"] == [2, 1]
        (desk,) = await pull.readers()
        assert (desk.leased, desk.waiting, desk.unread) == (0, 0, 0)


async def test_ctrl_c_waits_for_what_is_at_work_and_acknowledges_it(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """The program is not ended by it; what had not begun is still there for the next."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _), served(here) as address:
        pull, key = await pull_of(here), key_of(here, "fire")
        await pull.put("main")
        await tell(await here.world.doors(), "a", "b")
        process = await cli(
            "subscribe", "--department", "fire", "--gateway", address, "--exec", exec_of(tmp_path, HANGS), key=key
        )
        await until((tmp_path / "begun").exists)
        process.send_signal(signal.SIGINT)
        (tmp_path / "go").touch()
        _, said = await process.communicate()
        assert process.returncode == 0, said
        (main,) = await pull.readers()
        assert (main.leased, main.waiting) == (0, 1)


async def test_events_are_printed_from_where_one_says_and_passed_by_a_filter(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """One line of JSON each, the receipt not in it; what was printed does not come again, unless one goes back."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _), served(here) as address:
        await pull_of(here)
        doors, key, now = await here.world.doors(), key_of(here, "fire"), here.world.now
        await tell(doors, "old", at=now - 2 * 3_600_000, urgency="U1")
        await tell(doors, "x", at=now, urgency="U3")
        await tell(doors, "y", at=now, urgency="U1")
        words = ("subscribe", "--department", "fire", "--gateway", address, "--once", "--from", "1h")
        urgent = (*words, "--filter", "urgency == 'U1'", "--reader", "urgent")
        tickets = []
        for command in (urgent, words, words, (*words, "--again")):
            process = await cli(*command, key=key)
            out, said = await process.communicate()
            assert process.returncode == 0, said
            lines = [json.loads(line) for line in out.splitlines()]
            assert all(line.keys() == {"id", "cursor", "attempt", "replayed", "event"} for line in lines)
            tickets.append([(line["event"]["ticket"], line["replayed"]) for line in lines])
            assert command is not urgent or b"would have taken 2 of the last 3" in said
        assert tickets == [[("y", False)], [("x", False), ("y", False)], [], [("x", True), ("y", True)]]


async def test_an_outage_is_waited_out_and_a_refusal_ends_it(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Said once; a key of another department, or none of ours, is exit code 2."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _):
        pull, key = await pull_of(here), key_of(here, "fire")
        await pull.put("main")
        await tell(await here.world.doors(), "a")
        async with served(here) as address:
            for code, wrong in (("water", key), ("fire", "gwk_00_00")):
                process = await cli("subscribe", "--department", code, "--gateway", address, "--once", key=wrong)
                out, said = await process.communicate()
                assert (process.returncode, out) == (2, b"") and said.startswith(b"gridwhistle subscribe: 40"), said
        process = await cli("subscribe", "--department", "fire", "--gateway", address, "--once", key=key)
        assert process.stderr is not None
        line = await asyncio.wait_for(process.stderr.readline(), 60)
        assert b"does not answer" in line and b"asking again" in line
        async with served(here, int(address.rpartition(":")[2])):
            out, said = await process.communicate()
        assert process.returncode == 0 and json.loads(out)["event"]["ticket"] == "a"
        assert said == b"gridwhistle subscribe: it answers again\n"
