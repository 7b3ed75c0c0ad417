"""Times as clerks and spreadsheets write them, and the hour that comes twice or not at all when clocks are put."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from topics.ids import Instant

DateKind = Literal["iso", "ymd", "dmy", "mdy", "excel"]

EXAMPLES: dict[DateKind, str] = {
    "iso": "2026-03-05T08:05:00",
    "ymd": "2026/3/5 8:05 or 2026年3月5日8时5分",
    "dmy": "5.3.2026 8:05",
    "mdy": "3/5/2026 8:05 AM",
    "excel": "46086.3368",
}

_CLOCK = r"(?:[T\s]*(上午|下午|AM|PM)?\s*(\d{1,2})[:时点](?:(\d{1,2})分?)?(?::?(\d{1,2})(?:\.\d+)?秒?)?\s*(AM|PM)?)?"
_ORDERS: dict[DateKind, re.Pattern[str]] = {
    "ymd": re.compile(r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?" + _CLOCK, re.IGNORECASE),
    "dmy": re.compile(r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})" + _CLOCK, re.IGNORECASE),
    "mdy": re.compile(r"(?P<m>\d{1,2})[-/.](?P<d>\d{1,2})[-/.](?P<y>\d{4})" + _CLOCK, re.IGNORECASE),
}
_SERIAL = re.compile(r"[1-7]\d{4}(\.\d{1,15})?")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d|\d{8})([T ]|$)")
"""Python would take any sign between date and time, a digit of a longer number as well."""

_END_OF_DAY = re.compile(r"(.*?\d)([T ])24:00(:00)?")

EXCEL_DAY_0 = date(1899, 12, 30)
"""Day 0 of Excel's numbers from March 1900 on (it believes in a 29 February 1900)."""


def moment_of(text: str, kinds: Sequence[DateKind]) -> datetime:
    """Read a time: aware where the text names its zone or offset, else naive, on the local clock.

    Raises:
        ValueError: It is none of these kinds; says what one looks like.
    """
    for kind in kinds:
        try:
            found = _iso(text) if kind == "iso" else _serial(text) if kind == "excel" else _ordered(_ORDERS[kind], text)
        except (ValueError, OverflowError):
            continue
        if found is not None:
            return found
    raise ValueError("is no time; one looks like " + ", or ".join(EXAMPLES[kind] for kind in kinds))


def _iso(text: str) -> datetime:
    if not _ISO.match(text):
        raise ValueError("is no ISO time")
    ends = _END_OF_DAY.fullmatch(text)
    return (
        datetime.fromisoformat(ends[1] + ends[2] + "00:00") + timedelta(days=1)
        if ends
        else datetime.fromisoformat(text)
    )


def _serial(text: str) -> datetime | None:
    """Days since 1899-12-30, the time as a fraction; Excel rounds it, so the nearest second is meant."""
    if not _SERIAL.fullmatch(text):
        return None
    seconds = int((Decimal(text) * 86_400).to_integral_value())
    return datetime.combine(EXCEL_DAY_0, time()) + timedelta(seconds=seconds)


def _ordered(order: re.Pattern[str], text: str) -> datetime | None:
    found = order.fullmatch(text)
    if found is None:
        return None
    half, hour, minute, second, late = found.groups()[-5:]
    hours = _hour(int(hour or 0), (half or late or "").upper())
    clock = timedelta(hours=hours, minutes=int(minute or 0), seconds=int(second or 0))
    if int(minute or 0) > 59 or int(second or 0) > 59 or clock > timedelta(days=1):
        return None
    return datetime(int(found["y"]), int(found["m"]), int(found["d"])) + clock


def _hour(hour: int, half: str) -> int:
    if not half:
        return hour
    if hour > 12:
        return hour if half in ("下午", "PM") else 99
    return hour % 12 + (12 if half in ("下午", "PM") else 0)


class Local(NamedTuple):
    """What a time on the local clock may mean."""

    first: Instant
    second: Instant
    """The same, but for the hour that comes twice."""


def instants(moment: datetime, zone: ZoneInfo) -> Local:
    """Give the instants that a time means: one; two in autumn.

    Raises:
        ValueError: In spring the clock jumped over it.
    """
    if moment.tzinfo is not None:
        at = millis(moment)
        return Local(at, at)
    early, late = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return Local(millis(early), millis(early))
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
        raise ValueError(
            f"does not exist in {zone.key}: clocks were put forward over it; write the hour that was meant, or add the"
            " offset"
        )
    return Local(millis(early), millis(late))


def told_by(before: Instant | None, order: int, local: Local) -> tuple[Instant, bool]:
    """Choose one of two instants by the row before it, and say whether that told it; ``order`` 1 rising, -1 falling, 0
    neither."""
    if local.first == local.second:
        return local.first, True
    if before is not None and order > 0 and before > local.first:
        return local.second, True
    if before is not None and order < 0 and before < local.second:
        return local.first, True
    return (local.second if order < 0 else local.first), False


def order_of(times: Iterable[Instant]) -> int:
    """Whether times rise (1), fall (-1), or neither (0), as with too few to tell."""
    listed = list(times)
    if not listed or listed[0] == listed[-1]:
        return 0
    pairs = list(pairwise(listed))
    if all(a <= b for a, b in pairs):
        return 1
    return -1 if all(a >= b for a, b in pairs) else 0


def millis(moment: datetime) -> Instant:
    """Milliseconds since 1970, in integers."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
