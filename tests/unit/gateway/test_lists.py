"""What became no ticket: listed for who deals with it, without a word of what was sent."""

from pathlib import Path

from engine.stream.contracts import Out
from tests.support.house import eventually, house
from topics.codec import encode
from topics.registry import REJECTED, STATE
from topics.rejected import Rejected
from topics.ticket import HeldCause

CANARY = "13900001111"


async def test_what_was_turned_away_is_listed_with_reason_and_mend(redis_url: str, tmp_path: Path) -> None:
    """The latest first; what merely came before only where it is asked for; records of strangers are passed over."""
    async with house(redis_url, tmp_path) as (here, client):
        for number in range(4):
            reason = "duplicate" if number == 0 else "invalid_field"
            one = Rejected(
                id=f"incidents.raw:0:{number}",
                at=1000 + number,
                reason=reason,
                field="location",
                message="name a grid",
                sealed=CANARY.encode(),
            )
            here.log.append(REJECTED.name, number % 2, encode(one), b"k", ())
        here.log.append(REJECTED.name, 0, b"not ours", b"k", ())
        desk = here.person("desk:desk-1")
        found = await client.get("/v1/rejected", headers=desk)
        assert [one["id"] for one in found.json()["rows"]] == [f"incidents.raw:0:{n}" for n in (3, 2, 1)]
        assert found.json()["rows"][0]["message"] == "name a grid" and CANARY not in found.text
        assert not any(one["sealed"] for one in found.json()["rows"])  # whether it is, never what is
        same = await client.get("/v1/rejected", headers=desk, params={"reason": "duplicate", "limit": 1})
        assert [one["id"] for one in same.json()["rows"]] == ["incidents.raw:0:0"]
        assert (await client.get("/v1/rejected", headers=desk, params={"reason": "x"})).status_code == 422


async def test_what_is_held_is_listed_until_it_is_ended(redis_url: str, tmp_path: Path) -> None:
    """As the partitions' state has it."""
    async with house(redis_url, tmp_path) as (here, client):
        desk = here.person("desk:desk-1")
        assert (await client.get("/v1/held", headers=desk)).json()["rows"] == []
        key = b"h:incidents:1:7"
        await here.write(1, [Out(STATE.name, 1, key, encode(HeldCause(at=5, home="east", size=512)))])
        await eventually(lambda: here.world.tail.held[1])
        (row,) = (await client.get("/v1/held", headers=desk)).json()["rows"]
        assert row.items() >= {"id": "incidents:1:7", "at": 5, "home": "east", "size": 512}.items()
        assert (row["topic"], row["partition"], row["offset"]) == ("incidents", 1, 7)
        await here.write(1, [Out(STATE.name, 1, key, None)])
        await eventually(lambda: not here.world.tail.held[1])
        assert (await client.get("/v1/held", headers=here.person("street:north-street"))).status_code == 404
