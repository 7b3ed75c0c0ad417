"""What one more who watches costs: nothing for each change, and the very bytes that everybody gets."""

import gc
import sys
from typing import Any

from engine.gateway.callers import Caller
from engine.gateway.live import Client, Live, Rights, Shown
from engine.gateway.stream import scope
from tests.support.city import REF, City
from topics.vocabulary import Role

LAW = City().laws[REF]
CALLS = 8
"""Of one client for one group, at most."""


class Hall:
    """A city and screens of the desk and the chief on which all of it is seen."""

    def __init__(self, screens: int) -> None:
        self.city, self.judged = City(law=LAW), 0
        self.live = Live(1, laws=self.city.laws, rights=lambda: tuple(self.city.laws.values()))
        self.clients = [self._screen(Role.DESK if n % 2 else Role.CHIEF) for n in range(screens)]
        self.live.clients.update(self.clients)

    def _screen(self, role: Role, queue: str = "open") -> Client:
        caller = Caller(kind="person", name=f"{role}-1", role=role)
        return Client(self._wants, scope(caller, queue))

    def _wants(self, one: Shown, rights: Rights) -> bool:
        self.judged += 1
        return one.row is not None and one.row["status"] != "dismissed"

    def change(self, tickets: int) -> int:
        """Report so many and send them on; answers how many calls the sending took, once it is known who sees what."""
        for client in self.clients:
            client.key(self.live.rights())
        for number in range(tickets):
            self.city.report(f"{len(self.city.decisions)}", text=f"of its own {number}")
        self.tell(tickets)
        calls = [0]

        def count(frame: Any, event: str, arg: Any) -> None:
            calls[0] += event in ("call", "c_call")

        gc.disable()  # what other tests left behind is ended by calls too, whenever it is collected
        sys.setprofile(count)
        try:
            self.live.send()
        finally:
            sys.setprofile(None)
            gc.enable()
        return calls[0]

    def tell(self, last: int) -> None:
        """Let the last so many decisions be read from the log."""
        first = len(self.city.decisions) - last
        for offset, decision in enumerate(self.city.decisions[first:], first):
            self.live.decided(0, offset, decision)


def test_a_client_more_costs_the_same_for_one_change_and_for_twenty() -> None:
    """Two hundred to whom two hundred changes a second are told: each is judged and written down once, not 40,000
    times."""
    halls = [(Hall(100), 1), (Hall(200), 1), (Hall(100), 20), (Hall(200), 20)]
    for hall, _ in halls:
        hall.change(20)  # what a law is asked for the first time it remembers
    few, many, few_of_twenty, many_of_twenty = (hall.change(tickets) for hall, tickets in halls)
    assert many - few == many_of_twenty - few_of_twenty <= 100 * CALLS
    assert [hall.judged for hall, _ in halls] == [21, 21, 40, 40]


def test_all_who_see_the_same_are_given_the_same_bytes() -> None:
    """A hundred copies of a group would be what a gateway's memory goes to; one copy lies there for all."""
    hall = Hall(20)
    other = hall._screen(Role.DESK, "overdue")
    hall.live.clients.add(other)
    hall.change(3)
    pieces = [client.take() for client in hall.clients]
    assert pieces[0].count(b"event: upsert") == 3 and pieces[0].count(b"event: cursor") == 1
    assert all(piece is pieces[0] for piece in pieces)
    assert other.take() is not pieces[0]  # of another queue
    assert hall.judged == 6


def test_only_who_shows_a_ticket_is_told_that_it_is_gone() -> None:
    """Who came later, and does not have it, is told nothing: not even its name."""
    hall = Hall(2)
    hall.change(2)
    first, second = hall.clients
    second.has.discard(min(second.has))
    (gone,) = first.has - second.has
    for client in hall.clients:
        client.take()
    number = next(n for n, made in enumerate(hall.city.decisions) if made.changes[0].ticket == gone)
    hall.city.ask("dismiss", str(number), "desk:desk-1", reason="not_ours", text="no")
    hall.tell(1)
    hall.live.send()
    assert b"event: remove" in first.take() and gone not in first.has
    assert second.take() == b""
