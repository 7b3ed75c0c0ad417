"""Working days as dated tables: from the calendar libraries into the pack, so that deciding needs neither (DESIGN
6)."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version

import chinese_calendar
import holidays


def working_years(
    country: str, region: str | None, first: int, last: int, worked: Sequence[date] = (), off: Sequence[date] = ()
) -> tuple[dict[str, str], str]:
    """Lay out each year as one character a day, ``1`` worked or ``0`` off; answers the table and the name of its
    source.

    China comes with its swapped working weekends. A year the library does not know is left out: nothing is guessed,
    and a deadline that would need it says ``beyond_horizon``.
    """
    more, less = set(worked), set(off)
    years = {}
    for year in range(first, last + 1):
        try:
            row = _year(country, region, year)
        except NotImplementedError:
            continue
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(len(row))]
        years[str(year)] = "".join(
            "1" if day in more else "0" if day in less else found for day, found in zip(days, row, strict=True)
        )
    library = "chinesecalendar" if country == "CN" else "holidays"
    return years, f"{library}-{country}{'-' + region if region else ''}@{version(library)}"


@cache
def _year(country: str, region: str | None, year: int) -> str:
    days = (date(year, 12, 31) - date(year, 1, 1)).days + 1
    each = [date(year, 1, 1) + timedelta(days=n) for n in range(days)]
    if country == "CN":
        return "".join("1" if chinese_calendar.is_workday(day) else "0" for day in each)
    table = holidays.country_holidays(country, subdiv=region, years=year)
    return "".join("1" if table.is_working_day(day) else "0" for day in each)
