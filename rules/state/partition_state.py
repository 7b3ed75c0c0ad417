"""What a partition remembers: tickets, the split's books, counters, commands seen, which clock is due (DESIGN 5)."""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rules.law.compiled import Law
from rules.state.causes import ClockCause, Kept, Outcome
from rules.state.duty_roster import Rosters
from rules.state.heads import Heads
from rules.state.ticket_store import Shelf
from rules.ticket import clocks
from rules.ticket.duplicate_index import Lately
from rules.ticket.stored_parts import Kind
from topics import codec
from topics.command import remembered_as
from topics.ids import Instant
from topics.ticket import CommandSeen, DayCounter, Duties, HeldCause, Quota
from topics.vocabulary import ClockKind

COMMANDS_KEPT_MS = 35 * 86_400_000
"""How long a command id is remembered, in engine time."""
DAYS_KEPT_MS = 35 * 86_400_000
"""How long a day's counter of a home is kept after the day was begun: none is used after its day."""
DAYS_AT_ONCE = 8


class Book:
    """One partition's memory. ``decide`` reads it; only ``apply`` and ``load`` change it."""

    def __init__(self, laws: Mapping[str, Law]) -> None:
        """Start empty; ``laws`` by ``<name>@<hash>`` may grow later."""
        self.laws = laws
        self.tickets = Shelf()
        self.quotas: dict[str, Quota] = {}
        self.counters: dict[str, DayCounter] = {}
        self._counted_at: deque[tuple[Instant, str]] = deque()
        """When each was begun, oldest first."""
        self.seen: dict[str, CommandSeen] = {}
        self.held: dict[str, HeldCause] = {}
        """Causes that our own fault kept from being decided, by the decision that set them aside."""
        self._seen_at: deque[tuple[Instant, str]] = deque()
        """The same in order of time, oldest first."""
        self._changed: dict[bytes, None] = {}
        """Keys of ``tickets.state`` that have changed since the last ``flush``, in order."""
        self._stores: dict[bytes, tuple[dict[str, Any], type[Any]]] = {
            b"q:": (self.quotas, Quota),
            b"n:": (self.counters, DayCounter),
            b"c:": (self.seen, CommandSeen),
            b"h:": (self.held, HeldCause),
        }
        self.rosters = Rosters()
        """What was changed about people since the pack."""
        self.lately: Lately | None = None
        """Where the pack in force looks for duplicates and floods: the open tickets by home and category."""
        self.pack: str | None = None
        self.packs: set[str] = set()
        """The packs by which the loaded tickets were filed."""
        self.open: set[str] = set()
        """Tickets in an open status; to be counted, never walked through."""
        self._into: dict[str, str] = {}
        """Open tickets that are folded -> the one of the flood that is worked."""
        self._folded: dict[str, dict[str, str | None]] = {}
        """The other way about, each with its category."""
        self._kinds: dict[str, str | None] = {}
        """Category of each that is worked for a flood."""
        self._due_at: dict[str, Instant] = {}
        self._due: list[tuple[Instant, str]] = []
        """The same as a heap, in which what a change has made void is left until it comes up."""
        self._heads = Heads(self.open, self._due_at)

    def load(self, key: bytes, value: bytes | None) -> None:
        """Fold one record of ``tickets.state``."""
        name = key[2:].decode()
        if key.startswith(b"t:"):
            self._heads.put(name, value)
            self.tickets.put(name, value)
            return
        kind = key[:2]
        if kind == b"d:":
            self.rosters.put(name, None if value is None else codec.decode(value, Duties))
            return
        store, record = self._stores[kind]
        if value is None:
            store.pop(name, None)
        else:
            store[name] = codec.decode(value, record)

    def load_many(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Fold many records of ``tickets.state``, as ``load`` does one by one; tickets at half its price."""
        self._heads.put_many(records, self.tickets, self.load)

    def opened(self, pack: str | None, at: Instant) -> None:
        """Everything is loaded: take the pack in force and build the index of clocks."""
        self.pack = pack
        self._counted_at = deque(sorted((counter.at, name) for name, counter in self.counters.items()))
        self._seen_at = deque(sorted((seen.at, name) for name, seen in self.seen.items()))
        heads, self._heads = self._heads, Heads(self.open, self._due_at)
        self.packs |= heads.packs(len(self.tickets))
        for name, programme in heads.folded():
            self._fold(name, programme)
        for name in self._into:
            ended = self._programme_ended(name)
            if ended is not None:
                self._due_at[name] = min(ended, self._due_at.get(name, ended))
        self._look_for_duplicates()
        self._due = [(due_at, name) for name, due_at in self._due_at.items()]
        heapq.heapify(self._due)

    def _look_for_duplicates(self) -> None:
        """Make the view anew for the pack in force; it is a function of the state alone."""
        law = self.laws.get(self.pack or "")
        wanted = law is not None and (law.bundle.alike or law.bundle.storm is not None)
        stored = (self.tickets.stored(name) for name in sorted(self.open)) if wanted else ()
        self.lately = Lately(value for value in stored if value is not None) if wanted else None

    def first_decision(self, actor: str, command_id: str, at: Instant) -> str | None:
        """Name the decision that counted for an actor's command id, if it was taken within the last 35 days.

        What an engine before 0.3 remembers is an id alone, whoever gave it, and counts as it did.
        """
        seen = self.seen.get(remembered_as(actor, command_id))
        if seen is None and not command_id.startswith("@"):
            seen = self.seen.get(command_id)
        return None if seen is None or at - seen.at > COMMANDS_KEPT_MS else seen.decision

    def first_refusal(self, name: str, at: Instant) -> str | None:
        """Name the decision that refused a reply, if that was within the last 35 days."""
        seen = self.seen.get(name)
        return None if seen is None or at - seen.at > COMMANDS_KEPT_MS else seen.decision

    def expired(self, at: Instant) -> tuple[str, ...]:
        """Name command ids to forget now: the oldest, a few at a time, so that no cause pays for many."""
        if not self._seen_at or at - self._seen_at[0][0] <= COMMANDS_KEPT_MS:
            return ()
        return tuple(name for seen_at, name in islice(self._seen_at, 8) if at - seen_at > COMMANDS_KEPT_MS)

    def next_due(self) -> Instant | None:
        """Tell when the earliest rung is due; entries that a change has made void are dropped on the way."""
        due, valid = self._due, self._due_at
        while due:
            at, name = due[0]
            if valid.get(name) == at:
                return at
            heapq.heappop(due)
        return None

    def first_due(self, until: Instant) -> ClockCause | None:
        """Name the earliest rung due at or before ``until``; of the same moment the ticket first in order of its id."""
        at = self.next_due()
        if at is None or at > until:
            return None
        ticket = self.tickets.look(self._due[0][1])
        found = clocks.first_due(self.laws[ticket.pack], ticket.clocks, ticket.urgency, ticket.hours)
        ended = self._programme_ended(ticket.id)
        if ended is not None and (found is None or ended <= found[0]):
            return ClockCause(ticket=ticket.id, kind=ClockKind.FLOOD, number="0", rung=100, due_at=ended)
        assert found is not None
        due_at, rung, _, number, clock = found
        return ClockCause(ticket=ticket.id, kind=clock.kind, number=number, rung=rung, due_at=due_at)

    def _fold(self, name: str, programme: str | None) -> None:
        former = self._into.get(name)
        if former == programme:
            return
        if former is not None:
            del self._into[name], self._folded[former][name]
        if programme is not None:
            self._into[name] = programme
            self._folded.setdefault(programme, {})[name] = self._kind(name)
            self._kinds[programme] = self._kind(programme)

    def _kind(self, name: str) -> str | None:
        stored = self.tickets.stored(name)
        return None if stored is None else codec.decode(stored, Kind).category

    def _programme_ended(self, name: str) -> Instant | None:
        """Say when the one that is worked has ended, of a ticket that is folded and not told of it yet; 0 where nobody
        knows any more, or it is of another kind now."""
        programme = self._into.get(name)
        if programme is None:
            return None
        if programme in self.open:
            return None if self._kinds[programme] == self._folded[programme][name] else 0
        ended = self.tickets.get(programme)
        return 0 if ended is None or ended.closed_at is None else ended.closed_at

    def _tell_folded(self, programme: str, is_open: bool) -> None:
        """One that is worked for a flood has changed: has it ended, or is it of another kind, the others are due."""
        former, self._kinds[programme] = self._kinds[programme], self._kind(programme)
        if not is_open or former != self._kinds[programme]:
            for folded in self._folded.get(programme, ()):
                self._set_due(folded, self._due_at.get(folded))
        if not self._folded.get(programme):
            del self._kinds[programme]

    def _set_due(self, name: str, due_at: Instant | None) -> None:
        if name in self._into:
            ended = self._programme_ended(name)
            due_at = due_at if ended is None else ended if due_at is None else min(due_at, ended)
        if due_at is None:
            self._due_at.pop(name, None)
        elif self._due_at.get(name) != due_at:
            self._due_at[name] = due_at
            heapq.heappush(self._due, (due_at, name))

    def flush(self) -> list[tuple[bytes, bytes | None]]:
        """List the latest records for ``tickets.state`` of all that was applied since the last time: one of each key.

        A step commits as a whole, so what lay between its first and its last state of a key is of no use to anybody.
        """
        changed, self._changed = self._changed, {}
        return [(key, self._stored(key)) for key in changed]

    def _forget_days(self, at: Instant) -> None:
        """Drop counters of days long over, a few at a time: nobody files under a day that has passed."""
        for _ in range(DAYS_AT_ONCE):
            if not self._counted_at or at - self._counted_at[0][0] <= DAYS_KEPT_MS:
                return
            _, name = self._counted_at.popleft()
            self.counters.pop(name, None)
            self._changed[b"n:" + name.encode()] = None

    def let_go(self) -> None:
        """Forget what has changed since the last ``flush``: nobody wants these records."""
        self._changed.clear()

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        """Give everything that is remembered as records of ``tickets.state``: what ``load`` takes."""
        for name in self.tickets:
            value = self.tickets.stored(name)
            if value is not None:
                yield b"t:" + name.encode(), value
        for kind, (store, _) in self._stores.items():
            for name, one in store.items():
                yield kind + name.encode(), codec.encode(one)
        for name, duties in self.rosters.duties.items():
            yield b"d:" + name.encode(), codec.encode(duties)

    def _stored(self, key: bytes) -> bytes | None:
        kind, name = key[:2], key[2:].decode()
        if kind == b"t:":
            return self.tickets.stored(name)
        if kind == b"d:":
            return codec.encode(self.rosters.duties[name])
        found = self._stores[kind][0].get(name)
        return None if found is None else codec.encode(found)

    def apply(self, outcome: Outcome) -> None:
        """Take over what was decided."""
        changed = self._changed
        self._keep(outcome.tickets)
        if outcome.quota is not None:
            home = outcome.quota.home
            self.quotas[home] = outcome.quota
            changed[b"q:" + home.encode()] = None
        if outcome.counter is not None:
            name, counter = outcome.counter
            self._forget_days(counter.at)
            if name not in self.counters:
                self._counted_at.append((counter.at, name))
            self.counters[name] = counter
            changed[b"n:" + name.encode()] = None
        for name in outcome.expired:
            self._seen_at.popleft()
            self.seen.pop(name, None)
            changed[b"c:" + name.encode()] = None
        if outcome.seen is not None:
            name, seen = outcome.seen
            self.seen[name] = seen
            self._seen_at.append((seen.at, name))
            changed[b"c:" + name.encode()] = None
        if outcome.duty is not None:
            name, duties = outcome.duty
            self.rosters.put(name, duties)
            changed[b"d:" + name.encode()] = None
        if outcome.held is not None:
            name, held = outcome.held
            if held is None:
                self.held.pop(name, None)
            else:
                self.held.setdefault(name, held)
            changed[b"h:" + name.encode()] = None
        if outcome.pack is not None:
            self.pack = outcome.pack
            self._look_for_duplicates()

    def _keep(self, tickets: tuple[Kept, ...]) -> None:
        for name, value, due_at, is_open, folded_into, _ in tickets:
            (self.open.add if is_open else self.open.discard)(name)
            self._changed[b"t:" + name.encode()] = None
            self.tickets.put(name, value)
            if self.lately is not None:
                self.lately.put(name, value if is_open else None)
            self._fold(name, folded_into if is_open else None)
            self._set_due(name, due_at)
            if name in self._kinds:
                self._tell_folded(name, is_open)
