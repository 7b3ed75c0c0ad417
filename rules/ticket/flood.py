"""One of a flood of reports: while another is worked its rungs inform that one; when that ends it follows, or stands
for itself again (LAW 5).

Source: FIELD 4: rungs of what is folded inform the one that is worked and never vanish.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from rules.ticket import check, clocks, department_tasks, resolve_clocks
from rules.ticket.closing import released
from rules.ticket.draft import Case, Draft, with_offer_ended
from topics.command import Command
from topics.events.filing import ProgrammeTold, TicketClosedWith, TicketUnfolded
from topics.ticket import Clock, Ticket
from topics.ticket_words import OfferEnd
from topics.vocabulary import ClockKind, Reason, Status

MOVING = frozenset({ClockKind.ACCEPT, ClockKind.RESOLVE, ClockKind.LEG})
"""Clocks whose end gives a ticket to somebody else."""


def inform(case: Case, draft: Draft, clock: Clock, rung: int, programme: Ticket) -> None:
    """Whoever has the one that is worked hears of a rung, and nobody is given this one."""
    draft.informed = (*draft.informed, f"{clock.kind}/{clock.number}/{rung}")
    if rung < 100:
        return
    draft.is_overdue = draft.is_overdue or (clock.kind == ClockKind.RESOLVE and rung == 100)
    case.say(draft, ProgrammeTold(programme=programme.id, rung=rung))


def unfold(case: Case, draft: Draft, command: Command) -> Reason:
    """A person says that it is another matter."""
    if draft.folded_into is None:
        return Reason.NO_CHANGE
    stand_alone(case, draft)
    return Reason.DONE_AS_ASKED


def ended(case: Case, draft: Draft, programme: Ticket | None) -> Reason:
    """The one that was worked has ended: closed, this one is closed with it and its reporter asked; else it stands for
    itself."""
    was_done = programme is not None and programme.status is Status.CLOSED and programme.close_reason != "referred"
    if not was_done or draft.status in (Status.DONE, Status.SURVEYED):
        stand_alone(case, draft)
        return Reason.PROGRAMME_ENDED
    assert programme is not None
    department_tasks.withdraw_all(case, draft, "ended", "closed_with_programme")
    draft.children = tuple(released(case, child, "closed_with_programme") for child in draft.children)
    draft.offers = with_offer_ended(draft.offers, OfferEnd.WITHDRAWN)
    draft.drop(ClockKind.PARK)
    resolve_clocks.change(case.law, draft, lambda clock: clocks.stop(case.law, clock, case.at))
    draft.asked = draft.parked_from = None
    draft.finished_by, draft.finished_at = programme.finished_by, case.at
    case.say(draft, TicketClosedWith(programme=programme.id))
    draft.folded_into, draft.informed = None, ()
    check.passed(case, draft)
    return Reason.PROGRAMME_ENDED


def stand_alone(case: Case, draft: Draft) -> None:
    """What fired for the other fires again for this one, late, in order: under numbers of its own, since each key fires
    once."""
    case.say(draft, TicketUnfolded(out_of=draft.folded_into))
    for kind in sorted(MOVING):
        clock = draft.clock(kind)
        said = _said(draft, kind)
        if clock is None or not said:
            continue
        if kind == ClockKind.RESOLVE and draft.ledgers:
            draft.ledgers = tuple([replace(ledger, clock=_again(ledger.clock, said)) for ledger in draft.ledgers])
        draft.drop(kind)
        draft.put(
            _again(
                clock, [(number, rung) for number, rung in said if kind == ClockKind.RESOLVE or number == clock.number]
            )
        )
    resolve = draft.clock(ClockKind.RESOLVE)
    draft.is_overdue = resolve is not None and 100 in resolve.fired
    draft.folded_into, draft.informed = None, ()


def _said(draft: Draft, kind: str) -> list[tuple[str, int]]:
    parts = [one.split("/", 1) for one in draft.informed]
    return [(number, int(rung)) for name, rest in parts if name == kind for number, _, rung in [rest.rpartition("/")]]


def _again(clock: Clock, said: Sequence[tuple[str, int]]) -> Clock:
    rungs = {rung for _, rung in said} & set(clock.fired)
    return replace(
        clock,
        number=f"{clock.number}+",
        rungs=tuple(sorted({*clock.rungs, *rungs})),
        fired=tuple(rung for rung in clock.fired if rung not in rungs),
    )
