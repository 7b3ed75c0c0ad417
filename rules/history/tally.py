"""Keeps the account of one telling of a history: what became of each ticket, who had how many, how the split came out
(LAW 3, 4)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import msgspec

from rules.history.replay import Told
from rules.history.simulate import origin_of
from rules.law.compiled import Law
from rules.state.causes import IncidentCause
from rules.state.partition_state import Book
from topics import codec
from topics.decision import Decision
from topics.events.types import EventType
from topics.ids import Instant
from topics.pack import PartyShare
from topics.vocabulary import FINAL, ClockKind

DESK = "desk"
"""The tier of a ticket that is not filed yet."""

WINDOWS = frozenset({ClockKind.SURVEY, ClockKind.PARK, ClockKind.FORGET, ClockKind.FLOOD})
"""Clocks whose end is nobody's lateness: a window closes, or a flood."""

HUNDRED = 100
"""Amounts of the split are in hundredths of a ticket: a share of 1 % is one of them."""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """Of a ``topics.ticket.Ticket`` what the account is about."""

    identity: str
    home: str
    status: str
    pack: str
    category: str | None = None
    tier: str | None = None
    party: str | None = None
    next_due_at: Instant | None = None
    exercise: bool = False


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

    target: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    """What it should have had of the split by who was eligible, in tickets."""
    past: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    """What it would have had of what nobody was eligible for."""
    emergency: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    """What it would have had of life and property, which goes past the split."""
    manual: Counter[str] = field(default_factory=Counter)
    """Given to it by hand, less taken from it."""

    def count(
        self, shares: Sequence[PartyShare], counted: str, party: str | None, able: Sequence[str], *, n: int = 1
    ) -> None:
        """Book ``n`` tickets that were filed alike, as the split booked them."""
        if counted == "exercise":
            return
        whole = sum(share.share for share in shares)
        if counted != "split" or party is None:
            self.apart[counted] += n
            past = {"direct": self.past, "emergency": self.emergency}.get(counted)
            for share in shares if past is not None else ():
                past[share.code] += n * Fraction(share.share, whole)  # type: ignore[index]
            return
        self.counts[party] += n
        among = {share.code: share.share for share in shares if share.code in able}
        for code, part in among.items():
            self.target[code] += n * Fraction(part, sum(among.values()))
        for share in shares:
            self.nominal[share.code] += n * (share.share * HUNDRED // whole)

    def give(self, party: str, former: str | None, *, n: int = 1) -> None:
        """Book ``n`` tickets that somebody gave to a party by hand, and took from another."""
        self.manual[party] += n
        self.manual[str(former)] -= n

    def causes(self, party: str) -> dict[str, int]:
        """Why a party is off its nominal share of all tickets, in hundredths of a ticket. Source: LAW 3."""
        target = round(self.target[party] * HUNDRED)
        return {
            "eligibility": target - self.nominal[party] - round(self.past[party] * HUNDRED),
            "emergency": -round(self.emergency[party] * HUNDRED),
            "manual": self.manual[party] * HUNDRED,
            "allocation": self.counts[party] * HUNDRED - target,
        }

    def drift(self, party: str) -> int:
        """By how much a party is off its nominal share, which is what its causes add up to. Source: LAW 3."""
        return sum(self.causes(party).values())


class Account:
    """Sees every decision of one telling, in the order of each partition."""

    def __init__(self, laws: Mapping[str, Law], stood: Mapping[str, Image] | None = None) -> None:
        """Begin; ``laws`` are the packs that the decisions rest on, ``stood`` the tickets there are already, by name.

        Of these the open ones are on the account from the start, the others from when something happens to them. What
        they came from is not looked up: their name stands for it.
        """
        self._laws = laws
        self.fates: dict[str, Fate] = {}
        """By what the ticket came from (``rules.history.simulate.origin_of``)."""
        self._by_name: dict[str, Fate] = {}
        self.books = Books()
        self.packs: set[str] = set()
        """Under which tickets were filed or wait."""
        self._stood: set[tuple[str, str, str]] = set()
        self.tiers: Counter[str] = Counter()
        """Tier -> tickets that ever stood there."""
        self.parties: Counter[str] = Counter()
        """Party, ``street``, ``centre`` or department that holds -> tickets it ever had."""
        real = {name: image for name, image in (stood or {}).items() if not image.exercise}  # LAW 3: in no report
        self._closed = {name: image for name, image in real.items() if image.status in FINAL}
        for name, image in real.items():
            if name not in self._closed:
                self._take(name, name, image)
                self.fates[name].first_party = image.party
        self.stood = set(self.fates)
        """Of the tickets on the account those that were there at the beginning."""

    def wake(self, name: str) -> None:
        """Put a ticket that was closed at the beginning on the account, if it is not yet."""
        image = self._closed.pop(name, None)
        if image is not None:
            self._take(name, name, image)
            self.fates[name].first_party = image.party
            self.stood.add(name)

    def see(self, origin: str, decision: Decision) -> list[tuple[str, Image | None]]:
        """Take one decision; ``origin`` is what its ticket came from, and counts for incidents alone.

        Returns:
            The tickets it changed, as they are now; ``None``: forgotten.
        """
        images = [
            (change.ticket, None if change.after is None else codec.decode(bytes(change.after), Image))
            for change in decision.changes
        ]
        for name, image in images:
            if image is not None and not image.exercise:
                self._take(origin, name, image)
        self._note(decision)
        return images

    def _take(self, origin: str, name: str, image: Image) -> None:
        if name in self._closed:
            self.wake(name)
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
            self._breach(decision.ticket or "", decision)
        for event in decision.events:
            fate = self._by_name.get(event.ticket)
            if fate is None:
                continue
            if event.type == EventType.TASK_DISPATCHED:
                fate.departments.add(event.facts["department"])
            elif event.type == EventType.TICKET_OFFERED and fate.first_party is None:
                fate.first_party = event.facts["party"]
            elif event.type == EventType.TICKET_FILED:
                shares, able = self._laws[decision.why.pack or ""].shares, event.facts.get("eligible", ())
                self.books.count(shares, event.facts["counted"], event.facts["party"], able)
            elif event.type == EventType.TICKET_REASSIGNED and "former" in event.facts and "counted" not in event.facts:
                self.books.give(event.facts["party"], event.facts["former"])

    def _breach(self, name: str, decision: Decision) -> None:
        clock, _, rung = decision.id.removeprefix(f"clock:{name}:").rpartition(":")
        if rung == "100" and clock.split(":")[1] not in WINDOWS and name in self._by_name:
            self._by_name[name].breaches[clock] = decision.at


def images_of(book: Book) -> dict[str, Image]:
    """Show every ticket that a book holds."""
    return {name: codec.decode(book.tickets.stored(name) or b"", Image) for name in book.tickets}


def recorded(
    laws: Mapping[str, Law],
    partitions: Mapping[int, Iterable[Told]],
    stood: Mapping[int, Mapping[str, Image]] | None = None,
) -> tuple[Account, dict[int, Instant]]:
    """Draw up the account of the log itself, from its decisions as they stand there.

    Args:
        laws: The packs that they rest on.
        partitions: The decisions by partition.
        stood: The tickets there were already, by partition and name.
    Returns:
        The account, and by partition the moment of its earliest clock that has not fired: until just before it the
        record is complete. A stack that was ended leaves clocks that no other law may be blamed for.
    """
    stood = stood or {}
    account, pending = (
        Account(laws, {name: image for images in stood.values() for name, image in images.items()}),
        dict[int, Instant](),
    )
    for partition, told in sorted(partitions.items()):
        due = {name: image.next_due_at for name, image in stood.get(partition, {}).items()}
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
