"""The open tickets of each home and category, in order of filing: a view of the state, the same after every opening
(LAW 6, DESIGN 5)."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from rules.law.text_folding import plain
from rules.ticket.stored_parts import Filed
from topics import bounds, codec
from topics.ids import Instant

MOST = bounds.CANDIDATES
"""Tickets looked at of one home and category; of a flood the latest tell enough."""


class Seen(NamedTuple):
    """What is remembered of a ticket; they are ordered by time, then by id."""

    at: Instant
    ticket: str
    leaf: str | None
    lat_e7: int | None
    lon_e7: int | None
    text: str
    """As much of it as is compared."""
    folded_into: str | None = None


class Lately:
    """Filled from stored tickets; ``put`` after each change."""

    def __init__(self, stored: Iterable[bytes]) -> None:
        """Take all open tickets, as they are stored."""
        self._seen: dict[tuple[str, str], list[Seen]] = {}
        self._places: dict[str, tuple[tuple[str, str], Seen]] = {}
        for value in stored:
            filed = codec.decode(value, Filed)
            self.put(filed.id, value)

    def put(self, name: str, value: bytes | None) -> None:
        """Take over an open ticket as it is stored now; ``None``: it has ended."""
        place = None
        if value is not None:
            one = codec.decode(value, Filed)
            if one.category is not None and one.filed_at is not None and not one.exercise:
                place = (
                    (one.home, one.category),
                    Seen(
                        one.filed_at,
                        one.id,
                        one.leaf,
                        lat_e7=one.lat_e7,
                        lon_e7=one.lon_e7,
                        text=plain(one.text[: bounds.WORDS_CHARS]),
                        folded_into=one.folded_into,
                    ),
                )
        former = self._places.get(name)
        if former == place:
            return
        if former is not None:
            del self._places[name]
            row = self._seen[former[0]]
            row.pop(bisect_left(row, former[1][:2], key=lambda seen: seen[:2]))
        if place is not None:
            self._places[name] = place
            insort(self._seen.setdefault(place[0], []), place[1], key=lambda seen: seen[:2])

    def __contains__(self, name: str) -> bool:
        """Whether a ticket is filed and open."""
        return name in self._places

    def of(self, home: str, category: str, since: Instant) -> Iterator[Seen]:
        """Give those filed since then, the latest first."""
        for seen in islice(reversed(self._seen.get((home, category), ())), MOST):
            if seen.at < since:
                return
            yield seen
