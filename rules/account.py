"""Keeps the account of one telling of a history: what became of each ticket, who had how many, how the split came out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from rules.book import IncidentCause
from rules.law import Law
from rules.replay import Told
from rules.simulation import origin_of
from topics import codec
from topics.decision import Decision
from topics.ids import Instant
from topics.vocabulary import ClockKind

DESK = "desk"
"""The tier of a ticket that is not filed yet."""

WINDOWS = frozenset({ClockKind.SURVEY, ClockKind.PARK, ClockKind.FORGET})
"""Clocks whose end is nobody's lateness: a window closes."""

HUNDRED = 100
"""Amounts of the split are in hundredths of a ticket: a share of 1 % is one of them."""


class Image(msgspec.Struct, frozen=True):
    """Of a ``topics.ticket.Ticket`` what the account is about."""

    identity: str
    home: str
    status: str
    pack: str
    category: str | None = None
    tier: str | None = None
    party: str | None = None
    next_due_at: Instant | None = None


@dataclass
class Fate:
    """What became of one ticket."""

    identity: str
    name: str
    home: str
    category: str | None = None
    status: str = ""
    first_party: str | None = None
    """To whom it was offered first."""
    tier: str = DESK
    party: str | None = None
    """Who has it now, or had it last."""
    departments: set[str] = field(default_factory=set)
    """Those that were told of it."""
    breaches: dict[str, Instant] = field(default_factory=dict)
    """``<generation>:<clock>:<number>`` -> when its 100 % rung fired."""


@dataclass
class Books:
    """The split in all homes and windows together; by party, in hundredths of a ticket except ``counts``."""

    counts: Counter[str] = field(default_factory=Counter)
    nominal: Counter[str] = field(default_factory=Counter)
    """What it would have had, had everybody been eligible each time."""
    apart: Counter[str] = field(default_factory=Counter)
    """Tickets that went past the split: ``emergency``, ``direct``, ``none``."""

    def drift(self, party: str) -> int:
        """By how much a party is off its nominal share. Source: LAW 3."""
        return self.counts[party] * HUNDRED - self.nominal[party]


class Account:
    """Sees every decision of one telling, in the order of each partition."""

    def __init__(self, laws: Mapping[str, Law]) -> None:
        """Start empty; ``laws`` are the packs that the decisions rest on."""
        self._laws = laws
        self.fates: dict[str, Fate] = {}
        """By what the ticket came from (``rules.simulation.origin_of``)."""
        self._by_name: dict[str, Fate] = {}
        self.books = Books()
        self.packs: set[str] = set()
        """Under which tickets were filed or wait."""
        self._stood: set[tuple[str, str, str]] = set()
        self.tiers: Counter[str] = Counter()
        """Tier -> tickets that ever stood there."""
        self.parties: Counter[str] = Counter()
        """Party, ``street``, ``centre`` or department that holds -> tickets it ever had."""

    def see(self, origin: str, decision: Decision) -> list[tuple[str, Image | None]]:
        """Take one decision; ``origin`` is what its ticket came from, and counts for incidents alone.

        Returns:
            The tickets it changed, as they are now; ``None``: forgotten.
        """
        images = [(change.ticket, None if change.after is None else codec.decode(bytes(change.after), Image)) for change in decision.changes]
        for name, image in images:
            if image is not None:
                self._take(origin, name, image)
        self._note(decision)
        return images

    def _take(self, origin: str, name: str, image: Image) -> None:
        self.packs.add(image.pack)
        fate = self._by_name.get(name)
        if fate is None:
            fate = self.fates[origin] = self._by_name[name] = Fate(image.identity, name, image.home)
        fate.category, fate.status = image.category, image.status
        fate.tier, fate.party = image.tier or DESK, image.party
        self._stand(name, "tier", self.tiers, fate.tier)
        if fate.party is not None:
            self._stand(name, "party", self.parties, fate.party)

    def _stand(self, name: str, kind: str, load: Counter[str], where: str) -> None:
        """Count a ticket once for each place; a tier and a party may have the same name."""
        if (name, kind, where) not in self._stood:
            self._stood.add((name, kind, where))
            load[where] += 1

    def _note(self, decision: Decision) -> None:
        if decision.cause == "clock":
            self._breach(self._by_name[decision.ticket or ""], decision)
        for event in decision.events:
            fate = self._by_name.get(event.ticket)
            if fate is None:
                continue
            if event.type == "TaskDispatched":
                fate.departments.add(event.facts["department"])
            elif event.type == "TicketOffered" and fate.first_party is None:
                fate.first_party = event.facts["party"]
            elif event.type == "TicketFiled":
                self._count(event.facts["counted"], event.facts["party"], self._laws[decision.why.pack or ""])

    def _breach(self, fate: Fate, decision: Decision) -> None:
        clock, _, rung = decision.id.removeprefix(f"clock:{fate.name}:").rpartition(":")
        if rung == "100" and clock.split(":")[1] not in WINDOWS:
            fate.breaches[clock] = decision.at

    def _count(self, counted: str, party: str | None, law: Law) -> None:
        if counted != "split" or party is None:
            self.books.apart[counted] += 1
            return
        self.books.counts[party] += 1
        whole = sum(share.share for share in law.shares)
        for share in law.shares:
            self.books.nominal[share.code] += share.share * HUNDRED // whole


def recorded(laws: Mapping[str, Law], partitions: Mapping[int, Iterable[Told]]) -> tuple[Account, dict[int, Instant]]:
    """Draw up the account of the log itself, from its decisions as they stand there.

    Returns:
        The account, and by partition the moment of its earliest clock that has not fired: until just before it the
        record is complete. A stack that was ended leaves clocks that no other law may be blamed for.
    """
    account, pending = Account(laws), dict[int, Instant]()
    for partition, told in sorted(partitions.items()):
        due: dict[str, Instant | None] = {}
        for one in told:
            if one.kind == "held":
                continue
            decision = codec.decode(one.record, Decision)
            images = account.see(origin_of(one.cause) if isinstance(one.cause, IncidentCause) else "", decision)
            due.update((name, image.next_due_at if image else None) for name, image in images)
        moments = [moment for moment in due.values() if moment is not None]
        if moments:
            pending[partition] = min(moments)
    return account, pending
