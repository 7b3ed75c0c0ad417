"""A cut log begins with a signed-off snapshot: it is judged as a whole one from there, and what was changed or is
another's is refused."""

import copy
import stat
from pathlib import Path

import msgspec
import pytest

from engine.audit.report import audit, audited
from engine.audit.signoff import SignOff, begun_at, keys_by_id, load, made_of, save
from engine.errors import InvalidSettings
from engine.kafka.log_snapshot import Log
from engine.security.vault import key_id
from tests.support.story import tell
from topics.codec import decode, encode
from topics.ticket import Ticket

DECISIONS = "tickets.decisions"
KEY = b"k" * 32
STORY = tell()
LENGTH = len(STORY.entries[DECISIONS])


def with_ends(log: Log) -> Log:
    """Where each partition of the decisions ends."""
    log.ends = {
        (DECISIONS, partition): 1 + max(e.offset for e in log.of(DECISIONS) if e.partition == partition)
        for partition in {e.partition for e in log.of(DECISIONS)}
    }
    return log


def signed_after(count: int) -> SignOff:
    """How everything stood after so many decisions."""
    log = with_ends(tell())
    log.entries[DECISIONS] = log.of(DECISIONS)[:count]
    with_ends(log)
    return made_of(audited(log), log, "gw.", key_id(KEY))


def cut_to(begin: int) -> Log:
    """The story, its decisions before an offset taken by retention."""
    log = with_ends(tell())
    log.entries[DECISIONS] = [entry for entry in log.of(DECISIONS) if entry.offset >= begin]
    for _, partition in log.ends:
        log.begins[DECISIONS, partition] = begin
    return log


def test_the_audit_begins_where_it_was_signed_off_wherever_that_was() -> None:
    """Signed after each decision, cut anywhere before: clean, and vouched for from there on; the law of what follows is
    judged in full."""
    for count in range(1, LENGTH):
        signed = signed_after(count)
        end = signed.stands[0].position
        for begin in {1, max(1, end // 2), end}:
            log = cut_to(begin)
            assert begun_at(log, signed) is None
            report = audited(log, signed).report
            assert report.problems == {}, (count, begin)
            assert (report.clean, report.vouches_from) == (True, signed.at)
            assert report.signed_off is not None and report.signed_off["tickets"] == len(signed.tickets)


def test_what_happened_to_an_old_ticket_is_found_only_with_the_snapshot() -> None:
    """The state says another thing of a ticket whose decisions have all aged away: nobody but the snapshot knows
    better."""
    signed = signed_after(LENGTH)
    end = signed.stands[0].position

    def forged() -> Log:
        log = cut_to(end)
        place = max(
            n
            for n, e in enumerate(log.entries["tickets.state"])
            if (e.key or b"").startswith(b"t:") and e.value is not None
        )
        one = log.entries["tickets.state"][place]
        other = msgspec.structs.replace(decode(one.value or b"", Ticket), person="somebody-else")
        log.entries["tickets.state"][place] = one._replace(value=encode(other))
        return log

    assert audit(forged()).problems == {}
    log = forged()
    assert begun_at(log, signed) is None
    assert list(audited(log, signed).report.problems) == ["state_errors"]


def test_a_whole_log_needs_no_snapshot() -> None:
    """It is judged from its beginning, whatever was signed."""
    log, signed = with_ends(tell()), signed_after(3)
    assert begun_at(log, signed) is None
    report = audited(log, signed).report
    assert (report.clean, report.vouches_from, report.signed_off) == (True, None, None)


def test_one_that_the_log_has_left_behind_is_not_used() -> None:
    """Between its end and the log's beginning nobody knows; the log stays as it was."""
    signed, log = signed_after(2), cut_to(5)
    before = copy.deepcopy(log)
    assert "sign off more often" in (begun_at(log, signed) or "")
    assert (log.begins, log.stood, len(log.of(DECISIONS))) == (before.begins, {}, len(before.of(DECISIONS)))


def test_signed_off_again_it_goes_on() -> None:
    """What the former one knew is in the next one, and nothing else is added."""
    first = signed_after(LENGTH)
    log = cut_to(first.stands[0].position)
    assert begun_at(log, first) is None
    second = made_of(audited(log, first), log, "gw.", key_id(KEY))
    assert (second.tickets, second.stands, second.vouches_from) == (first.tickets, first.stands, first.at)


def test_it_is_kept_for_its_owner_and_read_back(tmp_path: Path) -> None:
    """Whole, 0600, and the same; nobody's key is in it."""
    path, signed = tmp_path / "kept" / "signed.json", signed_after(4)
    save(path, signed, KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path, "gw.", keys_by_id([b"n" * 32, KEY])) == signed
    assert KEY.hex().encode() not in path.read_bytes() and KEY not in path.read_bytes()


@pytest.mark.parametrize(
    "what", ["a ticket", "the seal", "cut off", "no snapshot at all", "another prefix", "another key"]
)
def test_what_was_changed_or_is_anothers_is_refused_with_the_mend(tmp_path: Path, what: str) -> None:
    """It says which file, and what to do."""
    path, key, prefix = tmp_path / "signed.json", KEY, "gw."
    save(path, signed_after(4), KEY)
    whole = path.read_bytes()
    if what == "a ticket":
        path.write_bytes(whole.replace(b'"status":"', b'"status":"x', 1))
    elif what == "the seal":
        path.write_bytes(b"0" * 64 + whole[64:])
    elif what == "cut off":
        path.write_bytes(whole[:-200])
    elif what == "no snapshot at all":
        path.write_bytes(b"hello")
    elif what == "another prefix":
        prefix = "other."
    else:
        key = b"n" * 32
    with pytest.raises(InvalidSettings, match=r"signed\.json.*restore .* from your backup, or move it away"):
        load(path, prefix, keys_by_id([key]))


def test_one_of_another_log_is_refused() -> None:
    """Its last decision is not the one that stands there, or the log does not reach that far."""
    signed = signed_after(5)
    other = cut_to(1)
    place = next(n for n, e in enumerate(other.entries[DECISIONS]) if e.offset == signed.stands[0].last)
    other.entries[DECISIONS][place] = other.entries[DECISIONS][place]._replace(value=b"{}")
    with pytest.raises(InvalidSettings, match="another log"):
        begun_at(other, signed)
    short = cut_to(1)
    short.ends = dict.fromkeys(short.ends, 2)
    with pytest.raises(InvalidSettings, match="another log"):
        begun_at(short, signed)
