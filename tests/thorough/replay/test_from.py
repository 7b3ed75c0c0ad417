"""Replay from a day on: the same bytes as from the beginning, from the log or from a checkpoint that fits it."""

import random
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from engine.kafka.log_snapshot import Log
from engine.replay.checkpoint import Checkpoint, Checkpoints
from engine.replay.recorded_history import Gap, History, history_of
from engine.replay.render import verdict_lines
from engine.replay.start_moment import Moment, moment_of, read_when, zone_of
from engine.replay.state_at import stand, starts
from engine.replay.verify import Verdict, laws_of, verify, verify_history
from tests.support.busy_days import busy_days
from tests.support.town import HOUR, REF, START
from topics.codec import decode
from topics.decision import Decision

DECISIONS = "tickets.decisions"
ZONE = "Asia/Shanghai"
SECOND, THIRD = moment_of(date(2026, 3, 3), ZONE), moment_of(date(2026, 3, 4), ZONE)
"""The first of them is 16 hours behind the town's start."""


class Stack:
    """A log in memory, and the folder of its checkpoints."""

    def __init__(self, log: Log, folder: Path) -> None:
        """Nothing is kept yet."""
        self.log, self.folder, self.notes = log, folder, list[str]()
        self.found: dict[int, Checkpoint] = {}

    def history(self, moment: Moment) -> History:
        """What the command replays."""
        kept = Checkpoints(self.folder, "gw.", 1)
        while True:
            self.found = kept.newest(moment.day, moment.at)
            if kept.keep_fitting(self.found, self.log):
                break
        self.notes = kept.notes
        laws = laws_of(self.log)
        return history_of(self.log, stand(self.log, laws, moment, self.found, kept), moment.at)

    def verdict(self, moment: Moment) -> Verdict:
        """What comes of it."""
        return verify_history(self.history(moment), laws_of(self.log), lambda told: told)

    def files(self) -> list[str]:
        """The checkpoints there are."""
        return sorted(path.name for path in self.folder.glob("*"))


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Three busy days."""
    return Stack(busy_days(2, incidents=60, hours=72), tmp_path / "checkpoints")


def at(log: Log, index: int) -> int:
    """When a decision was made."""
    return decode(log.of(DECISIONS)[index].value or b"", Decision).at


def since(log: Log, moment: Moment) -> int:
    """How many decisions were made from a moment on."""
    return sum(at(log, n) >= moment.at for n in range(len(log.of(DECISIONS))))


def cut(log: Log, count: int) -> None:
    """Retention takes the first decisions, and the inputs that they decided."""
    dropped = [decode(entry.value or b"", Decision).id for entry in log.entries[DECISIONS][:count]]
    del log.entries[DECISIONS][:count]
    log.begins[DECISIONS, 0] = count
    for topic in ("incidents", "commands"):
        taken = sum(name.startswith(f"{topic}:") for name in dropped)
        del log.entries[topic][:taken]
        log.begins[topic, 0] = taken


@pytest.mark.parametrize("seed", range(2))
def test_from_any_moment_the_bytes_are_the_same(seed: int, tmp_path: Path) -> None:
    """Folded from the log, then from the checkpoint that this left behind: every decision from there on is
    identical."""
    log, draw = busy_days(seed, incidents=40, hours=72), random.Random(seed)
    assert verify(log).mismatches == ()
    for n in range(8):
        stack = Stack(log, tmp_path / str(n))
        chosen = draw.randrange(START, START + 73 * HOUR)
        moment = moment_of(datetime.fromtimestamp(chosen / 1000, UTC), ZONE)
        for _ in range(2):
            found = stack.verdict(moment)
            assert (found.mismatches, found.identical, stack.notes) == ((), since(log, moment), [])
        assert stack.files() == ([f"{moment.day}.0.msgpack"] if moment.day_at > START else [])


def test_a_day_is_said_and_its_checkpoint_is_read(stack: Stack) -> None:
    """The second time only what came after is needed: the log may end there."""
    count = since(stack.log, SECOND)
    words = [
        f"replayed from the state at 2026-03-03 00:00 Asia/Shanghai on: all {count} decisions of 1 partitions"
        " identical, byte by byte"
    ]
    assert verdict_lines(stack.verdict(SECOND)) == words
    assert stack.found == {}
    cut(stack.log, len(stack.log.of(DECISIONS)) - count)
    assert verdict_lines(stack.verdict(SECOND)) == words
    assert stack.found[0].offset == stack.log.of(DECISIONS)[0].offset
    assert (stack.notes, stack.files()) == ([], ["2026-03-03.0.msgpack"])
    assert starts(stack.found.values()) == {
        (DECISIONS, 0): stack.found[0].last,
        **{(topic, 0): stack.log.entries[topic][0].offset for topic in ("incidents", "commands")},
    }


def test_a_later_day_goes_on_from_an_earlier_checkpoint(stack: Stack) -> None:
    """And leaves one of its own behind, which is the one that is made from the whole log."""
    stack.verdict(SECOND)
    whole = Stack(stack.log, stack.folder.with_name("other"))
    whole.verdict(THIRD)
    cut(stack.log, len(stack.log.of(DECISIONS)) - since(stack.log, SECOND))
    assert stack.verdict(THIRD).mismatches == ()
    assert stack.files() == ["2026-03-03.0.msgpack", "2026-03-04.0.msgpack"]
    one, other = (Checkpoints(s.folder, "gw.", 1).newest("2026-03-04", THIRD.at)[0] for s in (stack, whole))
    assert (one.digest, one.offset, one.positions, dict(one.state)) == (
        other.digest,
        other.offset,
        other.positions,
        dict(other.state),
    )


def test_a_later_checkpoint_is_no_use_to_an_earlier_day(stack: Stack) -> None:
    """It holds too much; the log is folded."""
    stack.verdict(THIRD)
    assert stack.verdict(SECOND).identical == since(stack.log, SECOND)
    assert stack.found == {}


def damaged(stack: Stack, path: Path) -> str:
    """A bit has turned."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    return "its bytes are damaged"


def cut_short(stack: Stack, path: Path) -> str:
    """The disk was full."""
    path.write_bytes(path.read_bytes()[:20])
    return "its bytes are damaged"


def of_another_stack(stack: Stack, path: Path) -> str:
    """Another prefix in the same folder."""
    one = Checkpoints(stack.folder, "gw.", 1).newest("2026-03-03", SECOND.at)[0]
    Checkpoints(stack.folder, "other.", 1).save("2026-03-03", msgspec.structs.replace(one, prefix="other."))
    return "it is of partition 0 of 1 of the stack 'other.'"


def of_another_log(stack: Stack, path: Path) -> str:
    """The stack was made anew, and has lived through something else."""
    stack.log = busy_days(9, incidents=60, hours=72)
    return "its last one, is not the one in the log"


def of_a_longer_log(stack: Stack, path: Path) -> str:
    """The stack was made anew, and has not lived through so much yet."""
    stack.log = busy_days(3, incidents=3, hours=17)
    stack.log.ends[DECISIONS, 0] = len(stack.log.of(DECISIONS))
    return f"and the log already ends at {len(stack.log.of(DECISIONS))}"


@pytest.mark.parametrize("spoil", [damaged, cut_short, of_another_stack, of_another_log, of_a_longer_log])
def test_a_checkpoint_that_does_not_fit_is_said_and_made_anew(stack: Stack, spoil: object) -> None:
    """The replay is that of the log, and the next one finds a checkpoint that fits."""
    stack.verdict(SECOND)
    why = spoil(stack, stack.folder / "2026-03-03.0.msgpack")  # type: ignore[operator]
    found = stack.verdict(SECOND)
    assert (found.mismatches, found.identical) == ((), since(stack.log, SECOND))
    assert (
        len(stack.notes) == 1
        and stack.notes[0].startswith("the checkpoint 2026-03-03.0.msgpack is not used: ")
        and why in stack.notes[0]
    )
    assert stack.verdict(SECOND).mismatches == () and stack.notes == [] and 0 in stack.found


def test_without_a_checkpoint_that_reaches_it_a_gap_stops(stack: Stack) -> None:
    """Retention has taken more than the checkpoint holds: both are said."""
    stack.verdict(SECOND)
    behind = len(stack.log.of(DECISIONS)) - since(stack.log, SECOND) + 5
    cut(stack.log, behind)
    with pytest.raises(Gap, match=f"begins at offset {behind}.*of which there is a checkpoint"):
        stack.verdict(THIRD)
    assert f"and the log begins at {behind}" in stack.notes[0]


def test_a_gap_behind_the_day_stops_and_says_where(stack: Stack) -> None:
    """A record that a later decision rests on is gone."""
    stack.verdict(SECOND)
    gone = stack.log.entries["commands"].pop(-2).id
    with pytest.raises(Gap, match=gone):
        stack.verdict(SECOND)


def test_a_gap_in_what_came_in_before_the_day_does_not_matter(stack: Stack) -> None:
    """The state follows from the decisions alone."""
    del stack.log.entries["commands"][1]
    assert stack.verdict(SECOND).mismatches == ()


def test_a_difference_behind_the_day_is_found(stack: Stack) -> None:
    """One byte of a later decision, and of an earlier one that no checkpoint was made from: its state is another."""
    entry = stack.log.entries[DECISIONS][-5]
    stack.log.entries[DECISIONS][-5] = entry._replace(value=(entry.value or b"").replace(b'"home":"', b'"home":"x'))
    assert [found.told.where for found in stack.verdict(SECOND).mismatches] == [entry.id]


def test_a_record_before_the_day_that_cannot_be_read_stops(stack: Stack) -> None:
    """What stood after it is not known."""
    stack.log.entries[DECISIONS][7] = stack.log.entries[DECISIONS][7]._replace(value=b"{")
    with pytest.raises(Gap, match=f"{DECISIONS}:0:7 cannot be read"):
        stack.verdict(SECOND)


def test_a_folder_that_cannot_be_written_is_said(stack: Stack) -> None:
    """The replay is the same; only the next one takes longer."""
    stack.folder.write_bytes(b"in the way")
    assert stack.verdict(SECOND).mismatches == ()
    assert len(stack.notes) == 1 and stack.notes[0].startswith("the checkpoint of 2026-03-03 is not kept: ")


def test_a_decision_that_names_no_position_stops(stack: Stack) -> None:
    """Where to go on is not known."""
    value = stack.log.entries[DECISIONS][3].value or b""
    name = decode(value, Decision).id
    stack.log.entries[DECISIONS][3] = stack.log.entries[DECISIONS][3]._replace(
        value=value.replace(name.encode(), b"incidents:0:x")
    )
    with pytest.raises(Gap, match=f"what {DECISIONS}:0:3 has changed cannot be told"):
        stack.verdict(SECOND)


def test_a_pack_that_is_gone_stops(stack: Stack) -> None:
    """What stands open was filed by it."""
    stack.verdict(SECOND)
    stack.log.entries["reference"] = [entry for entry in stack.log.entries["reference"] if entry.key == b"clock"]
    with pytest.raises(Gap, match=REF):
        stack.verdict(SECOND)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-03-03", Moment(1772467200000, "2026-03-03", 1772467200000), id="a day"),
        pytest.param(
            "2026-03-03T00:30:00+08:00", Moment(1772469000000, "2026-03-03", 1772467200000), id="the zone's offset"
        ),
        pytest.param("2026-03-02T23:30:00.250Z", Moment(1772494200250, "2026-03-03", 1772467200000), id="UTC"),
    ],
)
def test_moments(text: str, moment: Moment) -> None:
    """A day begins in the pack's zone; a moment names the day it is in there."""
    assert moment_of(read_when(text), ZONE) == moment


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026-03-03T08:00:00", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """Nothing is guessed, an offset least of all."""
    with pytest.raises(ValueError):
        read_when(text)


def test_the_zone_is_the_published_packs() -> None:
    """Without any pack there is none."""
    assert zone_of(busy_days(1, incidents=1, hours=1)) == ZONE
    with pytest.raises(Gap, match="no pack"):
        zone_of(Log())
