"""One cause being decided: what is remembered, the laws, the moment; and how its record is written (DESIGN 3, LAW
6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from rules import VERSION
from rules.commands.lifecycle_table import BY_CLOCK, CHILD_TABLE, TABLE
from rules.errors import BrokenInvariant
from rules.law import split
from rules.law.compiled import Law
from rules.masking.masker import masked_name
from rules.state import answers
from rules.state.causes import CommandCause, Kept, Outcome
from rules.state.partition_state import Book
from rules.ticket.draft import Case, Draft, publish
from topics import codec
from topics.command import Command, refused_as
from topics.decision import Change, Decision, Event, Said, Why
from topics.events.clocks import FollowersTold
from topics.ids import DecisionId, Instant, home_of
from topics.ticket import CommandSeen, DayCounter, Ticket
from topics.vocabulary import FINAL, REFUSALS, ClockKind, Reason


@dataclass(slots=True, kw_only=True)
class Deciding:
    """What every step of deciding one cause looks at."""

    book: Book
    laws: Mapping[str, Law]
    at: Instant
    expired: tuple[str, ...]
    """Command ids whose time is over; they go with the next record."""
    seen: tuple[str, CommandSeen] | None = None
    """How the command is remembered if it changes something."""

    def case(self, decision_id: str, ticket: Ticket) -> Case:
        """Open the case of a ticket, by the law it was filed under and the roster of the one in force."""
        law, book = self.laws[ticket.pack], self.book
        case = Case(
            decision_id, self.at, law, duty_law=book.rosters.law(self.laws.get(book.pack or ticket.pack, law), self.at)
        )
        case.was = ticket.status
        case.quota_before = book.quotas.get(ticket.home)
        return case

    def law_in_force(self) -> Law | None:
        """The pack in force with the duties of now, if there is one."""
        law = self.laws.get(self.book.pack or "")
        return None if law is None else self.book.rosters.law(law, self.at)

    def refuse(
        self, cause: CommandCause, reason: Reason, field: str | None = None, first: str | None = None
    ) -> Outcome:
        """Make the decision that changes nothing: a refusal, which is not remembered as the command's decision, or a
        repeat."""
        return self._without_change(cause, reason, None, field=field, first=first)

    def note(self, cause: CommandCause, reason: Reason, *events: Event) -> Outcome:
        """Make the decision that changes no ticket, but is the command's."""
        return self._without_change(cause, reason, self.seen, events)

    def _without_change(
        self,
        cause: CommandCause,
        reason: Reason,
        seen: tuple[str, CommandSeen] | None,
        events: tuple[Event, ...] = (),
        field: str | None = None,
        first: str | None = None,
    ) -> Outcome:
        command = cause.command
        name = command.ticket.split("/", 1)[0] or None
        actor = f"{command.actor.role}:{command.actor.person}"
        shown = (
            actor if reason is not Reason.NOT_ON_ROSTER else f"{command.actor.role}:{masked_name(command.actor.person)}"
        )
        decision = Decision(
            id=DecisionId(cause.id),
            at=self.at,
            cause="command",
            reason=reason,
            home=_home_of(name),
            ticket=name,
            command_id=command.id,
            command=command.kind,
            actor=shown,
            said=_said(command),
            first_decision=first,
            events=events or self._answer(cause, reason, field),
            why=Why(pack=self.book.pack, facts={"field": field} if field else {}),
            engine=VERSION,
        )
        if reason in REFUSALS and reason is not Reason.ID_RESERVED:
            refused = refused_as(actor, command.id, command.kind, name or "")
            seen = (refused, CommandSeen(cause.id, self.at)) if refused else None
        return Outcome(decision=decision, tickets=(), seen=seen, expired=self.expired)

    def _answer(self, cause: CommandCause, reason: Reason, field: str | None) -> tuple[Event, ...]:
        book = self.book
        return answers.refusal(
            book.laws, book.pack, cause, at=self.at, reason=reason, field=field, tickets=book.tickets
        )

    def publish(
        self,
        case: Case,
        kind: Literal["incident", "command", "clock"],
        reason: Reason,
        draft: Draft,
        command: Command | None = None,
        counter: tuple[str, DayCounter] | None = None,
    ) -> Outcome:
        """Publish the drafts and write the record."""
        _tell_followers(case, kind, draft, command)
        _hold_to_table(case, kind, draft, command)
        kept, changes = _written(case, draft)
        decision = Decision(
            id=case.id,
            at=case.at,
            cause=kind,
            reason=reason,
            home=draft.home,
            ticket=draft.id,
            command_id=command.id if command else None,
            command=command.kind if command else None,
            actor=f"{command.actor.role}:{command.actor.person}" if command else None,
            said=_said(command) if command else None,
            events=tuple(case.events),
            changes=tuple(changes),
            why=_why(case),
            engine=VERSION,
        )
        referrals = (case.referral,) if case.referral else ()
        return Outcome(
            decision=decision,
            tickets=tuple(kept),
            referrals=referrals,
            quota=case.quota,
            counter=counter,
            seen=self.seen if command is not None else None,
            expired=self.expired,
            unmanned=tuple(case.unmanned),
        )


def _written(case: Case, draft: Draft) -> tuple[list[Kept], list[Change]]:
    """Write down each ticket that was changed: as the book keeps it, and as the record has it."""
    kept: list[Kept] = []
    changes: list[Change] = []
    for changed, law in ((draft, case.law), *case.others) if case.others else ((draft, case.law),):
        if case.forgotten and changed is draft:
            kept.append(Kept(draft.id, None, None, is_open=False))
            changes.append(Change(draft.id, draft.version + 1, None))
            continue
        ticket = publish(law, changed, case.duty_law)
        after = codec.encode(ticket)
        name, folded_into, exercise = ticket.id, ticket.folded_into, ticket.exercise
        due_at, is_open = ticket.next_due_at, ticket.status not in FINAL
        kept.append(Kept(name, after, due_at, is_open=is_open, folded_into=folded_into, exercise=exercise))
        changes.append(Change(name, ticket.version, msgspec.Raw(after)))
    return kept, changes


def _home_of(name: str | None) -> str:
    try:
        return home_of(name) if name else ""
    except ValueError:
        return ""


def _said(command: Command) -> Said | None:
    """Keep what people said with any command in the record, so that no handler can lose it (DESIGN 3)."""
    if command.reason or command.text or command.proof:
        return Said(command.reason, command.text, command.proof)
    return None


def _tell_followers(case: Case, kind: str, draft: Draft, command: Command | None) -> None:
    """Who follows hears what happens to the ticket as its holder does; a clock's firing names them itself (LAW 5,
    全程跟)."""
    named = kind == "clock" and any("told" in event.facts for event in case.events)
    if named or not case.events or (kind == "incident" and not case.others):
        return
    mine = command.actor.person if command is not None else ""
    for one in (draft, *(other for other, _ in case.others)):
        told = [person for name in one.followers if (person := name.partition(":")[2]) != mine]
        if told:
            case.say(one, FollowersTold(told=list(dict.fromkeys(told))))


def _hold_to_table(case: Case, kind: str, draft: Draft, command: Command | None) -> None:
    """What led from one status to another must stand in the table (LAW 6)."""
    was, now = case.was, draft.status
    if was is None or was == now or case.forgotten:
        return
    if kind == "clock":
        rows = [BY_CLOCK.get(ClockKind(str(case.id).split(":")[3]))]
    else:
        assert command is not None
        rows = [(CHILD_TABLE if "/" in command.ticket else TABLE).get(command.kind)]
    if not any(row is not None and was in row.statuses and now in row.to for row in rows):
        raise BrokenInvariant(f"{case.id} would lead {draft.id} from {was} to {now}, which is not in the table")


def _why(case: Case) -> Why:
    bundle = case.law.bundle
    return Why(
        pack=case.law.ref, rules=tuple(case.rules), facts=case.facts, refused=tuple(case.refused), quota=_quota(case),
        calendar=case.law.calendar.name, grid=bundle.grid_version, roster=case.duty_law.people.version,
    )  # fmt: skip


def _quota(case: Case) -> dict[str, Any]:
    """Show the split's books before and after, if the split was asked."""
    after = case.quota
    if after is None:
        return {}
    before = split.quota_at(case.duty_law, case.quota_before, after.home, case.at)
    if after.targets is before.targets:
        return {}
    return {
        "before": {"counts": before.counts, "targets": before.targets},
        "after": {"counts": after.counts, "targets": after.targets},
        "per": after.per,
    }
