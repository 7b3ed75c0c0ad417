"""Random walks through the whole table of LAW 6 with every feature on, each image of each ticket looked at as it is
written (no broker, one partition)."""

import random
from collections import Counter
from typing import Any

from msgspec.structs import replace

from rules.commands.lifecycle_table import BY_CLOCK, CHILD_TABLE, TABLE, Row
from rules.law.compiled import Law
from rules.state.causes import CommandCause, IncidentCause
from rules.ticket import clocks
from rules.ticket.draft import rests
from tests.support.city import DAY, HOUR, MINUTE, REF, City, at, city_bundle
from topics.command import Actor, Command
from topics.decision import Decision
from topics.pack import Alike, Category, ForceMajeure, Limit, PackBundle, RosterEntry, Storm
from topics.ticket import Clock, Ticket
from topics.vocabulary import FINAL, PARTITION_KINDS, REFUSALS, ClockKind, CommandKind, Reason, Role, Status

AGAIN = "toytown@2"
"""The other pack of the walks: shorter limits, other shares, for ``rebase`` and for windows of the split."""


def full_bundle(limit: int = 4) -> PackBundle:
    """Every feature at once: wishes, floods, likely duplicates that merge, force majeure, teams, committees, a
    supervisor of a department."""
    bundle = city_bundle()
    nodes = tuple(replace(node, wall="inside") if node.code == "east2" else node for node in bundle.nodes)
    more = (
        Category("wish", "Wish", "微心愿", "city", "U4", Limit(2, "work_day"), wish=True, lead="urban"),
        Category(
            "stairs",
            "Stairs",
            "楼道",
            "city",
            "U3",
            Limit(8, "work_hour"),
            consent="sequential",
            team=("specialist", "checker"),
            lead="urban",
        ),
    )
    categories = tuple(
        replace(one, limit=Limit(limit, "urgent_hour")) if one.code == "leak" else one for one in bundle.categories
    )
    committees = tuple(RosterEntry(f"{role}-1", role, role) for role in ("residents_committee", "owners_committee"))
    return replace(
        bundle,
        nodes=nodes,
        categories=(*categories, *more),
        roster=(*bundle.roster, *committees),
        storm=Storm(2, 1440),
        alike=(Alike("same", 30, 60, 95, ("wall",), merges=True),),
        force_majeure=(
            ForceMajeure(at("12:00"), at("09:00", 2)),
            ForceMajeure(at("10:00", 6), at("10:00", 8), ("west",)),
        ),
        departments=tuple(replace(one, supervisor="boss") if one.code == "fire" else one for one in bundle.departments),
        shares=bundle.shares if limit == 4 else tuple(replace(share, share=25) for share in bundle.shares),
    )


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
KINDS = [kind for kind in CommandKind if kind not in (*PARTITION_KINDS, CommandKind.UNREADABLE)]
CHILD_KINDS = [CommandKind.REPORT_IN, CommandKind.ACCEPT, CommandKind.START, CommandKind.FINISH, CommandKind.RELEASE]
SEATED = {role: f"{role.value}-1" for role in (Role.DESK, Role.CHIEF, Role.CENTRE, Role.SUPERVISOR, Role.CHECKER)}
ENDING = (
    CommandKind.CANCEL,
    CommandKind.DISMISS,
    CommandKind.CLOSE_BY_SOURCE,
    CommandKind.REFER,
    CommandKind.SPOT_FIX,
    CommandKind.DUPLICATE_OF,
)


class Walk:
    """A city in which anything is asked of anybody's ticket by anybody, more often than not by whoever could."""

    def __init__(self, seed: int) -> None:
        """An empty city."""
        self.draw, self.city = random.Random(seed), City(full_bundle())
        self.city.laws[AGAIN] = Law(AGAIN, full_bundle(3))
        self.arrived = 0
        self.tiers: dict[str, tuple[str | None, str | None, str | None]] = {}
        self.own: dict[str, tuple[Clock, Law]] = {}
        """Each ticket's own limit as it was in its last image."""
        self.seen: Counter[str] = Counter()
        """What of the features was met at all."""
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.ids: set[str] = set()
        self.versions: dict[str, int] = {}
        self.statuses: dict[str, Status] = {}
        self.asked: Counter[str] = Counter()
        self.tries: Counter[str] = Counter()
        self.looked = self.n = 0

    def step(self) -> None:
        """One report, one command, or some time."""
        draw, standing = self.draw, list(self.city.book.tickets)
        chance = draw.random()
        if len(self.city.book.open) < 12 or (chance < 0.05 and len(self.city.book.open) < 25):
            self.n += 1
            category = draw.choice(
                [
                    "bins",
                    "leak",
                    "leak",
                    "leak",
                    "fire",
                    "wall",
                    "wall",
                    "road",
                    "pipe",
                    "wish",
                    "stairs",
                    "stairs",
                    None,
                    None,
                    None,
                ]
            )
            home, leaf = draw.choice(
                [("east", "east1"), ("east", "east1"), ("east", "east2"), ("west", "west1"), ("unplaced", None)]
            )
            self.city.report(
                f"t{self.n}", category, home, leaf, can_reach_reporter=draw.random() < 0.5, exercise=draw.random() < 0.1
            )
        elif chance < 0.055:
            self._change_roster()
        elif chance < 0.058:
            self.city.adopt(*draw.choice([(REF, full_bundle()), (AGAIN, full_bundle(3))]))
        elif chance < 0.09:
            self._pass(draw.choice([5 * MINUTE, HOUR, 5 * HOUR, DAY]))
        else:
            self._ask(self._one_of(standing))
        self.looked_at_clock()
        self._take_in()
        for decision in self.city.decisions[self.looked :]:
            self._look(decision)
        self.looked = len(self.city.decisions)

    def _change_roster(self) -> None:
        """Somebody of a party comes, goes, is on or off duty, or stands in for another."""
        draw = self.draw
        role, change = (
            draw.choice(["residents", "specialist", "red_property", "backstop"]),
            draw.choice(["on", "off", "add", "remove"]),
        )
        fields: dict[str, Any] = {"until": self.city.now + draw.choice([HOUR, DAY])}
        if change == "add" and draw.random() < 0.5:
            fields["instead_of"] = f"{role}-1"
        self.city.duty(draw.choice([f"{role}-2", "newcomer"]), role, change, **fields)

    def _take_in(self) -> None:
        """What was referred or placed elsewhere arrives there."""
        while self.arrived < len(self.city.referrals):
            self.n += 1
            self.city.take(IncidentCause(f"incidents:9:{self.n}", self.city.referrals[self.arrived][1]))
            self.arrived += 1

    def _one_of(self, standing: list[str]) -> Ticket:
        """A ticket of a status drawn first, so that rare ones are met as well."""
        names = [name for name in standing if name in self.city.book.open] if self.draw.random() < 0.9 else standing
        found = [self.city.book.tickets[name] for name in self.draw.sample(names, min(8, len(names)))]
        there = sorted({ticket.status for ticket in found})
        status = self.draw.choice(there) if self.draw.random() < 0.4 else min(there, key=lambda one: self.asked[one])
        self.asked[status] += 1
        return next(ticket for ticket in found if ticket.status == status)

    def _pass(self, ms: int) -> None:
        until = self.city.now + ms
        while (due := self.city.book.next_due()) is not None and due <= until:
            self.city._fire(due)
            self.looked_at_clock()
        self.city.now = max(self.city.now, until)

    def looked_at_clock(self) -> None:
        """What a clock did is looked at while its ticket stands as it left it."""
        for decision in self.city.decisions[self.looked :]:
            self._look(decision)
        self.looked = len(self.city.decisions)

    def _ask(self, ticket: Ticket) -> None:
        draw = self.draw
        child = draw.choice(ticket.children) if ticket.children and draw.random() < 0.4 else None
        kind = draw.choice(CHILD_KINDS) if child else self._kind(ticket)
        name = f"{ticket.id}/{child.code}/{child.n}" if child else ticket.id
        self.n += 1
        command = Command(
            f"w{self.n}",
            kind,
            self._actor(ticket, kind, child.code if child else None),
            self.city.now,
            ticket=name,
            **self._fields(ticket, kind),
        )
        before = ticket.status
        self.tries[kind] += 1
        outcome = self.city.take(CommandCause(f"commands:1:{self.n}", command, self.city.now))
        self.pairs[before, kind] += 1
        reason = Reason(outcome.decision.reason)
        if reason in REFUSALS or reason is Reason.NO_CHANGE:
            assert not outcome.decision.changes and not outcome.tickets, (kind, reason)
        else:
            assert len(outcome.decision.changes) >= 1 and outcome.decision.events, (kind, reason)

    def _kind(self, ticket: Ticket) -> CommandKind:
        """Mostly what the table allows now and does not end the ticket; else anything."""
        if ticket.asked is not None and self.draw.random() < 0.7:
            return CommandKind.APPROVE
        status = ticket.status
        if (
            status in (Status.ACCEPTED, Status.HANDLING, Status.WHISTLED)
            and ticket.asked is None
            and self.draw.random() < 0.2
        ):
            return CommandKind.PARK
        if ticket.category == "stairs" and status in (Status.OFFERED, Status.ACCEPTED) and self.draw.random() < 0.3:
            return CommandKind.CONSENT
        chance, ends = self.draw.random(), self.draw.random() < 0.06
        allowed = [kind for kind, row in TABLE.items() if status in row.statuses and (kind in ENDING) == ends]
        if allowed and chance < 0.75:
            return self.draw.choice(allowed) if chance < 0.4 else min(allowed, key=lambda kind: self.tries[kind])
        return min(KINDS, key=lambda kind: self.pairs[status, kind])

    def _actor(self, ticket: Ticket, kind: CommandKind, code: str | None) -> Actor:
        draw = self.draw
        if code is not None and kind is not CommandKind.RELEASE:
            return Actor(Role.DEPARTMENT, f"{code}-1", code)
        if (
            kind in (CommandKind.CANCEL, CommandKind.ANSWER, CommandKind.REOPEN, CommandKind.APPEAL)
            or draw.random() < 0.05
        ):
            return Actor(draw.choice([Role.REPORTER, Role.SOURCE]), "r")
        if kind is CommandKind.CONSENT and draw.random() < 0.7:
            role = draw.choice([Role.RESIDENTS_COMMITTEE, Role.OWNERS_COMMITTEE])
            return Actor(role, f"{role}-1")
        if kind is CommandKind.SPOT_FIX and draw.random() < 0.8:
            role = draw.choice([Role.RESIDENTS, Role.SPECIALIST])
            return Actor(role, f"{role}-{draw.choice('12')}")
        if kind in (CommandKind.VERIFY_RESULT, CommandKind.CHECK) and draw.random() < 0.7:
            return Actor(Role.CHECKER, ticket.person)
        if (
            kind is CommandKind.APPROVE
            and ticket.asked is not None
            and ticket.asked.what == "whistle"
            and draw.random() < 0.7
        ):
            return Actor(Role.PRINCIPAL, "north-principal")
        if kind in (CommandKind.APPROVE, CommandKind.UNPARK) and draw.random() < 0.8:
            role = draw.choice([Role.CHIEF, Role.SUPERVISOR])
            return Actor(role, SEATED[role])
        holder = Role(ticket.party) if ticket.party in set(Role) else None
        may = [role for role in TABLE.get(kind, Row((), ())).roles if role in SEATED]
        if (holder not in TABLE.get(kind, Row((), ())).roles and may and draw.random() < 0.8) or draw.random() < 0.15:
            role = draw.choice(may or list(SEATED))
            return Actor(role, f"{role.value}-{draw.choice('12')}")
        if ticket.party in set(Role):
            return Actor(Role(ticket.party), ticket.person)
        return (
            Actor(Role.DEPARTMENT, f"{ticket.party}-1", ticket.party)
            if ticket.party in ("urban", "fire", "water")
            else Actor(Role.STREET, "north-street")
        )

    def _fields(self, ticket: Ticket, kind: CommandKind) -> dict[str, Any]:
        draw = self.draw
        others = [name for name in self.city.book.tickets if name != ticket.id]
        if kind is CommandKind.DUPLICATE_OF:
            others = [
                name
                for name in others
                if name in self.city.book.open and self.city.book.tickets[name].home == ticket.home
            ] or others
            draw.shuffle(others)
        return {
            "reason": draw.choice(["not_ours", "so", "so", None]),
            "text": draw.choice(["said", "said", None]),
            "proof": draw.choice([(), ("a",), ("a", "b")]),
            "category": draw.choice(["bins", "leak", "wall", "wish", "pipe", "fire", "none"]),
            "home": draw.choice(["west", "east", None]),
            "grid": None if kind is CommandKind.FILE else draw.choice(["east1", "east2", "west1", "moon"]),
            "target": (
                None
                if kind is CommandKind.SEND_VERIFY
                else (
                    others[0]
                    if kind is CommandKind.DUPLICATE_OF and others
                    else draw.choice([*others[:3], "community", "street", ticket.person, None])
                )
            ),
            "party": draw.choice([None, "residents", "specialist"]),
            "departments": draw.choice([("urban",), ("water", "fire"), ()]),
            "case": draw.choice(["street_cannot", "because"]),
            "passed": draw.choice([True, False]),
            "satisfied": draw.choice([True, False]),
            "until": self.city.now + draw.choice([-HOUR, 3 * HOUR, 9 * DAY, 50 * DAY]),
        }

    def _look(self, decision: Decision) -> None:
        assert decision.id not in self.ids
        self.ids.add(decision.id)
        self.seen.update(BY_EVENT[event.type] for event in decision.events if event.type in BY_EVENT)
        for change in decision.changes:
            assert change.version == self.versions.get(change.ticket, 0) + 1
            self.versions[change.ticket] = change.version
            ticket = self.city.book.tickets.get(change.ticket)
            if ticket is not None and ticket.version == change.version:
                look(ticket, decision)
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
        former: tuple[str | None, str | None, str | None],
        now: tuple[str | None, str | None, str | None],
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

    def left_alone(self) -> None:
        """Nobody does anything any more: within 400 days every ticket is over, or rests where LAW lets it rest."""
        self._pass(400 * DAY)
        standing = [self.city.book.tickets[name] for name in self.city.book.open]
        for ticket in standing:
            assert rests(self.city.laws[ticket.pack], ticket) is not None, (ticket.id, ticket.status, ticket.clocks)


HEIGHTS = {"parties": 0, "street": 1, "whistle": 2, "owner": 2, "centre": 3}
"""Which kind of tier stands above which."""


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


def look(ticket: Ticket, decision: Decision) -> None:
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
