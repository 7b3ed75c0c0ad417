"""The resolve clocks of a ticket into which others were merged: all run side by side, the one that ends first counts
(LAW 6)."""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from rules.law.compiled import Law
from rules.ticket import clocks
from rules.ticket.draft import Draft
from topics.ids import Instant
from topics.ticket import Clock, Ledger, Ticket
from topics.vocabulary import ClockKind


def own(draft: Draft) -> Clock | None:
    """Give the ticket's own resolve clock, whichever counts now."""
    return draft.ledgers[0].clock if draft.ledgers else draft.clock(ClockKind.RESOLVE)


def change(law: Law, draft: Draft, act: Callable[[Clock], Clock]) -> None:
    """Stop, resume or extend the work: the same happens to each ledger, so that taking one out leaves the others
    exact."""
    resolve = draft.clock(ClockKind.RESOLVE)
    if resolve is None:
        return
    if not draft.ledgers:
        draft.put(act(resolve))
        return
    draft.ledgers = tuple([replace(ledger, clock=act(ledger.clock)) for ledger in draft.ledgers])
    _choose(law, draft)


def change_own(law: Law, draft: Draft, act: Callable[[Clock], Clock]) -> None:
    """Change the ticket's own limit; what was merged into it keeps its own."""
    resolve = draft.clock(ClockKind.RESOLVE)
    if resolve is None:
        return
    if not draft.ledgers:
        draft.drop(ClockKind.RESOLVE)  # it may come back under another number
        draft.put(act(resolve))
        return
    draft.ledgers = tuple(
        [replace(ledger, clock=act(ledger.clock)) if ledger.ticket == draft.id else ledger for ledger in draft.ledgers]
    )
    _choose(law, draft)


def let_broken_go(draft: Draft) -> None:
    """Limits of what was merged into it that are broken already bind it no more: its own begins anew, with every rung
    (LAW 5)."""
    kept = tuple([ledger for ledger in draft.ledgers if ledger.ticket == draft.id or 100 not in ledger.clock.fired])
    draft.ledgers = kept if len(kept) > 1 else ()


def tell_anew(draft: Draft) -> None:
    """Whoever has it now hears of the limits of what was merged into it from the first rung on, under numbers of their
    own (LAW 5)."""
    draft.ledgers = tuple(
        [ledger if ledger.ticket == draft.id else _anew(ledger, draft.version) for ledger in draft.ledgers]
    )


def _anew(ledger: Ledger, version: int) -> Ledger:
    clock = ledger.clock
    rungs = tuple(sorted({*clock.rungs, *clock.fired}))
    return Ledger(ledger.ticket, replace(clock, number=f"{ledger.ticket}@{version}", rungs=rungs, fired=()))


def fire(draft: Draft, clock: Clock, rung: int) -> None:
    """Note that a rung has fired: on the clock, and on the ledger it goes by, so that it goes with that."""
    draft.put(clocks.fired(clock, rung))
    if clock.kind == ClockKind.RESOLVE and draft.ledgers:
        same = [
            replace(one, clock=clocks.fired(one.clock, rung)) if one.clock.number == clock.number else one
            for one in draft.ledgers
        ]
        draft.ledgers = tuple(same)


def filed(law: Law, draft: Draft) -> None:
    """What was merged into it before it was filed brings its limit (LAW 6)."""
    mine = draft.clock(ClockKind.RESOLVE) if draft.ledgers else None
    if mine is not None:
        draft.ledgers = (Ledger(draft.id, mine), *draft.ledgers)
        _choose(law, draft)


def move(law: Law, draft: Draft, at: Instant) -> None:
    """The ticket lies in another grid, or other force majeure is declared: from now on its clocks stand still where
    that says so."""
    area = None if draft.is_overdue else law.area(draft.where)

    def there(clock: Clock) -> Clock:
        return clock if clock.area == area else replace(clocks.settled(law, clock, at), area=area)

    change_own(law, draft, there)
    leg = draft.clock(ClockKind.LEG)
    if leg is not None:
        draft.put(there(leg))


def brought(draft: Ticket) -> tuple[str, ...]:
    """Name what a ticket takes along when it is merged: itself, and what was merged into it."""
    return tuple(
        dict.fromkeys((draft.id, *(ledger.ticket for ledger in draft.ledgers), *draft.merged_here, *draft.reach_here))
    )


def take_in(law: Law, into: Draft, draft: Draft, at: Instant) -> None:
    """A ticket is merged into this one: its ledger, and those it had beside it, run on beside the own one.

    Each bears a number of its own, and of its rungs those that fire here: taken out again it takes them along. One that
    is not
    filed yet keeps them, running, until it is (``filed``).
    """
    mine = draft.clock(ClockKind.RESOLVE)
    own = into.clock(ClockKind.RESOLVE)
    brings = draft.ledgers or ((Ledger(draft.id, mine),) if mine is not None else ())
    if not brings:
        return
    taken = []
    for ledger in brings:
        clock = ledger.clock
        if own is None:
            # counts on until it is filed
            clock = clock if clock.running_since is not None else clocks.resume(clock, at)
        elif own.running_since is None:
            # it stands and runs on with the other
            clock = replace(clocks.stop(law, clock, at), paused_reason=own.paused_reason)
        elif clock.running_since is None:
            clock = clocks.resume(clock, at)
        taken.append(_anew(Ledger(ledger.ticket, clock), into.version))
    into.ledgers = (*(into.ledgers or ((Ledger(into.id, own),) if own is not None else ())), *taken)
    _choose(law, into)


def take_out(law: Law, into: Draft, tickets: Collection[str]) -> None:
    """They were not the same after all: the others count as if these had never been merged, rungs that fired by their
    limits included."""
    if not any(ledger.ticket in tickets for ledger in into.ledgers):
        return
    gone = [ledger.clock.number for ledger in into.ledgers if ledger.ticket in tickets]
    if into.supervised_over in gone:  # the order goes with the limit it was given for
        into.supervised_by = into.supervised_over = None
    into.ledgers = tuple([ledger for ledger in into.ledgers if ledger.ticket not in tickets])
    _choose(law, into)
    if len(into.ledgers) == 1 and into.clock(ClockKind.RESOLVE) is not None:
        into.ledgers = ()
    resolve = into.clock(ClockKind.RESOLVE)
    if into.is_overdue and resolve is not None and 100 not in resolve.fired:
        # only the other's limit was broken: its own moves it, not the leg that followed
        into.is_overdue = into.is_exhausted = False
        into.drop(ClockKind.LEG)


def _choose(law: Law, draft: Draft) -> None:
    """Let the ledger that reaches its limit first be the ticket's clock; while they stand, none is first and all stay.
    A wish has no limit."""
    if draft.clock(ClockKind.RESOLVE) is None or not draft.ledgers:
        return
    timed = [ledger for ledger in draft.ledgers if ledger.clock.rungs or ledger.clock.fired] or draft.ledgers[:1]
    ends = [(clocks.moment(law, ledger.clock, 100, None), ledger.clock) for ledger in timed]
    first = min(ends, key=lambda end: end[0] if end[0] is not None else 2**62)[1]
    fired = {rung for ledger in draft.ledgers for rung in ledger.clock.fired}
    rungs = {rung for ledger in draft.ledgers for rung in ledger.clock.rungs} - fired
    draft.drop(ClockKind.RESOLVE)
    draft.put(replace(first, rungs=tuple(sorted(rungs)), fired=tuple(sorted(fired))))
