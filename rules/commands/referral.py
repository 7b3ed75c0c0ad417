"""A ticket goes on in another home: it is closed here, and the same incident is filed there with what it carries along
(LAW 2, 6; DESIGN 3)."""

from rules.commands.handler import Handlers
from rules.ticket import clocks, filing, pauses, resolve_clocks, work_clocks
from rules.ticket.closing import close
from rules.ticket.draft import Case, Draft
from topics.command import Command
from topics.events.filing import TicketPlaced, TicketReferred
from topics.ids import HomeCode
from topics.incident import Carried, Incident, IncidentReferred
from topics.vocabulary import CommandKind, Reason


def file_elsewhere(case: Case, draft: Draft, command: Command, code: str) -> Reason:
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
        from_ticket=draft.id,
        hops=draft.hops + 1,
        first_filed_at=draft.first_filed_at,
        resolve_consumed_ms=clocks.elapsed(case.law, clock, case.at) if clock else 0,
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


HANDLERS: Handlers = {
    CommandKind.REFER: refer,
    CommandKind.PLACE: place,
}
"""What this family carries out."""
