"""What each command does to a ticket once the table allows it: guards first, then effects (LAW 6)."""

from collections.abc import Callable

from msgspec.structs import replace

from rules import clocks, escalation, filing, offers, whistle
from rules.case import Case, Draft
from rules.closing import close
from topics.command import Actor, Command
from topics.ids import Instant
from topics.incident import Carried, Incident, IncidentReferred
from topics.pack import Limit
from topics.vocabulary import ClockKind, Reason, Role, Status

Handler = Callable[[Case, Draft, Command], Reason]

HOLDING = {Role.STREET: offers.STREET, Role.CENTRE: offers.CENTRE}
WHISTLE_CASES = ("street_cannot", "joint_enforcement", "emergency")


def party_of(actor: Actor) -> str:
    """Name the party, street, centre or department for which an actor speaks."""
    return actor.org or "" if actor.role is Role.DEPARTMENT else HOLDING.get(actor.role, actor.role)


def is_known(case: Case, draft: Draft, actor: Actor) -> bool:
    """Whether a person is on the roster in the role claimed, for this ticket's grid; reporters and systems have no roster."""
    if actor.role in (Role.REPORTER, Role.SOURCE):
        return True
    entry = case.duty_law.entry(actor.person, actor.role)
    if entry is None or (actor.role is Role.DEPARTMENT and actor.org not in (None, entry.org)):
        return False
    return not entry.nodes or any(node in entry.nodes for node in case.duty_law.path(draft.where))


def _holds(draft: Draft, actor: Actor) -> bool:
    return draft.party == party_of(actor)


def _helps(draft: Draft, actor: Actor) -> bool:
    return any(helper.party == party_of(actor) for helper in draft.helpers)


def accept(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody of the offered party, on duty, takes the ticket."""
    if not _holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    entry = case.duty_law.entry(command.actor.person, command.actor.role)
    if entry is None or not case.duty_law.on_duty(entry, case.effective_at):
        return Reason.NOT_ON_DUTY
    offers.take_over(case, draft, command.actor.person)
    return Reason.DONE_AS_ASKED


def decline(case: Case, draft: Draft, command: Command) -> Reason:
    """The offered party says no, with a reason, at most twice; the next party has it, or the next tier."""
    if not _holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    if not command.reason:
        return Reason.REASON_MISSING
    if sum(offer.ended == "declined" and offer.party == draft.party for offer in draft.offers) >= case.law.bundle.max_declines:
        return Reason.TOO_MANY_DECLINES
    if not offers.above(case, draft):
        return Reason.NOT_IN_THIS_STATUS
    offers.end_offer(case, draft, "declined")
    if not offers.next_in_tier(case, draft):
        offers.move_up(case, draft, "declined")
    return Reason.DONE_AS_ASKED


def contact(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter was reached."""
    if not (_holds(draft, command.actor) or _helps(draft, command.actor)):
        return Reason.NOT_YOUR_TICKET
    draft.drop(ClockKind.CONTACT)
    case.say("ReporterContacted", draft)
    return Reason.DONE_AS_ASKED


def start(case: Case, draft: Draft, command: Command) -> Reason:
    """Work begins; whoever begins has spoken to the reporter, or knows that there is nobody to speak to."""
    if not _holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    draft.drop(ClockKind.CONTACT)
    draft.status, draft.task, draft.person = Status.HANDLING, "handle", command.actor.person
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, command.actor.person)))
    case.say("TicketStarted", draft)
    return Reason.DONE_AS_ASKED


def finish(case: Case, draft: Draft, command: Command) -> Reason:
    """A child is finished by its department; a ticket by its holder, or by a helper after a move."""
    if "/" in command.ticket:
        return _finish_child(case, draft, command)
    holds, helps = _holds(draft, command.actor), _helps(draft, command.actor)
    if not holds and not helps:
        return Reason.NOT_YOUR_TICKET
    if draft.status is Status.OFFERED and not helps:
        return Reason.NOT_IN_THIS_STATUS
    if whistle.any_open(draft):
        return Reason.CHILDREN_OPEN
    category = case.category(draft)
    if category is not None and category.proof_required and not command.proof:
        return Reason.PROOF_MISSING
    actor = command.actor
    offers.stop_work_clocks(case, draft)
    draft.offers = tuple(replace(o, ended="withdrawn") if o.ended is None else o for o in draft.offers)
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, actor.person)))
    draft.finished_by = (draft.tier or "", party_of(actor), actor.person)
    draft.finished_at = case.effective_at
    checkers = [entry for entry in case.people(Role.CHECKER, draft) if entry.person not in draft.handled_by]
    ready = [entry for entry in checkers if case.duty_law.on_duty(entry, case.at)] or checkers
    draft.status, draft.task, draft.duty = Status.DONE, "check", "checker"
    draft.person = ready[0].person if ready else case.supervisor(draft)
    escalation.start_check(case, draft, draft.rework * 100)
    case.say("TicketFinished", draft, person=actor.person, party=party_of(actor), overdue=draft.is_overdue)
    if not any(clock.running_since is not None for clock in draft.clocks):
        _checked(case, draft)  # a pack without a check clock has no check
    return Reason.DONE_AS_ASKED


def _finish_child(case: Case, draft: Draft, command: Command) -> Reason:
    child = whistle.find(draft, command.ticket)
    if child is None or child.status not in whistle.OPEN:
        return Reason.NO_SUCH_CHILD
    if command.actor.role is not Role.DEPARTMENT or command.actor.org != child.code:
        return Reason.NOT_YOUR_TICKET
    if child.status == "called":
        whistle.report_in(case, draft, child, command.actor.person)
        child = whistle.find(draft, command.ticket) or child
    whistle.end(case, draft, child, "finished", command.text)
    draft.handled_by = tuple(dict.fromkeys((*draft.handled_by, command.actor.person)))
    return Reason.DONE_AS_ASKED


def report_in(case: Case, draft: Draft, command: Command) -> Reason:
    """A department that was called signs in (报到)."""
    child = whistle.find(draft, command.ticket)
    if child is None or child.status != "called":
        return Reason.NO_SUCH_CHILD
    if command.actor.org != child.code:
        return Reason.NOT_YOUR_TICKET
    whistle.report_in(case, draft, child, command.actor.person)
    return Reason.DONE_AS_ASKED


def release(case: Case, draft: Draft, command: Command) -> Reason:
    """The street lets a department go, with a reason."""
    child = whistle.find(draft, command.ticket)
    if child is None or child.status not in whistle.OPEN:
        return Reason.NO_SUCH_CHILD
    if not command.reason:
        return Reason.REASON_MISSING
    from rules import tasks

    tasks.send(case, draft, "withdrawn", child.code, child.role, child, command.reason)
    whistle.end(case, draft, child, "released", command.reason)
    return Reason.DONE_AS_ASKED


def ask_whistle(case: Case, draft: Draft, command: Command) -> Reason:
    """Whoever holds it asks the street to whistle."""
    if not _holds(draft, command.actor):
        return Reason.NOT_YOUR_TICKET
    case.say("WhistleAsked", draft, by=command.actor.person)
    return Reason.DONE_AS_ASKED


def blow(case: Case, draft: Draft, command: Command) -> Reason:
    """The street whistles; the ticket comes to the street, which holds it until all departments are through."""
    if command.case not in WHISTLE_CASES:
        return Reason.CASE_NOT_ALLOWED
    codes = tuple(dict.fromkeys(command.departments))
    if not codes or any(case.law.department(code) is None for code in codes):
        return Reason.DEPARTMENT_UNKNOWN
    if draft.party != offers.STREET:
        street = next((tier for tier in offers.above(case, draft) if tier.kind == "street"), None)
        if street is not None:
            offers.move_up(case, draft, "whistled", to=street.name)
    offers.end_offer(case, draft, "withdrawn")
    draft.drop(ClockKind.CONTACT)
    draft.party, draft.duty, draft.person = offers.STREET, offers.STREET, command.actor.person
    whistle.call(case, draft, codes, command.case, automatic=False)
    return Reason.DONE_AS_ASKED


def check(case: Case, draft: Draft, command: Command) -> Reason:
    """Somebody who did not handle it checks: pass, or back to work with what was consumed."""
    if command.actor.person in draft.handled_by:
        return Reason.CHECKER_HANDLED_IT
    if command.passed is None or (not command.passed and not command.reason):
        return Reason.REASON_MISSING
    draft.drop(ClockKind.CHECK)
    if command.passed:
        case.say("CheckPassed", draft, by=command.actor.person)
        _checked(case, draft)
        return Reason.DONE_AS_ASKED
    tier, party, person = draft.finished_by or (draft.tier or "", draft.party or "", draft.person)
    draft.rework += 1
    draft.status, draft.task, draft.duty, draft.party = Status.HANDLING, "handle", party, party
    draft.person = person
    offers.resume_work_clocks(case, draft)
    case.say("CheckFailed", draft, by=command.actor.person)
    return Reason.DONE_AS_ASKED


def _checked(case: Case, draft: Draft) -> None:
    """The work is accepted: the reporter is asked, or where there is no survey the ticket is closed."""
    limit = case.law.bundle.clocks.get("survey", {}).get(draft.urgency or "U3")
    if limit is None:
        close(case, draft, "checked")
        return
    draft.status, draft.task, draft.surveyed_at = Status.SURVEYED, "survey", case.effective_at
    desk = case.someone(Role.DESK, draft)
    draft.duty, draft.person = "desk", desk.person if desk else case.supervisor(draft)
    draft.clocks = tuple(clock for clock in draft.clocks if clock.kind == ClockKind.RESOLVE)
    draft.put(clocks.start(case.law, ClockKind.SURVEY, "0", limit, case.at))
    case.say("TicketSurveyed", draft)


def answer(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter answers; unhappy is written down, and the way to reopen stays."""
    if command.satisfied is None:
        return Reason.ANSWER_MISSING
    case.say("SurveyAnswered", draft, satisfied=command.satisfied)
    close(case, draft, "satisfied" if command.satisfied else "unhappy")
    return Reason.DONE_AS_ASKED


def reopen(case: Case, draft: Draft, command: Command) -> Reason:
    """Not fixed after all: the next generation goes to the party that finished, from the second time one tier above."""
    if not command.reason:
        return Reason.REASON_MISSING
    ended = draft.closed_at or draft.surveyed_at or case.at
    if case.effective_at - ended > case.law.bundle.reopen_days * 86_400_000 or draft.category is None:
        return Reason.TOO_LATE
    law, category = case.law, case.law.categories[draft.category]
    floor: Limit = law.bundle.reopen_floor
    draft.generation += 1
    draft.disarm()
    draft.resolve_limit_ms = max(law.limit_ms(category.limit) * law.bundle.reopen_percent // 100, law.limit_ms(floor))
    draft.resolve_unit = category.limit.unit
    draft.offers, draft.helpers, draft.children, draft.leg, draft.top_repeats = (), (), (), 0, 0
    draft.is_overdue = draft.is_escalated = draft.is_exhausted = False
    draft.closed_at = draft.close_reason = draft.surveyed_at = None
    draft.put(_resolve(case, draft))
    tier_name, party, _ = draft.finished_by or (draft.tier or "", draft.party or "", "")
    steps = offers.ladder(case, draft)
    at = next((i for i, tier in enumerate(steps) if tier.name == tier_name), 0)
    if draft.generation >= 2 and at + 1 < len(steps):
        at, party = at + 1, ""
    case.say("TicketReopened", draft, generation=draft.generation)
    draft.tier = steps[at].name
    offered = offers.offer(case, draft, steps[at], party) if party and steps[at].kind != "whistle" else offers.enter(case, draft, steps[at])
    if not offered:
        offers.move_up(case, draft, "reopened")
    return Reason.DONE_AS_ASKED


def _resolve(case: Case, draft: Draft) -> "clocks.Clock":
    rungs = case.law.bundle.rungs.get("resolve", (50, 80, 100, 150, 300))
    return clocks.Clock(ClockKind.RESOLVE, "0", draft.resolve_limit_ms, draft.resolve_unit, case.at, case.at, rungs)


def file(case: Case, draft: Draft, command: Command) -> Reason:
    """The duty desk files what came without a known category; another home is a referral."""
    code = case.law.category_code(command.category or "")
    if code is None:
        return Reason.CATEGORY_UNKNOWN
    if command.home is not None and command.home != draft.home:
        return Reason.TARGET_ELSEWHERE
    filing.file(case, draft, case.law.categories[code])
    return Reason.DONE_AS_ASKED


def dismiss(case: Case, draft: Draft, command: Command) -> Reason:
    """Not taken up (不予受理): a reason from the list, and an answer to the reporter."""
    allowed = case.law.bundle.dismiss_reasons
    if not command.reason or (allowed and command.reason not in allowed):
        return Reason.REASON_MISSING
    if not command.text:
        return Reason.ANSWER_MISSING
    close(case, draft, command.reason, Status.DISMISSED)
    return Reason.DONE_AS_ASKED


def cancel(case: Case, draft: Draft, command: Command) -> Reason:
    """The reporter or the duty chief takes it back."""
    if not command.reason:
        return Reason.REASON_MISSING
    close(case, draft, command.reason, Status.CANCELLED)
    return Reason.DONE_AS_ASKED


def close_by_source(case: Case, draft: Draft, command: Command) -> Reason:
    """The system it was imported from has closed it: no check, no survey."""
    if not command.reason:
        return Reason.REASON_MISSING
    close(case, draft, command.reason)
    return Reason.DONE_AS_ASKED


def refer(case: Case, draft: Draft, command: Command) -> Reason:
    """Close it here and file it in another home, with its first filing time and what its clock consumed (DESIGN 3)."""
    if not command.reason:
        return Reason.REASON_MISSING
    if command.home is None or command.home not in case.duty_law.homes or command.home == draft.home:
        return Reason.HOME_UNKNOWN
    if draft.hops >= case.law.bundle.max_hops:
        return Reason.TOO_MANY_HOPS
    clock = offers.resolve_clock(draft)
    consumed = clocks.elapsed(case.law, clock, case.at) if clock else 0
    code = case.law.category_code(command.category) if command.category else draft.category
    incident = Incident(
        identity=draft.identity, home=command.home, occurred_at=draft.occurred_at, received_at=case.at, channel=draft.channel, pack=case.duty_law.ref,
        placed_by="referral", category=code, category_given=draft.category_given, text=draft.text, address=draft.address, lat_e7=draft.lat_e7,
        lon_e7=draft.lon_e7, token=draft.token, can_reach_reporter=draft.can_reach_reporter, attributes=draft.attributes, exercise=draft.exercise,
        promised_by=draft.promised_by,
    )  # fmt: skip
    case.referral = (command.home, IncidentReferred(case.id, incident, Carried(draft.id, draft.hops + 1, draft.first_filed_at, consumed)))
    case.say("TicketReferred", draft, to=command.home)
    close(case, draft, "referred")
    return Reason.DONE_AS_ASKED


def reassign(case: Case, draft: Draft, command: Command) -> Reason:
    """Give it to another person of the party that holds it, with a reason."""
    if not command.reason:
        return Reason.REASON_MISSING
    role, org = (Role.DEPARTMENT, draft.party) if draft.party and case.law.department(draft.party) else (draft.party or "", None)
    if all(entry.person != command.target for entry in case.people(role, draft, org)):
        return Reason.PERSON_UNKNOWN
    draft.person = str(command.target)
    case.say("TicketReassigned", draft, person=draft.person)
    return Reason.DONE_AS_ASKED


def escalate(case: Case, draft: Draft, command: Command) -> Reason:
    """Move it up by hand, to the next tier or to a chosen one above."""
    if not command.reason:
        return Reason.REASON_MISSING
    names = [tier.name for tier in offers.above(case, draft)]
    if not names or (command.target is not None and command.target not in names):
        return Reason.TIER_UNKNOWN
    offers.move_up(case, draft, f"manual-{draft.leg + 1}", to=command.target)
    return Reason.DONE_AS_ASKED


def note(case: Case, draft: Draft, command: Command) -> Reason:
    """Write something down."""
    if not command.text:
        return Reason.ANSWER_MISSING
    case.say("NoteAdded", draft, by=command.actor.person, text=command.text)
    return Reason.DONE_AS_ASKED


def merge(case: Case, draft: Draft, into: Draft) -> Reason:
    """The same thing reported twice: the earlier deadline counts for the one that stays, both reporters stay (LAW 6)."""
    mine, theirs = offers.resolve_clock(draft), offers.resolve_clock(into)
    if mine is not None and theirs is not None and theirs.running_since is not None:
        due, their_due = (clocks.moment(case.law, clock, 100, None) for clock in (mine, theirs))
        if due is not None and their_due is not None and due < their_due:
            left = tuple(rung for rung in mine.rungs if rung not in theirs.fired)
            into.put(replace(mine, rungs=left, fired=theirs.fired))
    into.merged_here = (*into.merged_here, draft.id)
    into.can_reach_reporter = into.can_reach_reporter or draft.can_reach_reporter
    case.others.append(into)
    draft.merged_into = into.id
    close(case, draft, "duplicate", Status.MERGED)
    return Reason.DONE_AS_ASKED


def effective(command: Command, appended_at: Instant, at: Instant) -> Instant:
    """When a command took effect: when a door took it, never after the broker had it, never after now (DESIGN 6)."""
    return min(command.accepted_at, appended_at, at)
