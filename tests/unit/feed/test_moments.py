"""Times as clerks and spreadsheets write them."""

from datetime import datetime

import pytest

from engine.feed.moments import DateKind, moment_of

ALL: tuple[DateKind, ...] = ("iso", "ymd", "excel")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-05T08:05:00", "2026-03-05T08:05:00"),
        ("2026-03-05 08:05:00+08:00", "2026-03-05T08:05:00+08:00"),
        ("2026/3/5 8:05", "2026-03-05T08:05:00"),
        ("2026/3/5 8:05:09", "2026-03-05T08:05:09"),
        ("2026.3.5", "2026-03-05T00:00:00"),
        ("2026年3月5日", "2026-03-05T00:00:00"),
        ("2026年3月5日8时5分", "2026-03-05T08:05:00"),
        ("2026年3月5日 8时5分7秒", "2026-03-05T08:05:07"),
        ("2026年3月5日 下午3:05", "2026-03-05T15:05:00"),
        ("2026/3/5 12:05 AM", "2026-03-05T00:05:00"),
        ("2026/3/5 24:00", "2026-03-06T00:00:00"),
        ("2026-12-31T24:00:00", "2027-01-01T00:00:00"),
        ("46086", "2026-03-05T00:00:00"),
        ("46086.33680555556", "2026-03-05T08:05:00"),
        ("46086.999999", "2026-03-06T00:00:00"),
    ],
)
def test_a_time_is_read(text: str, meant: str) -> None:
    """In every form that a pack names; Excel's fractions are the nearest second."""
    assert moment_of(text, ALL) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026/13/5",
        "2026/2/30",
        "2026/3/5 25:00",
        "2026/3/5 24:01",
        "2026/3/5 8:61",
        "8:05",
        "9999999",
        "-46086",
        "20260305123",
        "13812345678",
        "2026/3/5 13:00 上午",
        "9999-12-31T24:00",
    ],
)
def test_what_is_no_time_says_how_one_looks(text: str) -> None:
    """Never a guess."""
    with pytest.raises(ValueError, match="one looks like 2026-03-05T08:05:00"):
        moment_of(text, ALL)


def test_day_and_month_stand_as_the_pack_says() -> None:
    """The same text is two days in two countries."""
    assert moment_of("5.3.2026 8:05", ("dmy",)) == datetime(2026, 3, 5, 8, 5)
    assert moment_of("3/5/2026 8:05 PM", ("mdy",)) == datetime(2026, 3, 5, 20, 5)
