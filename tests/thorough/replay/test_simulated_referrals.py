"""A history told under another law where tickets go from one partition into another."""

from typing import Any

import msgspec
import pytest

from engine.replay.what_if import Simulated, simulate
from rules.decide import decide
from rules.history.replay import Told
from rules.history.simulate import Simulation
from rules.law.compiled import Law
from rules.state.causes import CommandCause, IncidentCause
from rules.state.partition_state import Book
from tests.support.town import MINUTE, REF, START, town
from tests.thorough.replay.test_simulated import law
from topics.codec import decode, encode
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import HomeCode, partition_of
from topics.incident import AnyIncident, Incident, IncidentReferred
from topics.pack import Limit, PackBundle
from topics.vocabulary import CommandKind, Role

# -- referrals: from one partition into another ------------------------------------------------------------------------


class Two:
    """A history of two partitions, east's and west's, recorded as the log would have it."""

    def __init__(self, bundle: PackBundle) -> None:
        """Both have the pack in force."""
        self.laws = {REF: Law(REF, decode(encode(bundle), PackBundle))}
        self.count = next(n for n in range(2, 20) if partition_of("east", n) != partition_of("west", n))
        self.told: dict[int, list[Told]] = {}
        self.books: dict[int, Book] = {}
        self.offsets: dict[tuple[str, int], int] = {}
        self.referred: list[tuple[str, IncidentReferred]] = []

    def take(self, topic: str, home: str, value: AnyIncident | Command, minute: int) -> Decision:
        """Decide a record of a home's partition, so many minutes after the start."""
        p, at = partition_of(home, self.count), START + minute * MINUTE
        book = self.books.setdefault(p, Book(self.laws))
        offset = self.offsets[topic, p] = self.offsets.get((topic, p), -1) + 1
        name = f"{topic}:{p}:{offset}"
        cause = (
            CommandCause(id=name, command=value, appended_at=at)
            if isinstance(value, Command)
            else IncidentCause(name, value)
        )
        outcome = decide(book, self.laws, cause, at)
        book.apply(outcome)
        self.referred += outcome.referrals
        d = outcome.decision
        self.told.setdefault(p, []).append(
            Told(f"d:{p}", d.id, at, kind=d.cause, reason=d.reason, ticket=d.ticket, cause=cause, record=encode(d))
        )
        return d

    def report(self, n: int, home: str, minute: int) -> Decision:
        """A report without a category, which waits at the desk."""
        return self.take(
            "incidents",
            home,
            Incident(
                identity=f"town:{n}",
                home=HomeCode(home),
                occurred_at=START,
                received_at=START,
                channel="app",
                pack=REF,
                placed_by="grid",
                leaf=f"{home}-1",
            ),
            minute,
        )

    def ask(self, kind: CommandKind, ticket: str, minute: int, **fields: Any) -> Decision:
        """The duty desk commands."""
        command = Command(
            id=f"{kind}:{ticket}:{minute}",
            kind=kind,
            actor=Actor(Role.DESK, "desk-1"),
            accepted_at=START + minute * MINUTE,
            ticket=ticket,
            **fields,
        )
        return self.take("commands", ticket.split("-")[0], command, minute)

    def under(self, bundle: PackBundle) -> Simulated:
        """Tell it under another law."""
        from engine.replay.recorded_history import History

        return simulate(History(self.told), self.laws, law(bundle), self.count)


def a_referral(bundle: PackBundle) -> Two:
    """One report goes from east to west, another comes to west after it; both are noted and filed there."""
    told = Two(bundle)
    first = told.report(1, "east", 1).ticket or ""
    told.ask(CommandKind.REFER, first, 2, home="west", reason="theirs")
    if told.referred:
        told.take("incidents", "west", told.referred[0][1], 3)
    second = told.report(2, "west", 4).ticket or ""
    told.ask(CommandKind.FILE, second, 5, category="bins")
    told.ask(CommandKind.NOTE, first, 6, text="seen")
    if told.referred:
        told.ask(CommandKind.FILE, "west-20260302-1", 6, category="lift")
    return told


def hops(bundle: PackBundle, allowed: int) -> PackBundle:
    """A town with so many referrals."""
    return msgspec.structs.replace(bundle, max_hops=allowed)


def test_a_referral_arrives_where_and_when_it_was_recorded() -> None:
    """Both partitions tell the same under the same law."""
    found = a_referral(town()).under(town())
    assert found.difference.tickets_before == 3
    assert found.difference.rows == () and found.no_longer_fits == ()


def test_a_referral_that_the_other_law_refuses_never_arrives() -> None:
    """Its ticket over there is gone, its commands with it; the next one has another name and is still matched and
    filed."""
    found = a_referral(town()).under(hops(town(), 0))
    assert [(m.kind, m.reason) for m in found.no_longer_fits] == [
        ("refer", "too_many_hops"),
        ("file", "unknown_ticket"),
    ]
    rows = {(row.identity, row.origin.split(":")[0]): row for row in found.difference.rows}
    assert rows["town:1", "commands"].after is None
    renamed = rows["town:2", "incidents"]
    assert renamed.before is not None and renamed.after is not None
    assert (renamed.before.ticket, renamed.after.ticket) == ("west-20260302-2", "west-20260302-1")
    assert (renamed.after.category, renamed.moved) == ("bins", ())
    stayed = rows["town:1", "incidents"]
    assert stayed.before is not None and stayed.after is not None
    assert (stayed.before.status, stayed.after.status) == ("closed", "received")


def test_a_referral_that_only_the_other_law_makes_arrives_at_once() -> None:
    """It is a ticket more, and counted as one; a command that was refused is carried out."""
    found = a_referral(hops(town(), 0)).under(town())
    assert (found.difference.tickets_before, found.difference.tickets_after, found.newly_done) == (2, 3, 1)
    more = next(row for row in found.difference.rows if row.before is None)
    assert more.identity == "town:1" and more.after is not None and more.after.ticket == "west-20260302-1"


def test_what_the_record_left_unfired_is_not_blamed_on_the_other_law() -> None:
    """East's triage clock was due when the stack had ended there, although west went on: under the same law nothing
    appears."""
    told = Two(town())
    told.report(1, "east", 1)
    told.report(2, "west", 60)
    assert told.under(town()).difference.rows == ()


def test_a_merge_names_the_other_ticket_as_the_other_law_named_it() -> None:
    """Without the referral before them two tickets of west are one number lower: the third goes into the second,
    which is the second into the first."""
    told = a_referral(town())
    third = told.report(3, "west", 7).ticket or ""
    told.ask(CommandKind.DUPLICATE_OF, third, 8, target="west-20260302-2")
    found = told.under(hops(town(), 0))
    assert "duplicate_of" not in [misfit.kind for misfit in found.no_longer_fits]
    merged = next(row for row in found.difference.rows if row.identity == "town:3")
    assert merged.after is not None and merged.before is not None
    assert [(one.ticket[-1], one.status) for one in (merged.before, merged.after)] == [("3", "merged"), ("2", "merged")]


@pytest.mark.parametrize(("left", "is_due"), [(None, True), (0, False), (1, True)])
def test_told_is_up_to_the_last_moment_and_short_of_what_the_record_left_unfired(
    left: int | None, is_due: bool
) -> None:
    """Reported at 00:01 the desk is late at 00:16, the last moment of the record: told, unless a clock of that moment
    was left unfired; one of a millisecond later hides nothing."""
    told, seen = Two(town()), list[str]()
    told.report(1, "east", 1)
    told.report(2, "west", 16)
    east = partition_of("east", told.count)
    other = Simulation(law(town()), told.told, told.count, see=lambda _, decision: seen.append(decision.id))
    other.run({} if left is None else {east: START + 16 * MINUTE + left})
    assert [name.rpartition(":")[0].endswith(":triage:0") for name in seen] == [False, False] + [True] * is_due


def test_a_quiet_partition_is_told_to_the_end_of_the_record() -> None:
    """East has nothing recorded after its report, and nothing was due: what the other law has due until the end
    fires."""
    slow = msgspec.structs.replace(
        town(), clocks=town().clocks | {"triage": {f"U{n}": Limit(120, "minute") for n in range(1, 5)}}
    )
    told = Two(slow)
    told.report(1, "east", 1)
    told.report(2, "west", 60)
    rows = told.under(town()).difference.rows
    assert [(row.identity, row.breaches_appear) for row in rows] == [("town:1", ("0:triage:0",))]
