"""Who works where: a roster indexed by role and grid, and the same as it was changed, at the cost of the changes alone
(LAW 3)."""

from collections.abc import Iterable, Iterator, Sequence

from topics.pack import RosterEntry

EVERYWHERE = ""
"""Where those stand whose entry names no grid."""


class _Index:
    """Posts found by role and grid, by person, by role; each list in the roster's order."""

    def __init__(self) -> None:
        self.at: dict[tuple[str, str], list[int]] = {}
        self.of: dict[str, list[int]] = {}
        self.role: dict[str, list[int]] = {}

    def add(self, number: int, entry: RosterEntry) -> None:
        """Take note of a post."""
        self.of.setdefault(entry.person, []).append(number)
        self.role.setdefault(entry.role, []).append(number)
        for node in dict.fromkeys(entry.nodes) or (EVERYWHERE,):
            self.at.setdefault((entry.role, node), []).append(number)


class People:
    """A roster. What is asked of it costs as much as the answer is long, however many work in the city."""

    def __init__(self, roster: Iterable[RosterEntry], version: str) -> None:
        """Index it."""
        self.version = version
        self._posts, self._index = tuple(roster), _Index()
        for number, entry in enumerate(self._posts):
            self._index.add(number, entry)
        self._entries: dict[tuple[str, str], tuple[RosterEntry, ...]] = {}

    def all(self) -> tuple[RosterEntry, ...]:
        """List everybody, in the roster's order."""
        return self._posts

    def at(self, role: str, node: str) -> list[RosterEntry]:
        """List those of a role whose entry names this very grid, or ``EVERYWHERE``."""
        return self._standing(self._index.at.get((role, node), ()))

    def of(self, person: str) -> list[RosterEntry]:
        """List a person's entries."""
        return self._standing(self._index.of.get(person, ()))

    def in_role(self, role: str) -> list[RosterEntry]:
        """List all who have a role."""
        return self._standing(self._index.role.get(role, ()))

    def has_role(self, role: str) -> bool:
        """Whether anybody has, or had, a role."""
        return role in self._index.role

    def entries(self, person: str, role: str) -> tuple[RosterEntry, ...]:
        """List the entries of a person in a role; names that are in no roster are anybody's, and are not remembered."""
        found = self._entries.get((person, role))
        if found is None:
            found = tuple(entry for entry in self.of(person) if entry.role == role)
            if found:
                self._entries[person, role] = found
        return found

    def is_touched(self, role: str, nodes: Sequence[str]) -> bool:
        """Whether anything was changed of those who have a role in one of these grids, or everywhere."""
        return False

    def is_moved(self, roles: Iterable[str], nodes: Sequence[str]) -> bool:
        """Whether somebody came or left there: a change of hours alone moves nobody."""
        return False

    def _standing(self, numbers: Sequence[int]) -> list[RosterEntry]:
        return [self._posts[number] for number in numbers]


class ChangedPeople(People):
    """A roster with changes laid over it. Made by ``add`` and ``put``, then only asked."""

    def __init__(self, base: People, version: str) -> None:
        """Change nothing yet."""
        self.version = version
        self._base, self._posts = base, base._posts
        self._index, self._more = base._index, _Index()
        self._added: list[RosterEntry] = []
        self._now: dict[int, RosterEntry | None] = {}
        self._touched: dict[str, set[str]] = {}
        self._moved: dict[str, set[str]] = {}
        self._entries = {}
        self._all: tuple[RosterEntry, ...] | None = None

    def numbers(self, person: str) -> Iterator[int]:
        """Number a person's posts, those that were left since passed by."""
        for number in (*self._index.of.get(person, ()), *self._more.of.get(person, ())):
            if self.now(number) is not None:
                yield number

    def own(self, number: int) -> RosterEntry:
        """Give a post as it was before its hours were changed."""
        return self._posts[number] if number < len(self._posts) else self._added[number - len(self._posts)]

    def now(self, number: int) -> RosterEntry | None:
        """Give a post as it is; ``None``: nobody has it any more."""
        return self._now[number] if number in self._now else self.own(number)

    def add(self, entry: RosterEntry) -> int:
        """Let somebody come, behind all others; answers the number of the post."""
        number = len(self._posts) + len(self._added)
        self._added.append(entry)
        self._more.add(number, entry)
        self._touch(entry, self._touched, self._moved)
        return number

    def put(self, number: int, entry: RosterEntry | None) -> None:
        """Change the hours of a post, or take whoever has it off the roster."""
        self._now[number] = entry
        self._touch(self.own(number), self._touched, *(() if entry is not None else (self._moved,)))

    def _touch(self, entry: RosterEntry, *where: dict[str, set[str]]) -> None:
        for kind in where:
            kind.setdefault(entry.role, set()).update(entry.nodes or (EVERYWHERE,))

    def all(self) -> tuple[RosterEntry, ...]:
        """List everybody: the roster's own in its order, then who came."""
        if self._all is None:
            self._all = tuple(self._standing(range(len(self._posts) + len(self._added))))
        return self._all

    def at(self, role: str, node: str) -> list[RosterEntry]:
        """List those of a role whose entry names this very grid, or ``EVERYWHERE``."""
        return self._both(self._index.at.get((role, node), ()), self._more.at.get((role, node), ()))

    def of(self, person: str) -> list[RosterEntry]:
        """List a person's entries."""
        return self._both(self._index.of.get(person, ()), self._more.of.get(person, ()))

    def in_role(self, role: str) -> list[RosterEntry]:
        """List all who have a role."""
        return self._both(self._index.role.get(role, ()), self._more.role.get(role, ()))

    def has_role(self, role: str) -> bool:
        """Whether anybody has, or had, a role."""
        return role in self._index.role or role in self._more.role

    def is_touched(self, role: str, nodes: Sequence[str]) -> bool:
        """Whether anything was changed of those who have a role in one of these grids, or everywhere."""
        return _meets(self._touched.get(role), nodes)

    def is_moved(self, roles: Iterable[str], nodes: Sequence[str]) -> bool:
        """Whether somebody came or left there."""
        return any(_meets(self._moved.get(role), nodes) for role in roles)

    def _both(self, first: Sequence[int], then: Sequence[int]) -> list[RosterEntry]:
        return self._standing((*first, *then)) if then else self._standing(first)

    def _standing(self, numbers: Sequence[int]) -> list[RosterEntry]:
        return [entry for number in numbers if (entry := self.now(number)) is not None]


def _meets(some: set[str] | None, nodes: Sequence[str]) -> bool:
    return some is not None and (EVERYWHERE in some or not some.isdisjoint(nodes))
