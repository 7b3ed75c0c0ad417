"""A small decider for the loop on the log in memory: it says what it was given."""

from collections.abc import Iterable, Sequence

import msgspec

from engine.stream.contracts import Out, Record
from topics import codec
from topics.ids import Instant
from topics.registry import DECISIONS, STATE


class Decided(msgspec.Struct):
    """What the small decider writes."""

    at: int
    id: str
    what: str


class Tally:
    """Decides by the bytes: ``clock:<ms>`` sets a clock so much later, ``poison`` and ``poison clock:<ms>`` raise,
    ``large`` leads to more than a topic takes, ``refused`` to what its broker refuses. All else is taken."""

    def __init__(self, number: int) -> None:
        self.number, self.done, self.clocks = number, dict[str, str](), dict[str, int]()
        self.dirty: list[Out] = []
        self.pack_at: str | None = None

    def load(self, key: bytes, value: bytes | None) -> None:
        kind, name = key.decode()[:2], key.decode()[2:]
        if kind == "s:":
            self.done[name] = (value or b"").decode()
        elif kind == "c:" and value is not None:
            self.clocks[name] = int(value)
        elif kind == "c:":
            self.clocks.pop(name, None)
        else:
            raise ValueError(key)

    def load_many(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        for key, value in records:
            self.load(key, value)

    def check(self) -> Iterable[None]:
        return ()

    def opened(self, pack: str | None, at: Instant) -> None:
        self.pack_at = pack

    def packs(self) -> Iterable[str]:
        return ()

    def pack(self) -> str | None:
        return self.pack_at

    def take(self, record: Record, at: Instant) -> list[Out]:
        text = (record.unreadable and "unreadable") or (record.value or b"").decode()
        if text == "poison":
            raise ValueError("poison")
        if text.startswith(("clock:", "poison clock:")):
            kind = "" if text.startswith("clock") else "!"
            due = record.appended_at + int(text.split(":")[1])
            self.clocks[kind + record.id] = due
            self.dirty.append(Out(STATE.name, self.number, f"c:{kind}{record.id}".encode(), str(due).encode()))
        found = self._decide(record.id, "taken", at)
        if text in ("large", "refused"):
            size = DECISIONS.max_bytes if text == "large" else 600_000
            found.append(Out(DECISIONS.name, self.number, b"", b"x" * size))
        return found

    def hold(self, record: Record, at: Instant) -> list[Out]:
        return self._decide(record.id, "held", at)

    def _decide(self, name: str, what: str, at: Instant) -> list[Out]:
        assert name not in self.done, f"{name} is decided a second time"
        self.done[name] = what
        self.dirty.append(Out(STATE.name, self.number, f"s:{name}".encode(), what.encode()))
        return [Out(DECISIONS.name, self.number, b"k", codec.encode(Decided(at, name, what)))]

    def flush(self) -> list[Out]:
        found, self.dirty = self.dirty, []
        return found

    def written(self, appended_ms: int) -> None: ...

    def _next(self) -> str | None:
        return min(self.clocks, key=lambda one: (self.clocks[one], one), default=None)

    def next_due(self) -> Instant | None:
        name = self._next()
        return None if name is None else self.clocks[name]

    def due_id(self) -> str | None:
        name = self._next()
        return None if name is None else f"clock:{name}"

    def fire(self, until: Instant, at: Instant, what: str = "fired") -> list[Out] | None:
        name = self._next()
        if name is None or self.clocks[name] > until:
            return None
        if name.startswith("!") and what == "fired":
            raise ValueError("poison")
        del self.clocks[name]
        self.dirty.append(Out(STATE.name, self.number, f"c:{name}".encode(), None))
        return self._decide(f"clock:{name}", what, at)

    def hold_due(self, at: Instant) -> list[Out]:
        return self.fire(1 << 62, at, "held") or []
