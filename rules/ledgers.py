"""The resolve clocks of a ticket into which others were merged: all run side by side, the one that ends first counts (LAW 6)."""

from collections.abc import Callable

from msgspec.structs import replace

from rules import clocks
from rules.case import Draft
from rules.law import Law
from topics.ids import Instant
from topics.ticket import Clock, Ledger
from topics.vocabulary import ClockKind


def own(draft: Draft) -> Clock | None:
    """Give the ticket's own resolve clock, whichever counts now."""
    return draft.ledgers[0].clock if draft.ledgers else draft.clock(ClockKind.RESOLVE)


def change(law: Law, draft: Draft, act: Callable[[Clock], Clock]) -> None:
    """Stop, resume or extend the work: the same happens to each ledger, so that taking one out leaves the others exact."""
    resolve = draft.clock(ClockKind.RESOLVE)
    if resolve is None:
        return
    draft.put(act(resolve))
    draft.ledgers = tuple([replace(ledger, clock=act(ledger.clock)) for ledger in draft.ledgers])
    _choose(law, draft)


def change_own(law: Law, draft: Draft, act: Callable[[Clock], Clock]) -> None:
    """Change the ticket's own limit; what was merged into it keeps its own."""
    resolve = draft.clock(ClockKind.RESOLVE)
    if resolve is None:
        return
    if not draft.ledgers:
        draft.put(act(resolve))
    draft.ledgers = tuple([replace(ledger, clock=act(ledger.clock)) if ledger.ticket == draft.id else ledger for ledger in draft.ledgers])
    _choose(law, draft)


def move(law: Law, draft: Draft, at: Instant) -> None:
    """The ticket lies in another grid, or other force majeure is declared: from now on its clocks stand still where that says so."""
    area = law.area(draft.where)

    def there(clock: Clock) -> Clock:
        return clock if clock.area == area else replace(clocks.settled(law, clock, at), area=area)

    change_own(law, draft, there)
    leg = draft.clock(ClockKind.LEG)
    if leg is not None:
        draft.put(there(leg))


def take_in(law: Law, into: Draft, ticket: str, mine: Clock | None, at: Instant) -> None:
    """A ticket is merged into this one: its ledger runs on beside the own one."""
    own = into.clock(ClockKind.RESOLVE)
    if mine is None or own is None:
        return
    if own.running_since is None:
        mine = clocks.stop(law, mine, at)
    elif mine.running_since is None:
        mine = clocks.resume(mine, at)
    into.ledgers = (*(into.ledgers or (Ledger(into.id, own),)), Ledger(ticket, mine))
    _choose(law, into)


def take_out(law: Law, into: Draft, ticket: str) -> None:
    """It was not the same after all: the others count as if it had never been merged; rungs that have fired stay fired."""
    into.ledgers = tuple([ledger for ledger in into.ledgers if ledger.ticket != ticket])
    _choose(law, into)
    if len(into.ledgers) == 1:
        into.ledgers = ()


def _choose(law: Law, draft: Draft) -> None:
    """Let the ledger that reaches its limit first be the ticket's clock; while they stand, none is first and all stay."""
    resolve = draft.clock(ClockKind.RESOLVE)
    if resolve is None or not draft.ledgers:
        return
    ends = [(clocks.moment(law, ledger.clock, 100, None), ledger.clock) for ledger in draft.ledgers]
    first = min(ends, key=lambda end: end[0] if end[0] is not None else 2**62)[1]
    draft.put(replace(first, rungs=resolve.rungs, fired=resolve.fired))
