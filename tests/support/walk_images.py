"""Each image of each ticket is looked at as a random walk writes it: what LAW 4, 5 and 6 say of any of them."""

from collections import Counter

from rules.commands.lifecycle_table import BY_CLOCK, CHILD_TABLE, TABLE
from rules.law.compiled import Law
from rules.ticket import clocks
from rules.ticket.draft import rests
from tests.support.city import City
from topics.decision import Decision
from topics.ticket import Clock, Ticket
from topics.vocabulary import FINAL, ClockKind, CommandKind, Status

FEATURES = {
    "wish": "",
    "flood": "TicketFolded",
    "unfold": "TicketUnfolded",
    "merge": "",
    "chain of merges": "",
    "unmerge": "TicketUnmerged",
    "duty": "DutySet",
    "force majeure": "",
    "referral": "TicketReferred",
    "rebase": "TicketRebased",
    "team": "TeamNamed",
    "committee": "CommitteeAnswered",
    "exercise": "",
    "park": "TicketParked",
    "wait": "WaitingForReporter",
    "extend": "LimitExtended",
    "spot fix": "TicketSpotFixed",
    "whistle": "WhistleRaised",
    "reopen": "TicketReopened",
    "appeal": "DismissalAppealed",
    "paused": "",
    "breach": "",
    "down by hand": "",
    "pack": "PackAdopted",
}
"""What a long walk must have met, and the event that tells of it; the others are seen in the image."""
BY_EVENT = {event: feature for feature, event in FEATURES.items() if event}
STANDS = (ClockKind.PARK, ClockKind.CHECK, ClockKind.TRIAGE, ClockKind.FLOOD)
"""What may end while the limit stands: the pause itself, a seat that looks at it, the flood it lies in."""
HEIGHTS = {"parties": 0, "street": 1, "whistle": 2, "owner": 2, "centre": 3}
"""Which kind of tier stands above which."""

Place = tuple[str | None, str | None, str | None]
"""Pack, category and tier of a ticket."""


class Images:
    """All that a city has written of its tickets, one after the other."""

    def __init__(self, city: City) -> None:
        """Nothing was written yet."""
        self.city = city
        self.tiers: dict[str, Place] = {}
        self.own: dict[str, tuple[Clock, Law]] = {}
        """Each ticket's own limit as it was in its last image."""
        self.seen: Counter[str] = Counter()
        """What of the features was met at all."""
        self.ids: set[str] = set()
        self.versions: dict[str, int] = {}
        self.statuses: dict[str, Status] = {}
        self._looked = 0

    def look_on(self) -> None:
        """Look at what was decided since."""
        for decision in self.city.decisions[self._looked :]:
            self.look(decision)
        self._looked = len(self.city.decisions)

    def look(self, decision: Decision) -> None:
        assert decision.id not in self.ids
        self.ids.add(decision.id)
        self.seen.update(BY_EVENT[event.type] for event in decision.events if event.type in BY_EVENT)
        for change in decision.changes:
            assert change.version == self.versions.get(change.ticket, 0) + 1
            self.versions[change.ticket] = change.version
            ticket = self.city.book.tickets.get(change.ticket)
            if ticket is not None and ticket.version == change.version:
                holds_always(ticket, decision)
                self._count(ticket, decision)
                self._look_at_clocks(ticket)
                self._look_at_ledger(ticket, decision)
                self._look_at_tier(ticket, decision)
                if change.ticket == decision.ticket:
                    in_table(self.statuses.get(ticket.id), ticket.status, decision)
                self.statuses[ticket.id] = ticket.status

    def _count(self, ticket: Ticket, decision: Decision) -> None:
        """Features that the image shows."""
        law = self.city.laws[ticket.pack]
        clock = next((clock for clock in ticket.clocks if clock.kind == ClockKind.RESOLVE), None)
        windows = law._windows(clock.area) if clock is not None and clock.area is not None else []
        shown = {
            "wish": ticket.category == "wish",
            "exercise": ticket.exercise,
            "merge": ticket.status is Status.MERGED,
            "breach": ticket.is_overdue and decision.cause == "clock",
            "chain of merges": ticket.status is Status.MERGED and bool(ticket.merged_here),
            "force majeure": (
                clock is not None
                and clock.running_since is not None
                and any(since <= self.city.now < until for since, until in windows)
            ),
            "paused": clock is not None and clock.paused_reason is not None,
        }
        self.seen.update(feature for feature, is_shown in shown.items() if is_shown)

    def _look_at_ledger(self, ticket: Ticket, decision: Decision) -> None:
        """Nothing of what was consumed is lost or doubled from one image to the next, and while it stands nothing is
        consumed and no clock moves it."""
        law, former = self.city.laws[ticket.pack], self.own.pop(ticket.id, None)
        # not filed yet it has others' alone
        of_its_own = [ledger.clock for ledger in ticket.ledgers if ledger.ticket == ticket.id]
        own = next((clock for clock in (*of_its_own, *ticket.clocks) if clock.kind == ClockKind.RESOLVE), None)
        if own is None:
            if ticket.status is Status.MERGED and former is not None:
                self.own[ticket.id] = former  # unmerged it has the clocks it had
            return
        self.own[ticket.id] = own, law
        told = (ticket.id, ticket.status, decision.id, decision.command, former and former[0], own)
        assert own.limit_ms == ticket.resolve_limit_ms * (own.extended + 1) or own.until is not None, told
        if (
            former is None
            or (own.number, own.started_at) != (former[0].number, former[0].started_at)
            or own.until is not None
        ):
            return
        before, former_law = former
        if own.running_since == before.running_since or before.running_since is None:
            assert own.consumed_ms == before.consumed_ms, told
        else:
            until = own.stopped_at if own.running_since is None else own.running_since
            assert until is not None and own.consumed_ms == clocks.elapsed(former_law, before, until), told
        if before.paused_reason is not None and decision.cause == "clock":
            assert decision.id.split(":")[3] in STANDS, told

    def _look_at_clocks(self, ticket: Ticket) -> None:
        """Something will move it, or it rests where it may; what is consumed and what remains make the limit with its
        extensions."""
        law, told = self.city.laws[ticket.pack], (ticket.id, ticket.status, ticket.clocks)
        if ticket.status in FINAL:
            return
        rest = rests(law, ticket)
        self.seen[rest or "moves"] += 1
        assert ticket.next_due_at is not None or rest is not None, told
        for clock in (*ticket.clocks, *(ledger.clock for ledger in ticket.ledgers)):
            due = clocks.moment(law, clock, 100, None)
            if clock.until is None and clock.running_since is not None and due is not None and self.city.now <= due:
                at = max(self.city.now, clock.running_since)
                left = (
                    law.standstill(clock.area, clock.unit).between(at, due)
                    if clock.area
                    else law.calendar.between(at, due)
                    if law.in_work_time(clock.unit)
                    else due - at
                )
                assert clocks.elapsed(law, clock, at) + left == max(clock.limit_ms, clock.consumed_ms), told
            assert clock.limit_ms == clocks.original_ms(clock) * (clock.extended + 1), told
        resolve = next((clock for clock in ticket.clocks if clock.kind == ClockKind.RESOLVE), None)
        if resolve is not None and resolve.paused_reason is not None:
            assert all(
                clock.running_since is None or clock.kind in (ClockKind.PARK, ClockKind.CHECK)
                for clock in ticket.clocks
            ), told

    def _look_at_tier(self, ticket: Ticket, decision: Decision) -> None:
        """Clocks take it up; down it goes only by a person."""
        former = self.tiers.get(ticket.id)
        now = self.tiers[ticket.id] = (ticket.pack, ticket.category, ticket.tier)
        if former is None or None in (*former[1:], *now[1:]):
            return
        if former[:2] != now[:2]:
            self._look_at_ladder(former, now, decision)
            return
        law = self.city.laws[ticket.pack]
        names = [tier.name for tier in law.ladder(law.categories[str(ticket.category)].ladder)]
        if decision.cause == "clock" and former[2] in names and now[2] in names:
            passed_by = names[names.index(str(former[2])) + 1 : names.index(str(now[2]))]
            told = {name for name, _ in decision.why.refused}
            assert set(passed_by) <= told, (decision.id, former, now, told)  # one tier a firing
        if former[2] in names and now[2] in names and names.index(str(now[2])) < names.index(str(former[2])):
            self.seen["down by hand"] += 1
            assert decision.cause == "command" and decision.command in (
                "escalate",
                "unmerge",
                "reopen",
                "file",
                "recategorise",
            ), (decision, former, now)
            assert decision.command != "escalate" or str(decision.actor).split(":")[0] in ("chief", "centre"), decision

    def _look_at_ladder(
        self,
        former: Place,
        now: Place,
        decision: Decision,
    ) -> None:
        """Into the ladder of another category, or of another pack, it never falls; what is filed anew begins anew."""
        if decision.command in ("file", "unmerge", "reopen"):
            return
        heights = []
        for pack, category, tier in (former, now):
            law = self.city.laws[str(pack)]
            kinds = {step.name: step.kind for step in law.ladder(law.categories[str(category)].ladder)}
            heights.append(HEIGHTS[kinds[str(tier)]])
        assert heights[0] <= heights[1], (decision.id, decision.command, former, now)


def in_table(before: Status | None, after: Status, decision: Decision) -> None:
    """What led from one status to another stands in the table."""
    if before is None or before == after:
        return
    if decision.cause == "clock":
        row = BY_CLOCK[ClockKind(decision.id.split(":")[3])]
    else:
        rows = [
            table[CommandKind(str(decision.command))] for table in (TABLE, CHILD_TABLE) if decision.command in table
        ]
        row = next((row for row in rows if before in row.statuses and after in row.to), rows[0])
    assert before in row.statuses and after in row.to, (before, after, decision.id, decision.command, decision.reason)


def holds_always(ticket: Ticket, decision: Decision) -> None:
    """What must hold of any ticket at any time."""
    told = (ticket.id, ticket.status, decision.id, decision.command, decision.reason)
    open_children = [child for child in ticket.children if child.status in ("called", "reported_in")]
    if ticket.status in FINAL:
        assert {clock.kind for clock in ticket.clocks} <= {"forget"} and not open_children, told
        return
    assert ticket.task and ticket.duty and ticket.person, told
    assert any(clock.running_since is not None for clock in ticket.clocks), told
    assert ticket.status in (Status.RECEIVED, Status.VERIFYING) or ticket.resolve_limit_ms > 0, told
    assert ticket.status not in (Status.DONE, Status.SURVEYED) or not open_children, told
    assert ticket.status is not Status.WHISTLED or open_children, told
    resting = ticket.status in (Status.PARKED, Status.DONE, Status.SURVEYED) or any(
        clock.kind == ClockKind.PARK for clock in ticket.clocks
    )
    for clock in ticket.clocks:
        if clock.kind == ClockKind.RESOLVE and clock.running_since is None:
            assert resting, told
        assert clock.consumed_ms >= 0 and clock.limit_ms > 0, told
        assert not set(clock.rungs) & set(clock.fired), told
    numbers = [(clock.kind, clock.number) for clock in ticket.clocks]
    assert len(set(numbers)) == len(numbers), told
    assert (ticket.status is Status.PARKED) == (ticket.parked_from is not None), told
