"""The table of LAW 6: in which status which command may be given, and by whom. What is not here is refused."""

from topics.vocabulary import CommandKind, Role, Status

S, K, R = Status, CommandKind, Role

WORKED = (S.OFFERED, S.ACCEPTED, S.HANDLING)
OPEN = (S.RECEIVED, S.VERIFYING, S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED, S.PARKED, S.DONE, S.SURVEYED)
UNDER_WAY = (S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED)

PARTIES = (R.RESIDENTS, R.SPECIALIST, R.RED_PROPERTY, R.BACKSTOP, R.STREET, R.CENTRE, R.DEPARTMENT)
"""Roles that can hold a ticket."""
SEATS = (R.DESK, R.CHIEF, R.CENTRE, R.STREET, R.SUPERVISOR)
"""Roles that direct tickets without holding them."""

TABLE: dict[CommandKind, tuple[tuple[Status, ...], tuple[Role, ...]]] = {
    K.FILE: ((S.RECEIVED,), (R.DESK, R.CHIEF)),
    K.DISMISS: ((S.RECEIVED, S.OFFERED), (R.DESK, R.CHIEF)),
    K.DUPLICATE_OF: ((S.RECEIVED, *WORKED), (R.DESK, R.CHIEF)),
    K.UNMERGE: ((S.MERGED,), (R.DESK, R.CHIEF)),
    K.ACCEPT: ((S.OFFERED,), PARTIES),
    K.DECLINE: ((S.OFFERED,), PARTIES),
    K.CONTACT: ((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.START: ((S.ACCEPTED,), PARTIES),
    K.ASK_WHISTLE: (WORKED, PARTIES),
    K.WHISTLE: ((*WORKED, S.WHISTLED), (R.STREET, R.CENTRE)),
    K.FINISH: ((S.OFFERED, S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.CHECK: ((S.DONE,), (R.CHECKER, R.SUPERVISOR)),
    K.ANSWER: ((S.SURVEYED,), (R.REPORTER, R.DESK)),
    K.REOPEN: ((S.SURVEYED, S.CLOSED), (R.REPORTER, R.CHIEF)),
    K.REFER: ((S.RECEIVED, *UNDER_WAY), (R.DESK, R.CHIEF, R.CENTRE)),
    K.REASSIGN: (UNDER_WAY, SEATS),
    K.ESCALATE: (UNDER_WAY, (*SEATS, *PARTIES)),
    K.SEND_VERIFY: ((S.RECEIVED,), (R.DESK, R.CHIEF)),
    K.VERIFY_RESULT: ((S.VERIFYING,), (R.CHECKER,)),
    K.SPOT_FIX: ((S.RECEIVED,), (R.RESIDENTS, R.SPECIALIST, R.RED_PROPERTY, R.BACKSTOP)),
    K.SEND_BACK: ((S.ACCEPTED, S.HANDLING), PARTIES),
    K.EXTEND: ((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.PARK: ((S.ACCEPTED, S.HANDLING, S.WHISTLED), PARTIES),
    K.APPROVE: (UNDER_WAY, SEATS),
    K.DENY: (UNDER_WAY, SEATS),
    K.UNPARK: ((S.PARKED,), SEATS),
    K.WAIT_REPORTER: ((S.ACCEPTED, S.HANDLING), SEATS),
    K.RESUME: ((S.ACCEPTED, S.HANDLING), (*SEATS, *PARTIES)),
    K.RECATEGORISE: ((*UNDER_WAY, S.PARKED), (R.DESK, R.CHIEF)),
    K.SUPERVISE: (OPEN, (R.CHIEF, R.CENTRE, R.SUPERVISOR)),
    K.LIFT: (OPEN, (R.CHIEF, R.CENTRE, R.SUPERVISOR)),
    K.REMIND: (OPEN, (*SEATS, R.REPORTER)),
    K.ATTACH: (OPEN, tuple(Role)),
    K.FOLLOW: (OPEN, tuple(Role)),
    K.NOTE: (OPEN, tuple(Role)),
    K.CANCEL: (OPEN, (R.REPORTER, R.CHIEF, R.SOURCE)),
    K.CLOSE_BY_SOURCE: (OPEN, (R.SOURCE,)),
}
"""Command -> statuses it is allowed in, roles that may give it. Source: LAW 6."""

CALLED = (*UNDER_WAY, S.PARKED)

CHILD_TABLE: dict[CommandKind, tuple[tuple[Status, ...], tuple[Role, ...]]] = {
    K.REPORT_IN: (CALLED, (R.DEPARTMENT,)),
    K.ACCEPT: (CALLED, (R.DEPARTMENT,)),
    K.START: (CALLED, (R.DEPARTMENT,)),
    K.FINISH: (CALLED, (R.DEPARTMENT,)),
    K.RELEASE: (CALLED, (R.STREET, R.CENTRE, R.CHIEF)),
}
"""The same for a command that names a child, ``<ticket>/<code>/<n>``; the statuses are the parent's. Source: LAW 6, 7."""
