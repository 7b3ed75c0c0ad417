"""What the duty desk, those who direct, the reporter and source systems do with a ticket (LAW 6)."""

from msgspec import UNSET
from msgspec.structs import replace

from rules.commands.handler import Handlers
from rules.commands.lifecycle_table import SEATS
from rules.law import split
from rules.ticket import check, clocks, filing, ladder, moves, offers, pauses, resolve_clocks, work_clocks
from rules.ticket.authority import had_hand_in, holds
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.command import Command, answers_for
from topics.events.endings import DismissalAppealed
from topics.events.filing import TicketPlaced, TicketReferred
from topics.events.offers import TicketReassigned
from topics.events.work import NoteAdded
from topics.ids import HomeCode, Instant
from topics.incident import Carried, Incident, IncidentReferred
from topics.vocabulary import CommandKind, Reason, Role, Status

DOOR_DELAY_MS = 15 * 60_000
"""How long before the broker has it a door may have taken a command: a producer gives up after two minutes, a person
does not wait longer."""
REPLY_DELAY_MS = 86_400_000
"""The same for a department's reply, whose moment the broker itself has written: our own stage may have stood for a
night."""
TOLD_LATER = (CommandKind.CLOSE_BY_SOURCE, CommandKind.CANCEL)
"""What a source says of its own tickets may be history, long over when it is told."""


def effective(command: Command, appended_at: Instant, at: Instant, speed: int = 1) -> Instant:
    """When a command took effect: when a door took it, never after the broker had it, never after now (DESIGN 6).

    Nor longer before the broker had it than a door honestly takes: whoever says so is believed that much and no more.
    """
    if command.actor.role is Role.SOURCE and command.kind in TOLD_LATER:
        return min(command.accepted_at, appended_at, at)
    delay = DOOR_DELAY_MS if answers_for(command) is None else REPLY_DELAY_MS
    return min(max(command.accepted_at, appended_at - delay * speed), appended_at, at)


def file(case: Case, draft: Draft, command: Command) -> Reason:
    """The duty desk files what came without a known category, by the pack in force now; another home is a referral."""
    law = case.duty_law
    code = law.category_code(command.category or "")
    if code is None:
        return Reason.CATEGORY_UNKNOWN
    if draft.home == law.bundle.unplaced:
        return _file_elsewhere(case, draft, command, code)
    if command.home is not None and command.home != draft.home:
        return Reason.TARGET_ELSEWHERE
    case.law, draft.pack = law, law.ref
    filing.file(case, draft, law.categories[code])
    return Reason.DONE_AS_ASKED


def _file_elsewhere(case: Case, draft: Draft, command: Command, code: str) -> Reason:
    """A ticket is filed in a real home only: what nobody could place goes to one as a referral does (LAW 2)."""
    law = case.duty_law
    home = command.home or (law.home_of(command.grid) if command.grid else None)
    if home is None:
        return Reason.HOME_MISSING if command.grid is None else Reason.GRID_UNKNOWN
    if home not in law.homes or home == law.bundle.unplaced:
        return Reason.HOME_UNKNOWN
    if command.grid is not None and law.home_of(command.grid) != home:
        return Reason.GRID_UNKNOWN
    return _send_on(case, draft, home, command.grid if command.grid != home else None, code)


def dismiss(case: Case, draft: Draft, command: Command) -> Reason:
    """Not taken up (不予受理): a reason from the list, and an answer to the reporter."""
    allowed = case.law.bundle.dismiss_reasons
    if allowed and command.reason not in allowed:
        return Reason.REASON_MISSING
    close(case, draft, command.reason or "", Status.DISMISSED)
    return Reason.DONE_AS_ASKED


def appeal(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter does not put up with a dismissal: the desk looks at it again, once (LAW 6)."""
    if draft.was_appealed:
        return Reason.APPEALED_BEFORE
    if case.effective_at - (draft.closed_at or 0) > case.law.bundle.reopen_days * 86_400_000:
        return Reason.TOO_LATE
    draft.was_appealed = True
    check.begin_anew(draft)
    filing.wait_at_desk(case, draft, draft.urgency or "U3")
    case.say(draft, DismissalAppealed(by=command.actor.person))
    return Reason.DONE_AS_ASKED


def cancel(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter or the duty chief takes it back."""
    close(case, draft, command.reason or "", Status.CANCELLED)
    return Reason.DONE_AS_ASKED


def close_by_source(case: Case, draft: Draft, command: Command) -> Reason:
    """The system it was imported from has closed it: no check, no survey."""
    close(case, draft, command.reason or "")
    return Reason.DONE_AS_ASKED


def refer(case: Case, draft: Draft, command: Command) -> Reason:
    """Close it here and file it in another home, with its first filing time and what its clock consumed (DESIGN 3)."""
    if command.home is None or command.home not in case.duty_law.homes or command.home == draft.home:
        return Reason.HOME_UNKNOWN
    code = draft.category if command.category is None else case.duty_law.category_code(command.category)
    if command.category is not None and code is None:
        return Reason.CATEGORY_UNKNOWN
    return _send_on(case, draft, command.home, None, code)


def place(case: Case, draft: Draft, command: Command) -> Reason:
    """It lies in another grid than was thought: in the same home it is noted, in another home it goes there (LAW 2,
    DESIGN 3)."""
    grid = command.grid or ""
    home = case.duty_law.home_of(grid)
    if home is None:
        return Reason.GRID_UNKNOWN
    leaf = grid if grid != home else None
    if home != draft.home:
        return _send_on(case, draft, home, leaf, draft.category)
    if leaf == draft.leaf:
        return Reason.NO_CHANGE
    if draft.filed_at is not None and grid not in case.law.nodes:
        return Reason.GRID_UNKNOWN
    case.say(draft, TicketPlaced(former=draft.leaf, grid=leaf))
    former, draft.leaf = draft.where, leaf
    filing.walls_crossed(case, draft, former)
    resolve_clocks.move(case.law, draft, case.at)
    return Reason.DONE_AS_ASKED


def _send_on(case: Case, draft: Draft, home: str, leaf: str | None, code: str | None) -> Reason:
    """Close it here; the same incident, with what it carries along, is filed in the other home."""
    if home == case.duty_law.bundle.unplaced:
        return Reason.HOME_UNKNOWN
    if draft.hops >= case.law.bundle.max_hops:
        return Reason.TOO_MANY_HOPS
    if pauses.is_waiting(draft):
        pauses.end_wait(case, draft)
    incident = Incident(
        identity=draft.identity,
        home=HomeCode(home),
        leaf=leaf,
        occurred_at=draft.occurred_at,
        received_at=case.at,
        channel=draft.channel,
        pack=case.duty_law.ref,
        placed_by="referral",
        category=code,
        category_given=draft.category_given,
        signal=draft.signal,
        text=draft.text,
        address=draft.address,
        lat_e7=draft.lat_e7,
        lon_e7=draft.lon_e7,
        token=draft.token,
        can_reach_reporter=draft.can_reach_reporter,
        attributes=draft.attributes,
        exercise=draft.exercise,
        promised_by=draft.promised_by,
    )
    case.referral = (home, IncidentReferred(case.id, incident, _carried(case, draft, code)))
    case.say(draft, TicketReferred(to=home))
    close(case, draft, "referred")
    return Reason.DONE_AS_ASKED


def _carried(case: Case, draft: Draft, code: str | None) -> Carried:
    """What goes along: what is consumed and extended, waits and generation; the limit too, unless another category has
    another."""
    clock, category = work_clocks.resolve_clock(draft), case.category(draft)
    had_limit = clock is not None and code == draft.category and category is not None and not category.wish
    return Carried(
        draft.id,
        draft.hops + 1,
        draft.first_filed_at,
        clocks.elapsed(case.law, clock, case.at) if clock else 0,
        limit_ms=clock.limit_ms if clock is not None and had_limit else None,
        unit=clock.unit if clock is not None and had_limit else None,
        extended=clock.extended if clock else 0,
        generation=draft.generation,
        waits=draft.waits,
        waited_ms=draft.waited_ms,
        was_parked=draft.was_parked,
        was_appealed=draft.was_appealed,
        supervised_by=draft.supervised_by if draft.supervised_over is None else None,
        followers=draft.followers,
    )


_SEAT_OF = {
    Status.RECEIVED: Role.DESK, Status.VERIFYING: Role.CHECKER, Status.DONE: Role.CHECKER, Status.SURVEYED: Role.DESK,
}  # fmt: skip
"""Who has a ticket that nobody works on; it is given to another of the same seat."""


def reassign(case: Case, draft: Draft, command: Command) -> Reason:
    """Give it to another person, or to another party of its tier, with a reason; the split's books count it apart."""
    seat = _SEAT_OF.get(draft.status)
    if seat is not None:
        return _reseat(case, draft, command, seat)
    party, former = command.party or draft.party or "", draft.party
    role, org = (Role.DEPARTMENT, party) if case.law.department(party) else (party, None)
    if all(entry.person != command.target for entry in case.people(role, draft, org)):
        return Reason.PERSON_UNKNOWN
    if party != draft.party:
        tier = ladder.tier_of(case, draft)
        if tier is None or party not in tier.parties:
            return Reason.TIER_UNKNOWN
        if draft.status is Status.PARKED:
            pauses.unpark(case, draft)
        offers.end_offer(case, draft, "withdrawn")
        if not offers.offer(case, draft, tier, party):
            return Reason.NOT_ON_DUTY
        if not draft.exercise:
            quota = split.quota_at(case.duty_law, case.quota_before, draft.home, case.at)
            case.quota = replace(quota, manual=quota.manual + 1)
    draft.person = str(command.target)
    case.say(
        draft,
        TicketReassigned(
            person=draft.person,
            party=party,
            former=former if party != former else UNSET,
            counted="exercise" if draft.exercise else UNSET,
        ),
    )
    return Reason.DONE_AS_ASKED


def _reseat(case: Case, draft: Draft, command: Command, seat: Role) -> Reason:
    """Another of the desk, or another checker, has it; who handled it may not check it."""
    if command.party is not None and command.party != seat:
        return Reason.TIER_UNKNOWN
    if all(entry.person != command.target for entry in case.people(seat, draft)):
        return Reason.PERSON_UNKNOWN
    if seat is Role.CHECKER and had_hand_in(draft, str(command.target)):
        return Reason.CHECKER_HANDLED_IT
    draft.person, draft.duty = str(command.target), seat.value
    case.say(draft, TicketReassigned(person=draft.person, party=seat.value))
    return Reason.DONE_AS_ASKED


def escalate(case: Case, draft: Draft, command: Command) -> Reason:
    """Move it up by hand, to the next tier or to a chosen one; down only a chief or the centre may, with their
    reason."""
    actor = command.actor
    if actor.role not in SEATS and not holds(draft, actor):
        return Reason.NOT_YOUR_TICKET
    if draft.status in _SEAT_OF:
        return _raise_seat(case, draft, command)
    higher = [tier.name for tier in ladder.above(case, draft)]
    cause = f"manual-{draft.leg + 1}"
    lower = [tier for tier in ladder.steps_of(case, draft) if tier.name not in higher and tier.name != draft.tier]
    down = next((tier for tier in lower if tier.name == command.target), None)
    if down is None and (not higher or (command.target is not None and command.target not in higher)):
        return Reason.TIER_UNKNOWN
    if down is not None and actor.role not in (Role.CHIEF, Role.CENTRE):
        return Reason.ROLE_NOT_ALLOWED
    was_parked = draft.status is Status.PARKED
    if was_parked:
        pauses.unpark(case, draft)
    if down is not None:
        return Reason.DONE_AS_ASKED if moves.move_to(case, draft, down, cause) else Reason.NOT_ON_DUTY
    (moves.move_on if was_parked else moves.move_up)(case, draft, cause, command.target)
    return Reason.DONE_AS_ASKED


def _raise_seat(case: Case, draft: Draft, command: Command) -> Reason:
    """What nobody works on goes to the supervisor, then to a chief, at last to the centre."""
    if command.target is not None:
        return Reason.TIER_UNKNOWN
    seats = (Role.SUPERVISOR, Role.CHIEF, Role.CENTRE)
    for seat in seats[next((n + 1 for n, seat in enumerate(seats) if seat == draft.duty), 0) :]:
        somebody = case.someone(seat, draft)
        if somebody is not None:
            draft.duty, draft.person, draft.is_escalated = seat.value, somebody.person, True
            case.say(draft, TicketReassigned(person=draft.person, party=seat.value))
            return Reason.DONE_AS_ASKED
    return Reason.TIER_UNKNOWN


def note(case: Case, draft: Draft, command: Command) -> Reason:
    """Write something down."""
    case.say(draft, NoteAdded(by=command.actor.person, text=command.text))
    return Reason.DONE_AS_ASKED


HANDLERS: Handlers = {
    CommandKind.FILE: file,
    CommandKind.DISMISS: dismiss,
    CommandKind.APPEAL: appeal,
    CommandKind.REFER: refer,
    CommandKind.PLACE: place,
    CommandKind.REASSIGN: reassign,
    CommandKind.ESCALATE: escalate,
    CommandKind.NOTE: note,
    CommandKind.CANCEL: cancel,
    CommandKind.CLOSE_BY_SOURCE: close_by_source,
}
"""What this family carries out."""
