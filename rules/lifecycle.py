"""The table of LAW 6: in which status which command may be given, by whom, and what it leads to. What is not here is refused."""

from typing import NamedTuple

from topics.vocabulary import ClockKind, CommandKind, Role, Status

S, K, R = Status, CommandKind, Role

WORKED = (S.OFFERED, S.ACCEPTED, S.HANDLING)
OPEN = (S.RECEIVED, S.VERIFYING, S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED, S.PARKED, S.DONE, S.SURVEYED)
UNDER_WAY = (S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED)
HELD = (S.OFFERED, S.WHISTLED)
"""What a ticket becomes that a tier gets: offered there, or the departments are called."""

PARTIES = (R.RESIDENTS, R.SPECIALIST, R.RED_PROPERTY, R.BACKSTOP, R.STREET, R.PRINCIPAL, R.CENTRE, R.DEPARTMENT)
"""Roles that can hold a ticket."""
SEATS = (R.DESK, R.CHIEF, R.CENTRE, R.STREET, R.PRINCIPAL, R.SUPERVISOR)
"""Roles that direct tickets without holding them."""


class Row(NamedTuple):
    """One command's line in the table."""

    statuses: tuple[Status, ...]
    """In which it may be given."""
    roles: tuple[Role, ...]
    """Who may give it."""
    to: tuple[Status, ...] = ()
    """What the ticket may become; it may also stay what it was."""


TABLE: dict[CommandKind, Row] = {
    K.FILE: Row((S.RECEIVED,), (R.DESK, R.CHIEF), HELD),
    K.DISMISS: Row((S.RECEIVED, S.OFFERED), (R.DESK, R.CHIEF), (S.DISMISSED,)),
    K.APPEAL: Row((S.DISMISSED,), (R.REPORTER,), (S.RECEIVED,)),
    K.DUPLICATE_OF: Row((S.RECEIVED, *WORKED), (R.DESK, R.CHIEF), (S.MERGED,)),
    K.UNMERGE: Row((S.MERGED,), (R.DESK, R.CHIEF), (S.RECEIVED, *WORKED)),
    K.ACCEPT: Row((S.OFFERED,), PARTIES, (S.ACCEPTED,)),
    K.DECLINE: Row((S.OFFERED,), PARTIES, HELD),
    K.CONTACT: Row((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.START: Row((S.ACCEPTED,), PARTIES, (S.HANDLING,)),
    K.CONSENT: Row((S.OFFERED, S.ACCEPTED), (R.RESIDENTS_COMMITTEE, R.OWNERS_COMMITTEE, R.RED_PROPERTY), HELD),
    K.ASK_WHISTLE: Row(WORKED, PARTIES),
    K.WHISTLE: Row((*WORKED, S.WHISTLED), (R.STREET, R.PRINCIPAL, R.CENTRE), (S.WHISTLED,)),
    K.FINISH: Row((S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES, (S.DONE, S.SURVEYED, S.CLOSED)),
    K.CHECK: Row((S.DONE,), (R.CHECKER, R.SUPERVISOR), (S.SURVEYED, S.HANDLING, S.RECEIVED, S.CLOSED)),
    K.ANSWER: Row((S.SURVEYED,), (R.REPORTER, R.DESK), (S.CLOSED,)),
    K.REOPEN: Row((S.SURVEYED, S.CLOSED), (R.REPORTER, R.CHIEF), HELD),
    K.REFER: Row((S.RECEIVED, *UNDER_WAY), (R.DESK, R.CHIEF, R.CENTRE), (S.CLOSED,)),
    K.PLACE: Row((S.RECEIVED, *UNDER_WAY), (R.DESK, R.CHIEF, R.CENTRE), (S.CLOSED,)),
    K.REASSIGN: Row(UNDER_WAY, SEATS, (S.OFFERED,)),
    K.ESCALATE: Row(UNDER_WAY, (*SEATS, *PARTIES), HELD),
    K.SEND_VERIFY: Row((S.RECEIVED,), (R.DESK, R.CHIEF), (S.VERIFYING,)),
    K.VERIFY_RESULT: Row((S.VERIFYING,), (R.CHECKER,), (S.RECEIVED,)),
    K.SPOT_FIX: Row((S.RECEIVED,), (R.RESIDENTS, R.SPECIALIST, R.RED_PROPERTY, R.BACKSTOP), (S.CLOSED, S.DONE, S.SURVEYED)),
    K.SEND_BACK: Row((S.ACCEPTED, S.HANDLING), PARTIES),
    K.EXTEND: Row((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.PARK: Row((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.APPROVE: Row(UNDER_WAY, SEATS, (*HELD, S.PARKED)),
    K.DENY: Row(UNDER_WAY, SEATS),
    K.UNPARK: Row((S.PARKED,), SEATS, (S.ACCEPTED, S.HANDLING, S.WHISTLED)),
    K.WAIT_REPORTER: Row((S.ACCEPTED, S.HANDLING), SEATS),
    K.RESUME: Row((S.ACCEPTED, S.HANDLING), (*SEATS, *PARTIES)),
    K.RECATEGORISE: Row((*UNDER_WAY, S.PARKED), (R.DESK, R.CHIEF)),
    K.REBASE: Row((*UNDER_WAY, S.PARKED), (R.CHIEF, R.CENTRE)),
    K.SUPERVISE: Row(OPEN, (R.CHIEF, R.CENTRE, R.SUPERVISOR)),
    K.LIFT: Row(OPEN, (R.CHIEF, R.CENTRE, R.SUPERVISOR)),
    K.REMIND: Row(OPEN, (*SEATS, R.REPORTER)),
    K.ATTACH: Row(OPEN, tuple(Role)),
    K.FOLLOW: Row(OPEN, tuple(Role)),
    K.NOTE: Row(OPEN, tuple(Role)),
    K.APPRAISE: Row((S.CLOSED,), (R.STREET, R.PRINCIPAL, R.DEPARTMENT)),
    K.CANCEL: Row(OPEN, (R.REPORTER, R.CHIEF, R.SOURCE), (S.CANCELLED,)),
    K.CLOSE_BY_SOURCE: Row(OPEN, (R.SOURCE,), (S.CLOSED,)),
}
"""Command -> its row. Source: LAW 6, 7."""

CALLED = (*UNDER_WAY, S.PARKED)

CHILD_TABLE: dict[CommandKind, Row] = {
    K.REPORT_IN: Row(CALLED, (R.DEPARTMENT,)),
    K.ACCEPT: Row(CALLED, (R.DEPARTMENT,)),
    K.START: Row(CALLED, (R.DEPARTMENT,)),
    K.FINISH: Row(CALLED, (R.DEPARTMENT,), (S.HANDLING,)),
    K.RELEASE: Row(CALLED, (R.STREET, R.PRINCIPAL, R.CENTRE, R.CHIEF), (S.HANDLING,)),
}
"""The same for a command that names a child, ``<ticket>/<code>/<n>``; the statuses are the parent's. Source: LAW 6, 7."""

BY_CLOCK: dict[ClockKind, Row] = {
    ClockKind.ACCEPT: Row((S.OFFERED,), (), HELD),
    ClockKind.RESOLVE: Row(UNDER_WAY, (), HELD),
    ClockKind.LEG: Row(UNDER_WAY, (), HELD),
    ClockKind.VERIFY: Row((S.VERIFYING,), (), (S.RECEIVED,)),
    ClockKind.PARK: Row((S.PARKED,), (), (S.ACCEPTED, S.HANDLING, S.WHISTLED)),
    ClockKind.SURVEY: Row((S.SURVEYED,), (), (S.CLOSED,)),
}
"""What the end of a clock may lead to; the others tell somebody and change no status. Source: LAW 4, 5."""
