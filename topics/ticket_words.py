"""Words within a ticket: what is to be done now, how an offer ended, where a department that was called stands.

Each was any text before, and the list holds every word that was ever written.
"""

from enum import StrEnum


class TicketTask(StrEnum):
    """What whoever has a ticket is to do now: the task of the five in place (LAW 2)."""

    TRIAGE = "triage"
    VERIFY = "verify"
    ACCEPT = "accept"
    HANDLE = "handle"
    COORDINATE = "coordinate"  # the street, of departments
    WAIT = "wait"
    CHECK = "check"
    SURVEY = "survey"
    DECIDE_REOPENING = "decide_reopening"
    NONE = "none"


class OfferEnd(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    SKIPPED = "skipped:no_one_on_duty"
    WITHDRAWN = "withdrawn"


class ChildStatus(StrEnum):
    """Where a department that was called stands (LAW 7)."""

    CALLED = "called"
    REPORTED_IN = "reported_in"
    FINISHED = "finished"
    RELEASED = "released"
