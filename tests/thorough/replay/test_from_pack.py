"""A history told under another law from a day on: what stands keeps its law, what comes has the other, as brute force
finds."""

from pathlib import Path
from typing import Any

import pytest

from engine.kafka.log_snapshot import Log
from engine.replay.checkpoint import Checkpoints
from engine.replay.recorded_history import History, history_of
from engine.replay.start_moment import Moment
from engine.replay.state_at import stand
from engine.replay.summary import summary
from engine.replay.verify import laws_of
from engine.replay.what_if import Simulated, simulate
from rules.history.fold import fold, said
from rules.history.tally import images_of
from rules.state.partition_state import Book
from tests.support.busy_days import Dispatch, busy_days
from tests.support.town import HOUR, MINUTE, REF, START, town
from tests.thorough.replay.test_from import SECOND
from tests.thorough.replay.test_simulated import OTHER, by_force, doubled, endings, law, stricter
from tests.thorough.replay.test_simulated_referrals import Two
from topics.codec import decode
from topics.command import Actor, Command
from topics.decision import Decision
from topics.pack import PackBundle
from topics.ticket import Ticket
from topics.vocabulary import FINAL, CommandKind, Role


def told_since(log: Log, bundle: PackBundle, moment: Moment, folder: Path) -> Simulated:
    """Tell a log under another bundle, from a moment on."""
    laws = laws_of(log)
    begun = stand(log, laws, moment, {}, Checkpoints(folder, "gw.", 1))
    return simulate(history_of(log, begun, moment.at), laws, law(bundle), 1)


def at_the_end(log: Log, since: int) -> dict[str, tuple[Any, ...]]:
    """Tickets that stood open at a moment, or that something happened to since: how they ended, and what was missed
    since."""
    found, counted = endings(log), set[str]()
    breaches: dict[str, set[str]] = {}
    images: dict[str, Ticket | None] = {}
    for entry in log.of("tickets.decisions"):
        decision = decode(entry.value or b"", Decision)
        if decision.at >= since:
            counted |= (
                {name for name, image in images.items() if image is not None and image.status not in FINAL}
                if not breaches
                else set()
            )
            breaches.setdefault("", set())
            counted |= {change.ticket for change in decision.changes if change.after is not None}
            parts = decision.id.split(":")
            if parts[0] == "clock" and parts[-1] == "100" and parts[3] not in ("survey", "park", "forget"):
                breaches.setdefault(parts[1], set()).add(":".join(parts[2:-1]))
        for change in decision.changes:
            images[change.ticket] = decode(bytes(change.after), Ticket) if change.after is not None else None
    tickets = (ending.ticket for ending in found.values() if ending.ticket.id in counted)
    return {
        t.id: (t.identity, t.category, str(t.status), t.tier or "desk", t.party, frozenset(breaches.get(t.id, ())))
        for t in tickets
    }


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("other", [doubled, stricter])
def test_from_a_day_on_it_is_what_brute_force_finds(seed: int, other: Any, tmp_path: Path) -> None:
    """A town that changes its law on that day and lives through the same ends where the comparison says."""
    log = busy_days(seed, incidents=60, hours=72)
    found = told_since(log, other(), SECOND, tmp_path)
    forced, unfit = by_force(log, other(), SECOND.at)
    assert {misfit.id for misfit in found.no_longer_fits} == {name for name in unfit if name in since(log)}
    before, after = at_the_end(log, SECOND.at), at_the_end(forced, SECOND.at)
    rows = {row.before and row.before.ticket: row for row in found.difference.rows}
    changed = [name for name in before if name in after and before[name] != after[name]]
    assert changed and {name for name in changed if name not in rows} == set()
    for row in found.difference.rows:
        if row.before is not None and row.before.ticket in before:
            assert (row.before.status, row.before.tier, row.before.party) == before[row.before.ticket][2:5]
        if row.after is not None and row.after.ticket in after:
            assert (row.after.status, row.after.tier, row.after.party) == after[row.after.ticket][2:5]
    assert sum(found.difference.breaches_before.values()) == sum(len(one[5]) for one in before.values())
    assert sum(found.difference.breaches_after.values()) == sum(len(one[5]) for one in after.values())


def since(log: Log) -> set[str]:
    """The decisions from that day on."""
    decisions = (decode(entry.value or b"", Decision) for entry in log.of("tickets.decisions"))
    return {decision.id for decision in decisions if decision.at >= SECOND.at}


@pytest.mark.parametrize("seed", range(2))
def test_under_its_own_law_nothing_differs(seed: int, tmp_path: Path) -> None:
    """Whatever stood open goes on as it went."""
    log = busy_days(seed, incidents=60, hours=72)
    found = told_since(log, town(), SECOND, tmp_path)
    assert found.difference.rows == () and found.no_longer_fits == () and found.held == ()
    assert (found.since, found.begin) == (SECOND.at, SECOND.at)


def test_what_stands_keeps_its_law(tmp_path: Path) -> None:
    """One lift of before, one of after: under twice the time only the second one's limit is not missed."""
    told = Dispatch()
    told.report(1, "lift", "east", "east-1", SECOND.at - HOUR)
    told.report(2, "lift", "east", "east-2", SECOND.at + HOUR)
    told.pass_time(SECOND.at + 4 * HOUR)
    found = told_since(told.finish(), doubled(), SECOND, tmp_path)
    assert found.difference.breaches_before["resolve"] == 2
    assert found.difference.breaches_after["resolve"] == 1
    assert [row.identity for row in found.difference.rows if "0:resolve:0" in row.breaches_vanish] == ["town:2"]
    assert (found.stood, found.difference.tickets_before, found.recorded_packs) == (1, 2, (REF,))
    assert (
        summary(found)[0]
        == f"2 tickets from 2026-03-03 00:00 to 2026-03-03 04:00 Asia/Shanghai, as decided by {REF}, told once more"
        " from the state at 2026-03-03 00:00 on: the 1 of before keep the law they were filed under, new ones are"
        f" filed under {OTHER}."
    )


def test_a_closed_ticket_is_on_the_account_once_something_happens_to_it(tmp_path: Path) -> None:
    """Two were closed before; one is reopened."""
    told = Dispatch()
    for n in (1, 2):
        told.report(n, "bins", "east", "east-1", START + n * MINUTE)
        closed = Command(
            id=f"c{n}",
            kind=CommandKind.CLOSE_BY_SOURCE,
            actor=Actor(Role.SOURCE, "town"),
            accepted_at=START + HOUR,
            ticket=f"east-20260302-{n}",
            reason="closed",
        )
        told.command(closed, START + HOUR)
    again = Command(
        id="again",
        kind=CommandKind.REOPEN,
        actor=Actor(Role.REPORTER, "r"),
        accepted_at=SECOND.at + HOUR,
        ticket="east-20260302-1",
        reason="not done",
    )
    told.command(again, SECOND.at + HOUR)
    found = told_since(told.finish(), doubled(), SECOND, tmp_path)
    assert (found.difference.tickets_before, found.difference.tickets_after, found.stood) == (1, 1, 1)
    assert found.commands == 1


def test_a_referral_on_its_way_arrives() -> None:
    """It left east before the beginning and comes to west after it: west files it under the other law."""
    told = Two(town())
    first = told.report(1, "east", 1).ticket or ""
    told.ask(CommandKind.REFER, first, 2, home="west", reason="theirs")
    told.take("incidents", "west", told.referred[0][1], 30)
    books, kept = {}, {}
    for partition, decided in told.told.items():
        book = Book(told.laws)
        for one in decided:
            if one.at < START + 10 * MINUTE:
                fold(book, told.laws, said(one.record))
        books[partition] = Stood(book, START)
        kept[partition] = [one for one in decided if one.at >= START + 10 * MINUTE]
    assert sum(map(len, kept.values())) == 1
    history = History(kept, books, START + 10 * MINUTE)  # type: ignore[arg-type]
    found = simulate(history, told.laws, law(doubled()), told.count)
    assert found.difference.tickets_before == found.difference.tickets_after == 1
    assert [
        image.pack for book in books.values() for image in images_of(book.book).values() if image.home == "west"
    ] == [OTHER]


class Stood:
    """A partition as it stood."""

    def __init__(self, book: Book, at: int) -> None:
        """As given."""
        self.book, self.at = book, at
        book.opened(book.pack, at)
