"""``gridwhistle replay``: exit codes, the sentences, the tables, CSV and JSON."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from engine.cli.replay import replay
from engine.kafka.log_reader import NoStack
from engine.kafka.log_snapshot import Log
from engine.replay.recorded_history import TOPICS
from engine.replay.render import simulated_json
from engine.replay.summary import clock, summary, tickets_off
from rules import VERSION
from tests.support.busy_days import busy_days
from tests.support.town import REF, town
from tests.thorough.replay.test_simulated import OTHER, doubled, one_ticket_left_alone, told_under


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command over a log that is not on any broker; answers its exit code, output and errors."""

    def call(log: Log | Exception, *words: str) -> tuple[int, str, str]:
        async def read(*_: Any, only: tuple[str, ...], **__: Any) -> Log:
            assert only in (TOPICS, ("reference",))
            if isinstance(log, Exception):
                raise log
            return log

        monkeypatch.setattr("engine.replay.history_reader.read_log", read)
        monkeypatch.setenv("GRIDWHISTLE_KAFKA", "127.0.0.1:1")
        monkeypatch.setenv("GRIDWHISTLE_DATA_DIR", str(tmp_path))
        app = typer.Typer()
        app.command()(replay)
        done = CliRunner().invoke(app, list(words))
        return done.exit_code, done.stdout, done.stderr

    return call


def test_an_identical_log_exits_zero(run: Any) -> None:
    """One sentence, or one JSON object."""
    log = busy_days(1, incidents=10, hours=12)
    count = len(log.of("tickets.decisions"))
    assert run(log) == (0, f"replayed: all {count} decisions of 1 partitions identical, byte by byte\n", "")
    code, out, _ = run(log, "--json")
    assert code == 0
    assert json.loads(out) == {
        "decisions": count,
        "identical": count,
        "held": 0,
        "partitions": 1,
        "waiting": 0,
        "bounded": 0,
        "since": None,
        "restamped": 0,
        "is_identical": True,
        "differences": [],
    }


def test_a_difference_exits_one(run: Any) -> None:
    """Named, with both sides, in words and in JSON."""
    log = busy_days(1, incidents=10, hours=12)
    entry = log.entries["tickets.decisions"][3]
    log.entries["tickets.decisions"][3] = entry._replace(value=(entry.value or b"").replace(b'"home":"', b'"home":"x'))
    code, out, _ = run(log)
    assert code == 1
    assert '  home\n    recorded  "x' in out
    code, out, _ = run(log, "--json")
    found = json.loads(out)
    assert (code, found["is_identical"], found["identical"], found["differences"][0]["where"]) == (
        1,
        False,
        3,
        entry.id,
    )
    assert '"home":"x' in found["differences"][0]["recorded"] and '"home":"x' not in found["differences"][0]["replayed"]


def test_a_log_of_another_version_of_the_engine_is_judged_by_what_it_says(run: Any) -> None:
    """Its stamp and the members that say a record's form are no difference; anything else is one, and none where the
    version is ours."""
    log = busy_days(1, incidents=10, hours=12)
    entries = log.entries["tickets.decisions"]
    for n, entry in enumerate(entries):
        older = (
            (entry.value or b"")
            .replace(b'"engine":"%s"' % VERSION.encode(), b'"engine":"0.0.9"')
            .replace(b'"schema":1,', b"")
        )
        entries[n] = entry._replace(value=older.replace(b'{"version":1,', b"{", 1))
    code, out, _ = run(log)
    assert code == 0
    assert f"{len(entries)} were written by another version of the engine and are the same but for its stamp" in out
    entries[3] = entries[3]._replace(value=(entries[3].value or b"").replace(b'"home":"', b'"home":"x'))
    assert run(log)[0] == 1
    log = busy_days(1, incidents=10, hours=12)
    entry = log.entries["tickets.decisions"][3]
    log.entries["tickets.decisions"][3] = entry._replace(value=(entry.value or b"").replace(b'{"version":1,', b"{", 1))
    assert run(log)[0] == 1


def test_a_gap_and_a_missing_stack_exit_two(run: Any) -> None:
    """Said on stderr, nothing on stdout."""
    log = busy_days(1, incidents=10, hours=12)
    gone = log.entries["commands"].pop(1).id
    code, out, said = run(log)
    assert (code, out) == (2, "") and said.startswith("gridwhistle replay: ") and gone in said
    assert run(NoStack("there is no topic"))[0] == 2


def test_what_cannot_be_asked_exits_two(run: Any, tmp_path: Path) -> None:
    """A CSV without another pack; a pack that is none, before anything is read."""
    code, _, said = run(Log(), "--csv", str(tmp_path / "x.csv"))
    assert code == 2 and "it goes with --pack" in said
    code, _, said = run(Log(), "--pack", str(tmp_path / "nowhere"))
    assert code == 2 and "no such pack" in said
    assert not (tmp_path / "x.csv").exists()


def test_another_city_puts_every_ticket_on_the_desk(run: Any, tmp_path: Path) -> None:
    """A shipped pack by its name: the town's homes are unknown to it, which is said; the CSV has every ticket."""
    log, path = busy_days(1, incidents=10, hours=12), tmp_path / "moved.csv"
    code, out, _ = run(log, "--pack", "guancheng", "--csv", str(path))
    assert code == 0
    assert "tickets lie in places that guancheng@" in out and "No longer fits" in out
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    code, out, _ = run(log, "--pack", "guancheng", "--json")
    found = json.loads(out)
    assert code == 0
    assert [(row["identity"], row["tier_after"], row["moved"]) for row in rows] == [
        (row["identity"], (row["after"] or {}).get("tier", ""), "; ".join(row["moved"])) for row in found["rows"]
    ]
    assert {row["tier_after"] for row in rows} <= {"desk", ""}


def test_a_cell_is_never_a_formula(tmp_path: Path) -> None:
    """Identities come from outside; a spreadsheet must not compute them."""
    from msgspec.structs import replace as with_fields

    from engine.replay.csv_export import write_rows

    row = told_under(one_ticket_left_alone(), doubled()).difference.rows[0]
    write_rows(tmp_path / "x.csv", [with_fields(row, identity='=HYPERLINK("x")')])
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["identity"] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize("seed", range(4))
def test_the_summary_is_five_to_ten_sentences(seed: int) -> None:
    """Whatever differs; the figures are those of the comparison."""
    found = told_under(busy_days(seed, incidents=40, hours=48), doubled())
    lines = summary(found)
    assert 5 <= len(lines) <= 10
    assert (
        f"{found.difference.breaches_vanish} would not have been missed, {found.difference.breaches_appear} would be"
        " missed anew" in lines[2]
    )
    assert json.loads(simulated_json(found))["summary"] == lines


def test_the_summary_of_one_ticket() -> None:
    """Word by word, as a mayor reads it."""
    lines = summary(told_under(one_ticket_left_alone(), doubled()))
    assert (
        lines[0]
        == f"1 ticket from 2026-03-02 08:00 to 2026-03-02 11:00 Asia/Shanghai, as decided by {REF}, told once more"
        f" under {OTHER}."
    )
    assert "The limit to solve the matter itself was missed by 1 ticket, and would be by 0." in lines
    same = summary(told_under(one_ticket_left_alone(), town()))
    assert same[1] == "Nobody would have had another ticket than he had."


def test_names_for_people() -> None:
    """Clocks and drifts."""
    assert [clock(name) for name in ("0:resolve:0", "0:leg:2", "1:child:urban/1")] == [
        "resolve",
        "leg 2",
        "child urban/1 (reopening 1)",
    ]
    assert [tickets_off(n) for n in (0, 250, -5)] == ["exactly on it", "2.50 tickets above", "0.05 tickets below"]


def test_from_a_day_on(run: Any, tmp_path: Path) -> None:
    """The sentence names the moment; a damaged checkpoint is said on stderr and made anew; what is no moment is
    refused."""
    log = busy_days(1, incidents=20, hours=40)
    code, out, said = run(log, "--from", "2026-03-03")
    assert (code, said) == (0, "") and out.startswith(
        "replayed from the state at 2026-03-03 00:00 Asia/Shanghai on: all "
    )
    kept = tmp_path / "checkpoints" / "2026-03-03.0.msgpack"
    made = kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_bytes(b"x")
    assert run(log, "--from", "2026-03-03") == (
        0,
        out,
        "gridwhistle replay: the checkpoint 2026-03-03.0.msgpack is not used: its bytes are damaged\n",
    )
    assert kept.read_bytes() == made
    code, again, said = run(log, "--from", "2026-03-03", "--json")
    found = json.loads(again)
    assert (code, said, found["since"], found["is_identical"]) == (0, "", 1772467200000, True)
    code, out, said = run(log, "--from", "yesterday")
    assert (code, out) == (2, "") and "2026-03-01T08:00:00+08:00" in said
