"""The sender's journal: on disk before it counts, and readable after a crash."""

from pathlib import Path

import pytest

from engine.kafka.send_journal import Journal, JournalDamaged, JournalEntry, digest, read_journal


def entry(n: int) -> JournalEntry:
    """The n-th acknowledged incident of a made-up source."""
    return JournalEntry(
        id=f"s:{n}", kind="incident", topic="incidents.raw", partition=n % 3, offset=n, sha256=digest(str(n).encode())
    )


def test_all_entries_are_on_disk_in_order_once_closed(tmp_path: Path) -> None:
    """What was added is read back, in order and complete."""
    path = tmp_path / "deep" / "j.jsonl"
    with Journal(path) as journal:
        for n in range(5_000):
            journal.add(entry(n))
    assert list(read_journal(path)) == [entry(n) for n in range(5_000)]
    assert journal.durable == 5_000


def test_flush_returns_only_once_entries_are_on_disk(tmp_path: Path) -> None:
    """After flush, another reader sees every entry and ``durable`` has counted it."""
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        for n in range(10):
            journal.add(entry(n))
        journal.flush()
        assert journal.durable == 10
        assert len(list(read_journal(path))) == 10
        journal.add(entry(10))
        journal.flush()
        assert journal.durable == 11


def test_a_torn_last_line_is_passed_over_and_cut_on_reopening(tmp_path: Path) -> None:
    """A crash within a write leaves a line without its end: it never counted, and what follows is not spoilt by it."""
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.add(entry(1))
    with open(path, "ab") as file:
        file.write(b'{"id":"s:2","kind":"inc')
    assert list(read_journal(path)) == [entry(1)]
    with Journal(path) as journal:
        journal.add(entry(3))
    assert list(read_journal(path)) == [entry(1), entry(3)]


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    """Losses must not hide behind a journal that cannot be read."""
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"broken\n')
    with pytest.raises(JournalDamaged, match="line 1"):
        list(read_journal(path))


@pytest.mark.parametrize("content", [b"id,text\n1,bins", b"one line alone", b"\0" * 50, b"a,b\n", b'{"id": 1}\n'])
def test_a_file_that_is_no_journal_is_neither_cut_nor_written_into(content: bytes, tmp_path: Path) -> None:
    """'feed rows.csv --journal rows.csv' cut the clerk's last row away and wrote into the file."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(JournalDamaged, match="rows.csv"):
        Journal(path)
    assert path.read_bytes() == content
    with pytest.raises(JournalDamaged, match="rows.csv"):
        list(read_journal(path))


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    """Ctrl-C may end a sender that is ending already."""
    journal = Journal(tmp_path / "j.jsonl")
    journal.add(entry(1))
    journal.close()
    journal.close()
    assert len(list(read_journal(journal.path))) == 1
