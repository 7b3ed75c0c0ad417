"""The board of duty and changes of the roster over HTTP: who is on, when nobody is, and who may change it."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from engine.gateway.duty_board import Board
from rules.law.compiled import Law
from rules.state.duty_roster import Rosters
from tests.support.city import HOUR, REF, at, city_bundle
from tests.support.house import PARTITIONS, eventually, house
from topics.command import Duty
from topics.pack import PackBundle
from topics.ticket import Duties
from topics.vocabulary import Role

DAY = 24 * HOUR


def hours(*pairs: tuple[str, str]) -> PackBundle:
    """The city with these people's hours."""
    known, bundle = dict(pairs), city_bundle()
    roster = tuple(replace(one, on_duty=known.get(one.person, "always")) for one in bundle.roster)
    return replace(bundle, roster=roster)


def gaps(bundle: PackBundle, role: str, changes: tuple[Duty, ...] = ()) -> list[tuple[int, int]]:
    """When nobody of a role is on duty in the day from 08:00 on."""
    rosters = Rosters()
    for one in changes:
        rosters.put(f"{one.role}:{one.person}", Duties((one,)))
    law = Law(REF, bundle)
    board = Board(law, rosters, since=at("08:00"), until=at("08:00", 1))
    lines = board.lines([node.code for node in law.bundle.nodes if node.parent is None], None, is_whole=True)
    found: list[tuple[int, int]] = next(one["gaps"] for one in lines if one["role"] == role)
    return found


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("08:00-20:00", "20:00-08:00", []),
        ("08:00-20:00", "22:30-07:00", [(at("20:00"), at("22:30")), (at("07:00", 1), at("08:00", 1))]),
        ("never", "never", [(at("08:00"), at("08:00", 1))]),
        ("work", "never", [(at("12:00"), at("14:00")), (at("18:00"), at("08:00", 1))]),
        ("00:00-24:00", "never", []),
        ("09:00-09:00", "never", [(at("08:00"), at("08:00", 1))]),
    ],
)
def test_nobody_is_told_where_nobody_is(one: str, other: str, wanted: list[tuple[int, int]]) -> None:
    """Hours over midnight, working time, and hours of no length, as the law reads them moment by moment."""
    bundle = hours(("residents-1", one), ("residents-2", other))
    found = gaps(bundle, "residents")
    assert found == wanted
    law = Law(REF, bundle)
    entries = law.people.in_role("residents")
    for moment in range(at("08:00"), at("08:00", 1), HOUR // 4):
        empty = not any(law.on_duty(entry, moment) for entry in entries)
        assert empty is any(begin <= moment < end for begin, end in found), moment


def test_a_change_that_is_to_come_is_on_the_board() -> None:
    """One is off from noon to six, and nobody else is there; what touches another role changes nothing here."""
    off = [
        Duty(person=f"residents-{n}", role=Role.RESIDENTS, change="off", since=at("12:00"), until=at("18:00"))
        for n in (1, 2)
    ]
    assert gaps(hours(), "residents", tuple(off)) == [(at("12:00"), at("18:00"))]
    assert gaps(hours(), "specialist", tuple(off)) == []


def test_who_is_posted_below_a_home_is_found_by_who_looks_from_below() -> None:
    """Somebody of one grid sees their own people, though the line bears the home's name."""
    bundle = city_bundle()
    roster = tuple(replace(one, nodes=("east1",)) if one.role == "residents" else one for one in bundle.roster)
    board = Board(Law(REF, replace(bundle, roster=roster)), Rosters(), since=at("08:00"), until=at("08:00", 1))
    (line,) = [one for one in board.lines(["east1"], None, is_whole=False) if one["role"] == "residents"]
    assert [one["person"] for one in line["people"]] == ["residents-1", "residents-2"] and not line["nobody_now"]


async def changed(client: httpx.AsyncClient, who: dict[str, str], **given: Any) -> httpx.Response:
    """Somebody changes the roster."""
    return await client.post("/v1/duty", json=given, headers=who)


async def test_a_swap_is_told_to_every_partition_and_shown(redis_url: str, tmp_path: Path) -> None:
    """Chief swaps two; both stand on the board in each other's places; a volunteer is refused with the reason, and of a
    swap with nobody no half is done."""
    async with house(redis_url, tmp_path) as (here, client):
        chief, volunteer = here.person("chief:chief-1"), here.person("residents:residents-1")
        board = (await client.get("/v1/duty", headers=volunteer)).json()
        assert board["lines"] and not board["may_change"] and board["until"] - board["now"] == 7 * DAY
        refused = await changed(client, volunteer, change="off", role="residents", person="residents-2")
        assert (refused.status_code, refused.json()["reason"]) == (409, "role_not_allowed")
        half = await changed(client, chief, change="swap", role="residents", person="residents-1", other="nobody")
        assert (half.status_code, half.json()["reason"]) == (409, "person_unknown")
        assert (await changed(client, chief, change="swap", role="residents", person="a", other="a")).status_code == 422
        for wrong in ({"until": 2**70}, {"since": -1}, {"since": "now"}, {"change": "x"}, {"nodes": 1}, {"x": 1}):
            given = {"change": "off", "role": "residents", "person": "residents-1"} | wrong
            assert (await changed(client, chief, **given)).status_code == 422, wrong
        assert all(not rosters.duties for rosters in here.world.tail.rosters.values())
        until = here.world.now + 8 * HOUR
        done = await changed(
            client, chief, change="swap", role="residents", person="residents-1", other="residents-2", until=until
        )
        assert (done.status_code, done.json()) == (200, {"partitions": PARTITIONS, "lacking": [], "refused": []})
        await eventually(lambda: len(here.world.tail.rosters[0].duties) == 2)
        after = (await client.get("/v1/duty", headers=chief)).json()
        assert {(one["person"], one["instead_of"], one["until"]) for one in after["changes"]} == {
            ("residents-2", "residents-1", until),
            ("residents-1", "residents-2", until),
        }
        assert after["may_change"]
