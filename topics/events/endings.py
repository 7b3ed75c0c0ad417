"""The check, the survey, and how a ticket ends or goes on."""

from topics.events.facts import Facts


class CheckPassed(Facts, frozen=True, kw_only=True):
    """A checker looked, and it is done."""

    by: str


class CheckFailed(Facts, frozen=True, kw_only=True):
    """A checker looked, and it is not."""

    by: str


class TicketSurveyed(Facts, frozen=True, kw_only=True):
    """The reporter is asked."""


class SurveyAnswered(Facts, frozen=True, kw_only=True):
    """The reporter answered."""

    satisfied: bool | None


class ReopeningAsked(Facts, frozen=True, kw_only=True):
    """The reporter is unhappy."""

    by: str


class ReopeningRefused(Facts, frozen=True, kw_only=True):
    """The desk says no."""

    by: str
    reason: str | None


class TicketReopened(Facts, frozen=True, kw_only=True):
    """It was not fixed after all."""

    generation: int


class TicketClosed(Facts, frozen=True, kw_only=True):
    """It ended."""

    reason: str


class TicketDismissed(Facts, frozen=True, kw_only=True):
    """It is none."""

    reason: str


class TicketCancelled(Facts, frozen=True, kw_only=True):
    """The reporter or the duty chief took it back."""

    reason: str


class DismissalAppealed(Facts, frozen=True, kw_only=True):
    """The reporter does not put up with it."""

    by: str
