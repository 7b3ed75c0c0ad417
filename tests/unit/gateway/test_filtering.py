"""Tickets by a CEL expression: which are wanted, in which order, page by page; what cannot be used is said with its
place."""

from pathlib import Path
from typing import Any

import pytest

from engine.views.filters import Filter, UnfitFilter
from tests.support.city import HOUR
from tests.support.house import house

ROW = {"id": "east-20260302-1", "home": "east", "urgency": "U2", "text": "lamp broken", "deadline_at": 10 * HOUR}


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ('urgency == "U2"', True),
        ('urgency in ["U1", "U2"] && home == "east"', True),
        ("deadline_at - now < 3600000", False),
        ('text.contains("lamp") && !is_breached', True),
        ("is_breached", False),
        ('person == ""', True),
        ('text.matches("^lamp .*n$")', True),
        ("received_at > 0", False),
    ],
)
def test_what_a_row_lacks_is_nothing(expression: str, holds: bool) -> None:
    """Empty text, false, or zero: nobody needs to ask whether it is there."""
    assert Filter(expression).holds(ROW, HOUR) is holds
    assert Filter("is_breached").holds(ROW, 11 * HOUR)


@pytest.mark.parametrize(
    ("expression", "position", "mend"),
    [
        ('urgency = "U1"', 9, "=="),
        ("urgency ==", 11, "mismatched"),
        ('urgenci == "U1"', 1, "it has urgency"),
        ('home == "x" && reporter == "y"', 16, "a row has no 'reporter'"),
        ('home == "x" && shout(home)', 16, "shout"),
        ("deadline_at + home == 1", 1, "overload"),
        ('text.matches("(")', 1, "regex"),
        ("1 + 1", 1, "true or false"),
        ("(" * 40 + "true" + ")" * 40, None, "brackets"),
        ("true || " * 200 + "true", None, "characters"),
        ("[1].all(x, [1].all(y, x == y))", None, "more than one list"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(expression: str, position: int | None, mend: str) -> None:
    """Counted from 1, with what to write instead."""
    with pytest.raises(UnfitFilter, match=".") as found:
        Filter(expression)
    assert found.value.position == position and mend in str(found.value)


def test_a_row_on_which_it_fails_is_left_out_and_counted() -> None:
    """One whose text is no number does not end the others."""
    wanted = Filter('text != "" && int(text) > 5')
    assert [wanted.holds({"text": text}, 0) for text in ("7", "x", "", "3")] == [True, False, False, False]
    assert wanted.failed == 1


async def test_live_tickets_by_filter_sort_and_page(redis_url: str, tmp_path: Path) -> None:
    """Each their own; a page goes on where it ended, whatever came meanwhile."""
    async with house(redis_url, tmp_path) as (here, client):
        for number, (category, place) in enumerate([("bins", "east1"), ("leak", "east2"), ("wall", "east1")] * 3):
            await here.report(f"A{number}", category=category, home="east", leaf=place, text=f"no {number}")
        south = await here.report("S", home="hill", leaf="hill1", text="south")
        desk, north = here.person("desk:desk-1"), here.person("street:north-street")

        async def asked(who: dict[str, str], **query: Any) -> dict[str, Any]:
            found = await client.get("/v1/tickets", headers=who, params={"live": "true"} | query)
            assert found.status_code == 200, found.text
            told: dict[str, Any] = found.json()
            return told

        every = await asked(desk)
        assert len(every["rows"]) == every["looked_at"] == 10
        assert [row["deadline_at"] for row in every["rows"]] == sorted(row["deadline_at"] for row in every["rows"])
        assert south not in str(await asked(north)) and len((await asked(north))["rows"]) == 9
        leaks = await asked(north, filter='category == "leak" && leaf == "east2"', sort="-id")
        ids = [row["id"] for row in leaks["rows"]]
        assert len(ids) == 3 and ids == sorted(ids, reverse=True) and leaks["looked_at"] == 9
        assert {row["leaf"] for row in (await asked(desk, place="east1"))["rows"]} == {"east1"}
        assert len((await asked(here.key("source", "app")))["rows"]) == 10
        assert (await asked(here.key("source", "ap")))["rows"] == []
        seen, cursor = list[str](), ""
        while True:
            page = await asked(desk, sort="-urgency", limit=3, **({"cursor": cursor} if cursor else {}))
            seen += [row["id"] for row in page["rows"]]
            if not cursor:
                await here.report("late", category="pipe", text="came meanwhile")
            if (cursor := page.get("next", "")) == "":
                break
        by_id = sorted(every["rows"], key=lambda row: row["id"])
        wanted = [row["id"] for row in sorted(by_id, key=lambda row: row["urgency"], reverse=True)]
        assert [one for one in seen if one in wanted] == wanted
        assert len(seen) == len(set(seen)) in (10, 11)


@pytest.mark.parametrize(
    ("query", "field", "position"),
    [
        ({"live": "true", "filter": "urgency = 1"}, "filter", 9),
        ({"live": "true", "sort": "text"}, "sort", None),
        ({"live": "true", "q": "x"}, "q", None),
        ({"live": "true", "cursor": "x"}, "cursor", None),
        ({"live": "true", "cursor": "WyJpZCIsZmFsc2UsInIiLCJ4Il0"}, "cursor", None),
        ({"live": "yes"}, "live", None),
        ({"filter": "text"}, "filter", 1),
        ({"sort": "deadline_at"}, "sort", None),
    ],
)
async def test_what_is_wrong_is_named(
    redis_url: str, tmp_path: Path, query: dict[str, str], field: str, position: int | None
) -> None:
    """422 with field, place and mend."""
    async with house(redis_url, tmp_path) as (here, client):
        found = await client.get("/v1/tickets", headers=here.person("desk:desk-1"), params=query)
        told = found.json()
        assert (found.status_code, told["field"], told.get("position")) == (422, field, position), told
