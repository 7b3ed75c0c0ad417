"""A small town from nothing: the page's walk, then a clerk's file of 300 rows, on one stack and without a script of
one's own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import free_ports
from tests.support.signals import hearing

ROOT = Path(__file__).parents[2]
ENVIRON = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("GRIDWHISTLE_") or name == "GRIDWHISTLE_CACHE_DIR"
}
ENVIRON["GRIDWHISTLE_CHECKPOINT_SECONDS"] = "1"
ENVIRON["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{ENVIRON['PATH']}"
HEADER = "工单号,受理时间,诉求类别,来源,诉求内容,来电人,联系电话,地址,网格,办结时间,状态"


def shell(script: str, folder: Path, within: float = 900) -> subprocess.CompletedProcess[str]:
    """Run a script as the page's reader does."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )


def gridwhistle(folder: Path, *words: str, typed: str = "", within: float = 300) -> subprocess.CompletedProcess[str]:
    """One command of the product."""
    command = [sys.executable, "-m", "engine.cli", *words]
    return subprocess.run(
        command, cwd=folder, env=ENVIRON, capture_output=True, text=True, timeout=within, check=False, input=typed
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The walk of docs/packs.md up to its last command, as it stands but for the ports; and what it said."""
    folder = tmp_path_factory.mktemp("town")
    found = re.search(
        r"<!-- town: begin -->\n```bash\n(.*?)```\n<!-- town: end -->",
        (ROOT / "docs" / "packs.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert found is not None
    script, last, _ = found[1].partition("gridwhistle down")
    assert last and "--detach" in script
    try:  # also a walk that is given up has a stack, which nobody else would end
        done = shell(script.replace("--detach", f"--detach --port-base {free_ports(20)}"), folder)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield folder, done.stdout
    finally:
        down = gridwhistle(folder, "down", "--data", "mine")
    assert down.returncode == 0, down.stderr


def row(n: int, **changed: str) -> str:
    """A row as a hotline's clerk has it: full-width digits in id, telephone and house number, an Excel date."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    cells = {
        "工单号": f"2026-{1000 + n}".translate(wide),
        "受理时间": "",
        "诉求类别": ("垃圾清运", "噪音", "路面", "占道经营")[n % 4],
        "来源": "电话",
        "诉求内容": f"第{n}件，请处理",
        "来电人": "张先生",
        "联系电话": f"000-{n:04d}".translate(wide),
        "地址": f"东大街{n % 90 + 1}号".translate(wide),
        "网格": "-",
        "办结时间": "",
        "状态": "办理中",
    }
    return ",".join((cells | changed).values())


def times(n: int) -> str:
    """The 300 times in the ways they are written, in order, one a minute from 2026-11-24 08:00 on."""
    minute = 8 * 60 + n
    written = (
        f"{46350 + minute / 1440:.10f}",
        f"2026/11/24 {minute // 60}:{minute % 60:02d}",
        f"2026年11月24日{minute // 60}时{minute % 60}分",
    )
    return written[n % 3]


AT_FAULT = {
    7: {"受理时间": "昨天下午"},
    19: {"工单号": ""},
    101: {"联系电话": "1.38E+10"},
    202: {"工单号": "2026-1001"},
}
"""No time, no id, a telephone number that a spreadsheet cut, an id that stands twice."""


def written(path: Path) -> Path:
    """300 rows in GBK, as Excel saves them."""
    lines = [HEADER, *(row(n, **{"受理时间": times(n)} | AT_FAULT.get(n, {})) for n in range(300))]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("gbk"))
    return path


def test_the_walk_ends_in_a_replay(town: tuple[Path, str]) -> None:
    """From an empty folder: four rows are four tickets, nothing was turned away, and the log comes out again to the
    byte."""
    _, said = town
    for words in (
        "has no faults",
        "4 would become a ticket",
        "4 rows sent: 4 have a ticket; rejected: 0.",
        "0 turned away",
        "dongjie-",
    ):
        assert words in said, said


def test_300_rows_of_a_hotline_become_tickets_or_named_faults(town: tuple[Path, str]) -> None:
    """GBK, Excel's dates, full-width digits: what the trial says is what the feed does; each row at fault is named by
    column and mend."""
    folder, _ = town
    file = str(written(folder / "hotline.csv"))
    trial = gridwhistle(folder, "feed", file, "--pack", "./my-town", "--dry-run", "--json")
    said: dict[str, Any] = json.loads(trial.stdout)
    assert trial.returncode == 1, trial.stderr
    assert said["kinds"] == {
        "would become a ticket": 296,
        "rejected: invalid_field": 3,
        "rejected: missing_id": 1,
    }, said
    named = sorted((fault["row"], fault["column"]) for fault in said["faults"])
    assert named == [(8, "受理时间"), (20, "工单号"), (102, "联系电话"), (203, "工单号")]
    assert all(fault["mend"] for fault in said["faults"]) and "昨天下午" not in trial.stdout

    fed = gridwhistle(
        folder, "feed", file, "--pack", "./my-town", "--speed", "0", "--data", "mine", "--json", "--allow-rejects", "4"
    )
    found: dict[str, Any] = json.loads(fed.stdout)
    assert fed.returncode == 0, fed.stderr
    assert (found["tickets"], found["rejected"], found["without_id"], found["undecided"]) == (
        296,
        {"invalid_field": 3},
        1,
        0,
    ), found
    assert len(found["faults"]) == 4


def test_what_was_turned_away_is_seen_mended_and_sent_again(town: tuple[Path, str]) -> None:
    """By column, the value masked; the original for who may, with a purpose, noted; under the same identity it is a
    ticket."""
    folder, _ = town
    listed = gridwhistle(folder, "rejected", "list", "--data", "mine")
    lines = [line for line in listed.stdout.splitlines() if line.startswith("incidents.raw:")]
    assert len(lines) == 3, listed.stdout + listed.stderr
    (mine,) = [line for line in lines if "受理时间" in line]
    assert "is no time; one looks like" in mine and "昨天下午" not in mine and "Field required" not in listed.stdout
    name = mine.split()[0]
    shown = shown_to_who_may(folder, name)

    def resent(typed: str) -> subprocess.CompletedProcess[str]:
        words = ("rejected", "resend", name, "--pack", "./my-town", "--data", "mine")
        return gridwhistle(folder, *words, typed=typed)

    forgotten(folder)
    still = resent(shown)
    assert still.returncode == 1 and "is no time" in still.stdout
    other = resent(shown.replace("昨天下午", "46350.5").replace("１００７", "９９９９"))
    assert other.returncode == 1 and "must stay" in other.stdout
    mended = resent(shown.replace("昨天下午", "46350.5"))
    assert mended.returncode == 0, mended.stdout + mended.stderr

    again = gridwhistle(
        folder, "feed", "hotline.csv", "--pack", "./my-town", "--speed", "0", "--data", "mine", "--json"
    )
    found = json.loads(again.stdout)
    assert again.returncode == 1 and (found["tickets"], found["rejected"]["duplicate"]) == (297, 296), found


def shown_to_who_may(folder: Path, name: str) -> str:
    """The original of a rejected row: for a role on the roster, with a purpose, and noted; for nobody else."""
    for who, why, words in (
        ("residents:resident-1", "mending", "this is for"),
        ("chief:nobody", "mending", "not on the roster"),
        ("chief:chief-1", "", "purpose"),
    ):
        refused = gridwhistle(folder, "rejected", "show", name, "--as", who, "--purpose", why, "--data", "mine")
        assert refused.returncode == 2 and words in refused.stderr and "昨天下午" not in refused.stdout
    shown = gridwhistle(
        folder, "rejected", "show", name, "--as", "chief:chief-1", "--purpose", "ask the clerk", "--data", "mine"
    )
    assert json.loads(shown.stdout)["columns"]["受理时间"] == "昨天下午" and "my-town-hotline 2026-1007" in shown.stderr
    (line,) = gridwhistle(folder, "people", "audit", "--json", "--data", "mine").stdout.splitlines()
    entry = json.loads(line)
    assert (entry["record"], entry["text"]) == (name, "ask the clerk") and "cli:chief:chief-1:" in entry["who"]
    return shown.stdout


def forgotten(folder: Path) -> None:
    """A reporter, by two people, by a number that stands in no argument; once, and noted."""
    words = ("people", "erase", "--number", "--as", "chief:chief-1", "--reason", "asked in writing", "--data", "mine")
    for second, why in (("chief:chief-1", "second person"), ("desk:desk-1", "this is for")):
        refused = gridwhistle(folder, *words, "--and", second, typed="000-0030\n")
        assert refused.returncode == 2 and why in refused.stderr
    done = gridwhistle(folder, *words, "--and", "centre:centre-1", typed="000 00 30\n")
    assert "keys of 1 reports and 0 rejected" in done.stdout, done.stdout + done.stderr
    again = gridwhistle(folder, *words, "--and", "centre:centre-1", typed="000-0030\n")
    assert again.returncode == 2 and "it is forgotten" in again.stderr
    listed = gridwhistle(folder, "people", "audit", "--who", ":centre-1", "--data", "mine").stdout
    assert listed.count("erase_done") == 1 == len(listed.splitlines())
    listed = gridwhistle(folder, "people", "audit", "--data", "mine").stdout
    assert [line.split("  ")[2] for line in listed.splitlines()] == ["original", "erase_asked", "erase_done"]


def test_the_log_is_signed_as_it_is_written_and_the_archive_names_a_record(town: tuple[Path, str]) -> None:
    """By the archive's stage, decisions and audit; by a public key that was written down elsewhere; a stranger's key
    vouches for nothing."""
    folder, _ = town
    public = gridwhistle(folder, "verify-chain", "--public-key", "--data", "mine").stdout.strip()
    assert len(bytes.fromhex(public)) == 32

    def is_signed() -> bool:
        found = gridwhistle(folder, "verify-chain", "--key", public, "--json", "--data", "mine")
        told = json.loads(found.stdout)
        assert (found.returncode, told["faults"]) == (0, []) or not told["checkpoints"], found.stdout
        return not any(told["since"].values()) and "people.audit/0" in told["begins"] and told["records"] >= 300

    until(is_signed, 60)
    strange = gridwhistle(folder, "verify-chain", "--key", "00" * 31 + "01", "--data", "mine")
    assert strange.returncode == 1 and "FORGED" in strange.stdout


def until(holds: Callable[[], bool], within: float) -> None:
    """Wait until it is so."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.5)


def test_a_feed_that_is_stopped_says_where_it_stood(town: tuple[Path, str]) -> None:
    """While nobody decides it waits, and is interrupted: what was sent is safe, and feeding again adds nothing."""
    folder, _ = town
    file = folder / "later.csv"
    file.write_text(
        "\n".join([HEADER, row(501, 受理时间="2026/11/24 9:00"), row(502, 受理时间="2026/11/24 9:01")]), encoding="gbk"
    )
    stack = json.loads(gridwhistle(folder, "status", "--json", "--data", "mine").stdout)
    deciding = next(one["pid"] for one in stack if one["name"] == "dispatch-1")
    command = [sys.executable, "-m", "engine.cli", "feed", str(file), "--pack", "./my-town", "--data", "mine"]
    os.kill(deciding, signal.SIGSTOP)
    try:
        process = subprocess.Popen(
            hearing(command),
            cwd=folder,
            env=ENVIRON,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        until = time.monotonic() + 120
        for line in process.stderr:
            assert time.monotonic() < until
            if "waiting for decisions" in line:
                break
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=90)
    finally:
        os.kill(deciding, signal.SIGCONT)
    assert (
        process.returncode == 130
        and "feed: stopped; 2 of 2 records are safe and journalled" in said
        and "Traceback" not in said
    )
    again = gridwhistle(folder, "feed", str(file), "--pack", "./my-town", "--data", "mine", "--json")
    assert again.returncode == 0, again.stderr
    assert gridwhistle(folder, "audit", "--data", "mine").returncode == 0
