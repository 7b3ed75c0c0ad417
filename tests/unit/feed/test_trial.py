"""A feed tried without a broker: intake's own words on every row."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli import _single
from engine.cli.feed import feed
from tests.unit.pack.sowing import WHOLE
from tests.unit.pack.test_faults_of_files import write

FEED = """
source: town
id: nr
occurred_at: when
timezone: Asia/Shanghai
dates: [iso, ymd]
category: type
text: words
location: {grid: {column: grid}}
"""
HEADER = "nr,when,type,words,grid\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Guancheng with a feed of its own."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "feed.yaml").write_text(FEED)
    return write(tmp_path / "pack", WHOLE)


def run(folder: Path, body: str, *more: str) -> tuple[int, str]:
    """Exit code and everything said."""
    file = folder.parent / "rows.csv"
    file.write_text(body, encoding="utf-8")
    result = CliRunner().invoke(_single(feed), [str(file), "--pack", str(folder), "--dry-run", *more])
    return result.exit_code, result.output


def test_a_trial_says_what_would_become_of_each_row(folder: Path) -> None:
    """By kind, with where it would be filed, what would wait for the desk, and what would be rejected with column and
    mend; without a stack."""
    body = (
        HEADER + "1,2026/3/5 8:05,noise,loud,tawan-g1-m1\n2,2026/3/5 8:06,moon,x,tawan-g1-m1\n3,2026/3/5"
        " 8:07,noise,x,\n4,soon,noise,x,\n,2026/3/5 8:08,noise,x,\n1,2026/3/5 8:05,noise,loud,tawan-g1-m1\n"
    )
    code, said = run(folder, body)
    assert code == 1
    for line in (
        "6 rows read; nothing was sent.",
        "1 would become a ticket",
        "  row 1, line 2: 1  2026-03-05 00:05:00 UTC  noise  tawan-g1-m1 (by grid)",
        "1 would wait at the duty desk: category unknown",
        "1 would wait at the duty desk: no place",
        "1 would be rejected: invalid_field",
        "row 4, line 5: column 'when': 's***' is no time; one looks like 2026-03-05T08:05:00, or 2026/3/5 8:05",
        "1 would be rejected: missing_id",
        "row 5, line 6: column 'nr' is empty",
        "1 would be rejected: duplicate",
    ):
        assert line in said, said


def test_rejects_that_are_allowed_exit_zero(folder: Path) -> None:
    """So many and no more; a repeated row is none."""
    body = HEADER + "1,2026/3/5 8:05,noise,x,\n1,2026/3/5 8:05,noise,x,\n4,soon,noise,x,\n,2026/3/5 8:08,noise,x,\n"
    assert [run(folder, body, "--allow-rejects", n)[0] for n in ("0", "1", "2")] == [1, 1, 0]
    assert run(folder, HEADER + "1,2026/3/5 8:05,noise,x,\n")[0] == 0


def test_the_first_twenty_of_each_kind_are_listed(folder: Path) -> None:
    """All are counted."""
    code, said = run(folder, HEADER + "".join(f"{n},2026/3/5 8:05,noise,x,tawan-g1-m1\n" for n in range(50)))
    assert (code, said.count("(by grid)")) == (0, 20) and "and 30 more" in said


def test_a_broken_file_and_a_wrong_pack_are_refused(folder: Path) -> None:
    """Exit 2, in words, without a trace."""
    code, said = run(folder, HEADER + '1,2026/3/5 8:05,noise,"x,\n2,2026/3/5 8:05,noise,x,\n')
    assert code == 2 and "line 2" in said and "nothing of it was sent" in said
    (folder / "feed.yaml").write_text(FEED + "colour: red\n")
    assert run(folder, HEADER)[0] == 2
