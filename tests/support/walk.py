"""Random walks through the whole table of LAW 6 with every feature on, each image of each ticket looked at as it is
written (no broker, one partition)."""

import random
from collections import Counter
from typing import Any

from rules.law.compiled import Law
from rules.state.causes import CommandCause, IncidentCause
from rules.ticket.draft import rests
from tests.support.city import DAY, HOUR, MINUTE, REF, City
from tests.support.walk_city import AGAIN, full_bundle
from tests.support.walk_commands import Commands
from tests.support.walk_images import Images
from topics.ticket import Ticket
from topics.vocabulary import REFUSALS, Reason

CATEGORIES = ("bins", *["leak"] * 3, "fire", "wall", "wall", "road", "pipe", "wish", "stairs", "stairs", *[None] * 3)
"""What is reported; ``None``: nobody knows what it is."""
PLACES = (("east", "east1"), ("east", "east1"), ("east", "east2"), ("west", "west1"), ("unplaced", None))
"""Where: home and leaf."""


class Walk:
    """A city in which anything is asked of anybody's ticket by anybody, more often than not by whoever could."""

    def __init__(self, seed: int) -> None:
        """An empty city."""
        self.draw, self.city = random.Random(seed), City(full_bundle())
        self.city.laws[AGAIN] = Law(AGAIN, full_bundle(3))
        self.commands, self.images = Commands(self.draw, self.city), Images(self.city)
        self.asked: Counter[str] = Counter()
        """Of which status a ticket was asked anything."""
        self.arrived = self.n = 0

    def step(self) -> None:
        """One report, one command, or some time."""
        draw, standing = self.draw, list(self.city.book.tickets)
        chance = draw.random()
        if len(self.city.book.open) < 12 or (chance < 0.05 and len(self.city.book.open) < 25):
            self._report()
        elif chance < 0.055:
            self._change_roster()
        elif chance < 0.058:
            self.city.adopt(*draw.choice([(REF, full_bundle()), (AGAIN, full_bundle(3))]))
        elif chance < 0.09:
            self._pass(draw.choice([5 * MINUTE, HOUR, 5 * HOUR, DAY]))
        else:
            self._ask(self._one_of(standing))
        self.images.look_on()
        self._take_in()
        self.images.look_on()

    def _report(self) -> None:
        """Somebody reports something; of every tenth the city plays that it were so."""
        self.n += 1
        category, (home, leaf) = self.draw.choice(CATEGORIES), self.draw.choice(PLACES)
        can_reach, exercise = self.draw.random() < 0.5, self.draw.random() < 0.1
        self.city.report(f"t{self.n}", category, home, leaf, can_reach_reporter=can_reach, exercise=exercise)

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
        found = {name: self.images.statuses[name] for name in self.draw.sample(names, min(8, len(names)))}
        there = sorted(set(found.values()))
        status = self.draw.choice(there) if self.draw.random() < 0.4 else min(there, key=lambda one: self.asked[one])
        self.asked[status] += 1
        return self.city.book.tickets[next(name for name, its in found.items() if its == status)]

    def _pass(self, ms: int) -> None:
        until = self.city.now + ms
        while (due := self.city.book.next_due()) is not None and due <= until:
            self.city._fire(due)
            self.images.look_on()  # while its ticket stands as the clock left it
        self.city.now = max(self.city.now, until)

    def _ask(self, ticket: Ticket) -> None:
        """Ask something of it; it is refused and nothing changes, or something happens."""
        self.n += 1
        command, before = self.commands.drawn(ticket, self.n), ticket.status
        outcome = self.city.take(CommandCause(id=f"commands:1:{self.n}", command=command, appended_at=self.city.now))
        self.commands.pairs[before, command.kind] += 1
        reason = Reason(outcome.decision.reason)
        if reason in REFUSALS or reason is Reason.NO_CHANGE:
            assert not outcome.decision.changes and not outcome.tickets, (command.kind, reason)
        else:
            assert len(outcome.decision.changes) >= 1 and outcome.decision.events, (command.kind, reason)

    def left_alone(self) -> None:
        """Nobody does anything any more: within 400 days every ticket is over, or rests where LAW lets it rest."""
        self._pass(400 * DAY)
        standing = [self.city.book.tickets[name] for name in self.city.book.open]
        for ticket in standing:
            assert rests(self.city.laws[ticket.pack], ticket) is not None, (ticket.id, ticket.status, ticket.clocks)
