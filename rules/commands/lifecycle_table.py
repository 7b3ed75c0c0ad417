"""The table of LAW 6: in which status which command may be given, by whom, and what it leads to. What is not here is
refused."""

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
    """What the ticket may become; it may also stay what it was. Held where a decision is published."""
    needs: tuple[str, ...] = ()
    """The fields it reads; a question mark marks what may be left out. Blanks alone are nothing. Checked in one place,
    ``rules.commands.required_fields``."""


TABLE: dict[CommandKind, Row] = {
    K.FILE: Row((S.RECEIVED,), (R.DESK, R.CHIEF), (*HELD, S.MERGED, S.CLOSED), needs=("category", "home?", "grid?")),
    K.DISMISS: Row((S.RECEIVED, S.OFFERED), (R.DESK, R.CHIEF), (S.DISMISSED,), needs=("reason", "text")),
    K.APPEAL: Row((S.DISMISSED,), (R.REPORTER,), (S.RECEIVED,), needs=("reason",)),
    K.DUPLICATE_OF: Row((S.RECEIVED, *WORKED), (R.DESK, R.CHIEF), (S.MERGED,), needs=("target",)),
    K.UNMERGE: Row((S.MERGED,), (R.DESK, R.CHIEF), (S.RECEIVED, *WORKED), needs=("reason",)),
    K.UNFOLD: Row(OPEN, (R.DESK, R.CHIEF), needs=("reason",)),
    K.ACCEPT: Row((S.OFFERED,), PARTIES, (S.ACCEPTED,)),
    K.DECLINE: Row((S.OFFERED,), PARTIES, HELD, needs=("reason",)),
    K.CONTACT: Row((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES, needs=("text?",)),
    K.START: Row((S.ACCEPTED,), PARTIES, (S.HANDLING,)),
    K.CONSENT: Row(
        (S.OFFERED, S.ACCEPTED),
        (R.RESIDENTS_COMMITTEE, R.OWNERS_COMMITTEE, R.RED_PROPERTY),
        HELD,
        needs=("passed", "reason?"),
    ),
    K.ASK_WHISTLE: Row(WORKED, PARTIES, needs=("reason",)),
    K.WHISTLE: Row(
        (*WORKED, S.WHISTLED),
        (R.STREET, R.PRINCIPAL, R.CENTRE),
        (S.WHISTLED,),
        needs=("departments", "case", "reason?"),
    ),
    K.FINISH: Row(
        (S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED),
        PARTIES,
        (S.DONE, S.SURVEYED, S.CLOSED),
        needs=("text", "proof?"),
    ),
    K.CHECK: Row(
        (S.DONE,),
        (R.CHECKER, R.SUPERVISOR),
        (S.SURVEYED, S.HANDLING, *HELD, S.RECEIVED, S.CLOSED),
        needs=("passed", "reason?"),
    ),
    K.ANSWER: Row((S.SURVEYED,), (R.REPORTER, R.DESK), (S.CLOSED,), needs=("satisfied", "text?")),
    K.REOPEN: Row((S.SURVEYED, S.CLOSED), (R.REPORTER, R.DESK, R.CHIEF), HELD, needs=("reason",)),
    K.REFER: Row(OPEN, (R.DESK, R.CHIEF, R.CENTRE), (S.CLOSED,), needs=("home", "reason", "category?")),
    K.PLACE: Row(OPEN, (R.DESK, R.CHIEF, R.CENTRE), (S.CLOSED,), needs=("grid", "reason")),
    K.REASSIGN: Row(OPEN, SEATS, (S.OFFERED,), needs=("target", "reason", "party?")),
    K.ESCALATE: Row(OPEN, (*SEATS, *PARTIES), HELD, needs=("reason", "target?")),
    K.SEND_VERIFY: Row((S.RECEIVED,), (R.DESK, R.CHIEF), (S.VERIFYING,), needs=("target?",)),
    K.VERIFY_RESULT: Row((S.VERIFYING,), (R.CHECKER,), (S.RECEIVED,), needs=("passed", "text")),
    K.SPOT_FIX: Row(
        (S.RECEIVED, S.OFFERED),
        (R.RESIDENTS, R.SPECIALIST, R.RED_PROPERTY, R.BACKSTOP),
        (S.CLOSED, S.DONE, S.SURVEYED),
        needs=("proof", "text?"),
    ),
    K.SEND_BACK: Row((S.ACCEPTED, S.HANDLING), PARTIES, needs=("reason",)),
    K.EXTEND: Row((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES, needs=("reason",)),
    K.PARK: Row((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES, needs=("reason", "until")),
    K.APPROVE: Row(UNDER_WAY, SEATS, (*HELD, S.PARKED)),
    K.DENY: Row((*UNDER_WAY, S.SURVEYED), SEATS, (S.CLOSED,), needs=("reason",)),
    K.UNPARK: Row((S.PARKED,), SEATS, (S.ACCEPTED, S.HANDLING, S.WHISTLED)),
    K.WAIT_REPORTER: Row((S.ACCEPTED, S.HANDLING), SEATS, needs=("reason",)),
    K.RESUME: Row((S.ACCEPTED, S.HANDLING), (*SEATS, *PARTIES)),
    K.RECATEGORISE: Row(OPEN, (R.DESK, R.CHIEF), HELD, needs=("category", "reason")),
    K.REBASE: Row((*UNDER_WAY, S.PARKED, S.DONE, S.SURVEYED), (R.CHIEF, R.CENTRE), needs=("reason",)),
    K.SUPERVISE: Row(OPEN, (R.CHIEF, R.CENTRE, R.SUPERVISOR), needs=("reason",)),
    K.LIFT: Row(OPEN, (R.CHIEF, R.CENTRE, R.SUPERVISOR)),
    K.REMIND: Row(OPEN, (*SEATS, R.REPORTER), needs=("text?",)),
    K.ATTACH: Row(OPEN, tuple(Role), needs=("proof",)),
    K.FOLLOW: Row(OPEN, tuple(Role)),
    K.NOTE: Row(OPEN, tuple(Role), needs=("text",)),
    K.APPRAISE: Row((S.CLOSED,), (R.STREET, R.PRINCIPAL, R.DEPARTMENT), needs=("score", "target?", "text?")),
    K.CANCEL: Row(OPEN, (R.REPORTER, R.CHIEF, R.SOURCE), (S.CANCELLED,), needs=("reason",)),
    K.CLOSE_BY_SOURCE: Row(OPEN, (R.SOURCE,), (S.CLOSED,), needs=("reason",)),
}
"""Command -> its row. Source: LAW 6, 7."""

CALLED = (*UNDER_WAY, S.PARKED)

ANSWERS = (K.FINISH, K.DISMISS, K.SPOT_FIX)
"""Whose text says to the reporter what came of it, or why nothing does."""

CHILD_TABLE: dict[CommandKind, Row] = {
    K.REPORT_IN: Row(CALLED, (R.DEPARTMENT,), needs=("proof?",)),
    K.ACCEPT: Row(CALLED, (R.DEPARTMENT,)),
    K.START: Row(CALLED, (R.DEPARTMENT,)),
    K.FINISH: Row(CALLED, (R.DEPARTMENT,), (S.HANDLING,), needs=("text?", "proof?")),
    K.RELEASE: Row(CALLED, (R.STREET, R.PRINCIPAL, R.CENTRE, R.CHIEF), (S.HANDLING,), needs=("reason",)),
}
"""The same for a command that names a child, ``<ticket>/<code>/<n>``; the statuses are the parent's. Source: LAW 6, 7.
"""

PARTITION_TABLE: dict[CommandKind, Row] = {
    K.ADOPT_PACK: Row((), (R.CHIEF, R.CENTRE)),
    K.SET_DUTY: Row((), (R.SUPERVISOR, R.CHIEF, R.CENTRE)),
    K.RETRY_HELD: Row((), (R.DESK, R.CHIEF, R.CENTRE), needs=("target", "reason")),
    K.DROP_HELD: Row((), (R.DESK, R.CHIEF, R.CENTRE), needs=("target", "reason")),
}
"""What is asked of a partition, and who may: by the roster in force, within their own role and grids
(``rules/state/duty_roster.py``)."""

BY_CLOCK: dict[ClockKind, Row] = {
    ClockKind.ACCEPT: Row((S.OFFERED,), (), HELD),
    ClockKind.RESOLVE: Row(UNDER_WAY, (), HELD),
    ClockKind.LEG: Row(UNDER_WAY, (), HELD),
    ClockKind.VERIFY: Row((S.VERIFYING,), (), (S.RECEIVED,)),
    ClockKind.PARK: Row((S.PARKED,), (), (S.ACCEPTED, S.HANDLING, S.WHISTLED)),
    ClockKind.SURVEY: Row((S.SURVEYED,), (), (S.CLOSED,)),
    ClockKind.FLOOD: Row(OPEN, (), (S.SURVEYED, S.CLOSED)),
}
"""What the end of a clock may lead to; the others tell somebody and change no status. Source: LAW 4, 5."""
