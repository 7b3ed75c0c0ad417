"""The moment from which a replay tells: a day of the pack's zone, or a moment of RFC 3339."""

from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.kafka.log_snapshot import Log
from engine.replay.recorded_history import Gap
from topics.ids import Instant
from topics.registry import REFERENCE


class Moment(NamedTuple):
    """A moment, and the day that it is in."""

    at: Instant
    day: str
    """``yyyy-mm-dd`` in the pack's zone."""
    day_at: Instant
    """When that day begins."""


def read_when(text: str) -> date | datetime:
    """Read what ``--from`` says.

    Raises:
        ValueError: It is neither a day nor a moment with its offset, or of a year that no engine has known.
    """
    found: date | datetime
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError(f"{text} has no offset from UTC") from None
    if not 1970 <= found.year < 2100:
        raise ValueError(f"{text} is not between 1970 and 2100")
    return found


def moment_of(when: date | datetime, zone: str) -> Moment:
    """Place a day or a moment in time; a day means its first moment in ``zone``."""
    here = ZoneInfo(zone)
    day = when.astimezone(here).date() if isinstance(when, datetime) else when
    day_at = _instant(datetime.combine(day, time(), here))
    return Moment(_instant(when) if isinstance(when, datetime) else day_at, day.isoformat(), day_at)


def _instant(moment: datetime) -> Instant:
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def zone_of(log: Log) -> str:
    """Name the zone of the pack in force.

    Raises:
        Gap: There is no pack on ``reference``.
    """
    bundle = log.in_force()
    if bundle is None:
        raise Gap(f"there is no pack on {REFERENCE.name}: in which zone the day begins is not known")
    return bundle.timezone
