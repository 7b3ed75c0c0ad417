"""What happens when a clock reaches a rung: reminders, moves, orders, the next checker, the end of a window (LAW 4,
5)."""

from msgspec import UNSET

from rules.commands import field_verification
from rules.ticket import (
    authority,
    check,
    clocks,
    department_tasks,
    flood,
    ladder,
    moves,
    offers,
    pauses,
    resolve_clocks,
    whistle,
)
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.events.clocks import ClockAtRisk, ClockBreached, RedListed, SupervisionOrdered
from topics.events.filing import TicketForgotten
from topics.ids import Instant
from topics.ticket import Clock
from topics.ticket_words import OfferEnd
from topics.vocabulary import ClockKind, DepartmentRole, Reason, Role


def fire(case: Case, draft: Draft, clock: Clock, rung: int, due_at: Instant) -> Reason:
    """Fire one rung of one clock, once.

    80 % at risk is decided here, and so are all others: each kind of clock has its function in ``_AT_END``. Every
    firing leaves exactly one ``ClockAtRisk`` (below 100 %) or ``ClockBreached`` event with the moment it was due.
    """
    resolve_clocks.fire(draft, clock, rung)
    told = _told(case, draft, clock, rung)
    event = ClockAtRisk if rung < 100 else ClockBreached
    case.rules.append(f"law4:{clock.kind}.{rung}")
    case.say(
        draft,
        event(
            clock=clock.kind,
            number=clock.number,
            rung=rung,
            due_at=due_at,
            late_by_ms=case.at - due_at,
            told=told,
            provisional=True if clocks.is_provisional(case.law, clock, rung) else UNSET,
        ),
    )
    if case.programme is not None and clock.kind in flood.MOVING:
        flood.inform(case, draft, clock, rung, case.programme)
        return (
            Reason.LIMIT_AT_RISK
            if rung < 100
            else Reason.ACCEPT_MISSED
            if clock.kind == ClockKind.ACCEPT
            else Reason.LIMIT_BREACHED
        )
    if rung < 100:
        _remind_department(case, draft, rung)
        return Reason.LIMIT_AT_RISK
    return _AT_END[ClockKind(clock.kind)](case, draft, clock, rung)


def _told(case: Case, draft: Draft, clock: Clock, rung: int) -> list[str]:
    """Name who is told: the holder at 50 %, holder and supervisor from 80 % on, the centre at 200 % and more; who
    follows, always (LAW 4, 5).

    Of a department that was called its own supervisor, else the head of its roster. Who has left the roster is told
    nothing
    more: whoever stands for them hears of it.
    """
    followers = [name.partition(":")[2] for name in draft.followers]
    if case.programme is not None and clock.kind in flood.MOVING:
        return list(dict.fromkeys([case.programme.person, *followers]))
    told = [authority.standing_for(case, draft)]
    child = (
        whistle.find(draft, f"{draft.id}/{clock.number}")
        if clock.kind in (ClockKind.REPORT_IN, ClockKind.CHILD)
        else None
    )
    if child is not None:
        told.append(authority.head_of(case, child.code) or case.supervisor(draft))
    elif rung >= 80:
        told.append(case.supervisor(draft))
    if rung >= 200:
        centre = case.people(Role.CENTRE, draft)
        told += [centre[0].person] if centre else []
    if clock.kind == ClockKind.TRIAGE:
        chief = case.people(Role.CHIEF, draft)
        told += [chief[0].person] if chief else []
    return list(dict.fromkeys([*told, *followers]))


def _remind_department(case: Case, draft: Draft, rung: int) -> None:
    if draft.party is not None and case.law.department(draft.party):
        department_tasks.send(case, draft, "reminded", draft.party, DepartmentRole.OWNER, reason=f"{rung} %")


def _resolve(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """100 % moves the ticket one tier up, 150 % orders supervision (督办), 300 % puts it on the red list."""
    if rung == 100:
        draft.is_overdue = True
        moves.move_up(case, draft, "limit_breached")
    elif rung == 150:
        if draft.supervised_by is None:
            draft.supervised_by, draft.supervised_over = case.supervisor(draft), clock.number
        case.say(draft, SupervisionOrdered(tier=draft.tier, by=draft.supervised_by))
    else:
        case.say(draft, RedListed(tier=draft.tier))
    return Reason.LIMIT_BREACHED


def _leg(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """The tier's own time is up: on to the next one."""
    moved = moves.move_up(case, draft, "leg_ended")
    return moved if moved in (Reason.TOP_TIER_REPEATS, Reason.EXHAUSTED) else Reason.LIMIT_BREACHED


def _accept(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """Nobody accepted: the next party of the tier, or after a second miss the next tier; at the top it stays."""
    offers.end_offer(case, draft, OfferEnd.MISSED)
    if not offers.next_in_tier(case, draft) and ladder.above(case, draft):
        moves.move_up(case, draft, "accept_missed")
    return Reason.ACCEPT_MISSED


def _tell_only(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """Triage, contact: those above are told; the clock keeps running."""
    return Reason.LIMIT_BREACHED


def _check(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """The checker did not check: the next one who has not handled it; nobody left: the supervisor."""
    ring = [e.person for e in case.people(Role.CHECKER, draft) if not authority.had_hand_in(draft, e.person)]
    tried, has_it = int(clock.number) % 100, draft.person in ring
    if tried + has_it < len(ring):
        draft.person = ring[(ring.index(draft.person) + 1) % len(ring)] if has_it else ring[tried]
        draft.drop(ClockKind.CHECK)
        check.start_clock(case, draft, int(clock.number) + 1)
    else:
        draft.person, draft.duty = case.supervisor(draft), "supervisor"
    return Reason.LIMIT_BREACHED


def _survey(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """Nobody answered: closed as ``no_answer``, never as satisfied."""
    close(case, draft, "no_answer")
    return Reason.WINDOW_ENDED


def _report_in(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """A department did not sign in: its supervisor hears of it, at 200 % the district centre."""
    _tell_child(case, draft, clock, "overdue", "report_in")
    return Reason.LIMIT_BREACHED


def _child(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """A child is late: the parent is told, not moved."""
    _tell_child(case, draft, clock, "overdue", "child")
    return Reason.LIMIT_BREACHED


def _tell_child(case: Case, draft: Draft, clock: Clock, event: str, reason: str) -> None:
    child = whistle.find(draft, f"{draft.id}/{clock.number}")
    if child is not None:
        department_tasks.send(case, draft, event, child.code, child.role, child, reason)


def _forget(case: Case, draft: Draft, clock: Clock, rung: int) -> Reason:
    """35 days after closing the state is dropped; the log stays."""
    case.forgotten = True
    case.say(draft, TicketForgotten())
    return Reason.FORGOTTEN


_AT_END = {
    ClockKind.TRIAGE: _tell_only,
    ClockKind.ACCEPT: _accept,
    ClockKind.CONTACT: _tell_only,
    ClockKind.RESOLVE: _resolve,
    ClockKind.LEG: _leg,
    ClockKind.CHECK: _check,
    ClockKind.SURVEY: _survey,
    ClockKind.REPORT_IN: _report_in,
    ClockKind.CHILD: _child,
    ClockKind.VERIFY: field_verification.at_end,
    ClockKind.PARK: pauses.at_end,
    ClockKind.FORGET: _forget,
}
